"""Everything an evaluation of rights needs, in a number of queries that does not depend on the number of stems."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.db.models import Q

from catalog.models import (
    Cap,
    CapBalance,
    Grant,
    GrantTarget,
    Recording,
    Share,
    Stem,
    UseApproval,
    VoiceConsent,
)
from catalog.models.agreements import STATUSES_ON_RECORD, AgreementStatus, GrantStatus
from catalog.models.caps import OnLimit
from catalog.rights.buckets import make_bucket
from catalog.rights.intended_use import IntendedUse
from catalog.rights.terms import (
    ApprovalOfUse,
    CapPeriod,
    CapScope,
    CapTerms,
    CapUnit,
    ConsentTerms,
    EditLimits,
    Effect,
    GrantTerms,
    RightType,
    ShareSet,
    ShareTerms,
    Side,
    StemFacts,
    StemState,
    VoiceReplica,
)
from catalog.rights.territories import parse_territories

GRANT_COLUMNS = (
    "id",
    "agreement__number",
    "agreement__status",
    "number",
    "effect",
    "status",
    "sides",
    "uses",
    "territory__signed",
    "valid_from",
    "valid_until",
    "media",
    "languages",
    "campaign",
    "brand",
    "product_category",
    "max_pitch_cents",
    "max_stretch_pct",
    "may_cut",
    "may_loop",
    "may_combine",
    "model_versions",
    "voice_replica",
    "moral_terms",
    "approval_of_use",
    "needs_separate_consent",
)
PUBLISHING_RIGHTS = frozenset(
    {RightType.PUBLISHING_PERFORMANCE, RightType.PUBLISHING_MECHANICAL, RightType.SYNC}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _StemRow:
    id: int
    external_id: str
    status: str
    has_voice: bool
    recording_id: int | None


@lru_cache(maxsize=4096)
def expand_signed(signed: str) -> frozenset[str]:
    """Return the countries of a stored expression; it never changes, so it is worked out once."""
    return parse_territories(signed).leaves


def load_stem_facts(
    *, stems: Collection[str], intent: IntendedUse, on: date
) -> dict[str, StemFacts]:
    """Return what is known of each stem that exists, by external id; `on` says which day and month caps count for."""
    rows = [
        _StemRow(id=pk, external_id=name, status=status, has_voice=voice, recording_id=recording)
        for pk, name, status, voice, recording in Stem.objects.filter(
            external_id__in=list(stems)
        ).values_list("id", "external_id", "status", "has_voice", "recording_id")
    ]
    if not rows:
        return {}
    grants = _load_grants(rows, intent=intent, on=on)
    share_sets = _load_share_sets(rows)
    performers, consents = _load_voices(rows)
    return {
        row.external_id: StemFacts(
            external_id=row.external_id,
            state=StemState(row.status),
            has_voice=row.has_voice,
            grants=tuple(grants[row.id]),
            share_sets=tuple(share_sets[row.id]),
            performers=tuple(name for _, name in performers[row.id]),
            consents=tuple(
                consent for party, _ in performers[row.id] for consent in consents[party]
            ),
        )
        for row in rows
    }


def find_cap_ids(*, stems: Collection[str]) -> list[int]:
    """Return the caps of every grant on record that touches one of the stems, in order."""
    rows = list(Stem.objects.filter(external_id__in=list(stems)).values_list("id", "recording_id"))
    targets = GrantTarget.objects.filter(
        Q(stem_id__in=[stem_id for stem_id, _ in rows])
        | Q(recording_id__in=[recording_id for _, recording_id in rows if recording_id])
    )
    caps = Cap.objects.filter(
        grant_id__in=list(targets.values_list("grant_id", flat=True)),
        grant__status__in=STATUSES_ON_RECORD,
    )
    return list(caps.order_by("id").values_list("id", flat=True))


# -- Grants ----------------------------------------------------------------------------------------


def _load_grants(
    rows: Sequence[_StemRow], *, intent: IntendedUse, on: date
) -> Mapping[int, list[GrantTerms]]:
    """Return the grants on record of each stem, by its id, oldest first."""
    by_recording: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        if row.recording_id is not None:
            by_recording[row.recording_id].append(row.id)
    stems_of_grant: dict[int, set[int]] = defaultdict(set)
    targets = GrantTarget.objects.filter(
        Q(stem_id__in=[row.id for row in rows]) | Q(recording_id__in=list(by_recording))
    )
    for grant_id, stem_id, recording_id in targets.values_list(
        "grant_id", "stem_id", "recording_id"
    ):
        stems_of_grant[grant_id].update([stem_id] if stem_id else by_recording[recording_id])
    grants = list(
        Grant.objects.filter(id__in=list(stems_of_grant), status__in=STATUSES_ON_RECORD)
        .order_by("id")
        .values(*GRANT_COLUMNS)
    )
    names = {row.id: row.external_id for row in rows}
    caps = _load_caps(
        {
            grant["id"]: [names[stem_id] for stem_id in stems_of_grant[grant["id"]]]
            for grant in grants
        },
        intent=intent,
        on=on,
    )
    approvals = _load_approvals(grants)
    found: dict[int, list[GrantTerms]] = defaultdict(list)
    for grant in grants:
        terms = _make_grant_terms(grant, caps=caps[grant["id"]], approvals=approvals[grant["id"]])
        for stem_id in stems_of_grant[grant["id"]]:
            found[stem_id].append(terms)
    return found


def _make_grant_terms(
    grant: Mapping[str, Any], *, caps: Sequence[CapTerms], approvals: Iterable[str]
) -> GrantTerms:
    because = ""
    if grant["status"] == GrantStatus.SUSPENDED:
        because = "it is suspended"
    elif grant["agreement__status"] != AgreementStatus.ACTIVE:
        because = f"agreement {grant['agreement__number']} is {grant['agreement__status']}"
    return GrantTerms(
        id=grant["id"],
        label=f"{grant['agreement__number']}/{grant['number']}",
        effect=Effect(grant["effect"]),
        sides=frozenset(grant["sides"]),
        uses=frozenset(grant["uses"]),
        territories=expand_signed(grant["territory__signed"]),
        starts_on=grant["valid_from"],
        ends_on=grant["valid_until"],
        in_force=not because,
        not_in_force_because=because,
        media=frozenset(grant["media"]),
        languages=frozenset(grant["languages"]),
        campaign=grant["campaign"],
        brand=grant["brand"],
        product_category=grant["product_category"],
        model_versions=frozenset(grant["model_versions"]),
        voice_replica=VoiceReplica(grant["voice_replica"]),
        moral_terms=frozenset(grant["moral_terms"]),
        edit_limits=EditLimits(
            max_pitch_cents=grant["max_pitch_cents"],
            max_stretch_pct=grant["max_stretch_pct"],
            may_cut=grant["may_cut"],
            may_loop=grant["may_loop"],
            may_combine=grant["may_combine"],
        ),
        approval_of_use=ApprovalOfUse(grant["approval_of_use"]),
        approved_campaigns=frozenset(approvals),
        needs_separate_consent=grant["needs_separate_consent"],
        caps=tuple(caps),
    )


def _load_approvals(grants: Iterable[Mapping[str, Any]]) -> Mapping[int, list[str]]:
    """Return the campaigns approved under each grant that asks for approval."""
    found: dict[int, list[str]] = defaultdict(list)
    asking = [
        grant["id"]
        for grant in grants
        if grant["approval_of_use"] == ApprovalOfUse.PRIOR_WRITTEN
        or grant["voice_replica"] == VoiceReplica.WITH_APPROVAL
    ]
    if not asking:
        return found
    rows = UseApproval.objects.filter(grant_id__in=asking).order_by()
    for grant_id, campaign in rows.values_list("grant_id", "campaign"):
        found[grant_id].append(campaign)
    return found


def _load_caps(
    stems_of_grant: Mapping[int, Sequence[str]], *, intent: IntendedUse, on: date
) -> Mapping[int, list[CapTerms]]:
    """Return the caps of each grant with what remains of them for each of its stems."""
    caps = list(Cap.objects.filter(grant_id__in=list(stems_of_grant)).order_by("id"))
    buckets: dict[int, dict[str, str]] = {}
    for cap in caps:
        by_stem = cap.scope == CapScope.STEM
        buckets[cap.id] = {
            (stem if by_stem else ""): make_bucket(
                period=cap.period, scope=cap.scope, campaign=intent.campaign, stem=stem, on=on
            )
            for stem in stems_of_grant[cap.grant_id]
        }
    taken = {
        (cap_id, bucket): held + captured
        for cap_id, bucket, held, captured in CapBalance.objects.filter(
            cap_id__in=list(buckets),
            bucket__in={name for by_stem in buckets.values() for name in by_stem.values()},
        ).values_list("cap_id", "bucket", "held", "captured")
    }
    found: dict[int, list[CapTerms]] = defaultdict(list)
    for cap in caps:
        found[cap.grant_id].append(
            CapTerms(
                id=cap.id,
                unit=CapUnit(cap.unit),
                limit=cap.limit,
                period=CapPeriod(cap.period),
                scope=CapScope(cap.scope),
                blocks=cap.on_limit == OnLimit.BLOCK,
                remaining={
                    stem: max(0, cap.limit - taken.get((cap.id, bucket), 0))
                    for stem, bucket in buckets[cap.id].items()
                },
            )
        )
    return found


# -- Shares ----------------------------------------------------------------------------------------


def _load_share_sets(rows: Sequence[_StemRow]) -> Mapping[int, list[ShareSet]]:
    """Return the shares that each stem rests on: its own, else those of its recording and works."""
    recording_ids = {row.recording_id for row in rows if row.recording_id is not None}
    works_of: dict[int, list[int]] = defaultdict(list)
    for recording_id, work_id in Recording.works.through.objects.filter(
        recording_id__in=recording_ids
    ).values_list("recording_id", "work_id"):
        works_of[recording_id].append(work_id)
    work_ids = {work_id for ids in works_of.values() for work_id in ids}
    shares: dict[tuple[str, int], list[ShareTerms]] = defaultdict(list)
    titles: dict[tuple[str, int], str] = {}
    found = Share.objects.filter(
        Q(stem_id__in=[row.id for row in rows])
        | Q(recording_id__in=recording_ids)
        | Q(work_id__in=work_ids)
    )
    for (
        stem_id,
        recording_id,
        work_id,
        right_type,
        party,
        percent,
        signed,
        start,
        end,
        *names,
    ) in found.order_by("id").values_list(
        "stem_id",
        "recording_id",
        "work_id",
        "right_type",
        "party__name",
        "percent",
        "territory__signed",
        "valid_from",
        "valid_until",
        "stem__external_id",
        "recording__title",
        "work__title",
    ):
        if stem_id:
            target = ("stem", stem_id)
        elif recording_id:
            target = ("recording", recording_id)
        else:
            target = ("work", work_id)
        titles[target] = f"{target[0]} {next(name for name in names if name)!r}"
        shares[target].append(
            ShareTerms(
                right_type=RightType(right_type),
                party=party,
                percent=percent,
                territories=expand_signed(signed),
                starts_on=start,
                ends_on=end,
            )
        )
    return {row.id: _choose_share_sets(row, works_of, shares, titles) for row in rows}


def _choose_share_sets(
    row: _StemRow,
    works_of: Mapping[int, list[int]],
    shares: Mapping[tuple[str, int], list[ShareTerms]],
    titles: Mapping[tuple[str, int], str],
) -> list[ShareSet]:
    sets = []
    for side in (Side.MASTER, Side.PUBLISHING):
        targets = [("stem", row.id)]
        if not _pick(shares.get(targets[0], []), side) and row.recording_id is not None:
            targets = [("recording", row.recording_id)]
            if side == Side.PUBLISHING and works_of.get(row.recording_id):
                targets = [("work", work_id) for work_id in works_of[row.recording_id]]
        sets += [
            ShareSet(
                target=titles.get(target, f"{target[0]} of {row.external_id}"),
                side=side,
                shares=_pick(shares.get(target, []), side),
            )
            for target in targets
        ]
    return sets


def _pick(shares: Iterable[ShareTerms], side: Side) -> tuple[ShareTerms, ...]:
    """Return the shares in rights that belong to a side."""
    wants_publishing = side == Side.PUBLISHING
    return tuple(s for s in shares if (s.right_type in PUBLISHING_RIGHTS) == wants_publishing)


# -- Voices ----------------------------------------------------------------------------------------


def _load_voices(
    rows: Sequence[_StemRow],
) -> tuple[Mapping[int, list[tuple[int, str]]], Mapping[int, list[ConsentTerms]]]:
    """Return the performers of each stem with a voice, and the consents of each performer."""
    performers: dict[int, list[tuple[int, str]]] = defaultdict(list)
    consents: dict[int, list[ConsentTerms]] = defaultdict(list)
    voiced = [row.id for row in rows if row.has_voice]
    if not voiced:
        return performers, consents
    for stem_id, party_id, name in (
        Stem.performers.through.objects.filter(stem_id__in=voiced)
        .order_by("party_id")
        .values_list("stem_id", "party_id", "party__name")
    ):
        performers[stem_id].append((party_id, name))
    party_ids = {party_id for people in performers.values() for party_id, _ in people}
    for consent in VoiceConsent.objects.filter(performer_id__in=party_ids).select_related(
        "territory", "performer"
    ):
        consents[consent.performer_id].append(
            ConsentTerms(
                performer=consent.performer.name,
                uses=frozenset(consent.uses),
                territories=expand_signed(consent.territory.signed),
                starts_on=consent.valid_from,
                ends_on=consent.valid_until,
                revoked_on=consent.revoked_on,
                campaign=consent.campaign,
            )
        )
    return performers, consents
