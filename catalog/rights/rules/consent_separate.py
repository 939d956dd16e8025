"""Where the contract leaves the voice to the performers, each must have consented for the whole use."""

from catalog.rights.intended_use import IntendedUse
from catalog.rights.need import Need
from catalog.rights.reasons import Mismatch, RightsCode
from catalog.rights.terms import ConsentTerms, GrantTerms, Side


def check_separate_consent(grant: GrantTerms, need: Need) -> Mismatch | None:
    """Refuse a voice while a performer's own consent is missing, ended, revoked or narrower than the use."""
    if need.side != Side.VOICE or not grant.needs_separate_consent:
        return None
    if not need.stem.performers:
        return Mismatch(
            code=RightsCode.CONSENT,
            text=f"{grant.label} needs the performers' consent, and no performer is entered",
        )
    missing = [
        performer
        for performer in need.stem.performers
        if not any(
            consent.performer == performer and _covers(consent, need.intent)
            for consent in need.stem.consents
        )
    ]
    if not missing:
        return None
    return Mismatch(
        code=RightsCode.CONSENT,
        text=f"{grant.label} needs the consent of {', '.join(missing)} to the whole use, and it is not recorded",
    )


def _covers(consent: ConsentTerms, intent: IntendedUse) -> bool:
    until = min(day for day in (consent.ends_on, consent.revoked_on, intent.ends_on) if day)
    return (
        intent.uses <= consent.uses
        and intent.territories <= consent.territories
        and consent.starts_on <= intent.starts_on
        and until >= intent.ends_on
        and consent.campaign in ("", intent.campaign)
    )
