"""Keep what the rights looked like when a song was approved, and find it again."""

from collections.abc import Mapping
from typing import Any

from catalog.queries.rights_records import describe_grants, describe_stems
from compliance.certificates.certificate import Certificate, read_certificate
from compliance.models import Approval, RightsSnapshot
from compliance.services.signing_keys import load_keys


def keep_rights_snapshot(
    *, approval: Approval, certificate: Certificate, evaluation: Mapping[str, Any] | None
) -> RightsSnapshot:
    """Store the stems and grants that a certificate names, as they are now; call with the approval's transaction."""
    grants_of = {stem.stem: [grant.id for grant in stem.grants] for stem in certificate.stems}
    return RightsSnapshot.objects.create(
        approval=approval,
        stems=[
            stem | {"grants": grants_of[stem["stem"]]} for stem in describe_stems(list(grants_of))
        ],
        grants=describe_grants({grant.id for stem in certificate.stems for grant in stem.grants}),
        evaluation=evaluation,
    )


def get_rights_snapshot(*, approval: Approval) -> RightsSnapshot:
    """Return what was kept with the approval; one from before snapshots were kept gets its own now, dated now."""
    try:
        return approval.rights_snapshot
    except RightsSnapshot.DoesNotExist:
        certificate = read_certificate(token=approval.certificate, keys=load_keys())
        return keep_rights_snapshot(approval=approval, certificate=certificate, evaluation=None)


def get_evaluation(*, approval: Approval) -> Mapping[str, Any]:
    """Return the evaluation of rights that an approval rests on, and that its caps were captured by."""
    kept: Mapping[str, Any] | None = get_rights_snapshot(approval=approval).evaluation
    return approval.submission.clearance.rights if kept is None else kept
