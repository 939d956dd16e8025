"""A performer who took their consent back is not heard."""

from collections.abc import Iterator

from catalog.rights.intended_use import IntendedUse
from catalog.rights.reasons import Reason, RightsCode
from catalog.rights.terms import Side, StemFacts


def check_consent_revoked(stem: StemFacts, intent: IntendedUse) -> Iterator[Reason]:
    """Refuse a voice whose performer revoked the consent, unless a later consent is live."""
    if not stem.has_voice:
        return
    for consent in stem.consents:
        if consent.revoked_on is None or consent.revoked_on >= intent.ends_on:
            continue
        renewed = any(
            other.performer == consent.performer
            and other.revoked_on is None
            and other.starts_on >= consent.revoked_on
            for other in stem.consents
        )
        if not renewed:
            yield Reason(
                code=RightsCode.CONSENT,
                stem=stem.external_id,
                side=Side.VOICE,
                starts_on=max(consent.revoked_on, intent.starts_on),
                ends_on=intent.ends_on,
                text=(
                    f"{consent.performer} revoked the consent to the voice on {stem.external_id} on "
                    f"{consent.revoked_on}; leave the stem out."
                ),
            )
