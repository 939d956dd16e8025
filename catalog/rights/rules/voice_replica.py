"""Imitating a voice needs a permission of its own."""

from catalog.rights.need import Need
from catalog.rights.reasons import Mismatch, RightsCode
from catalog.rights.terms import GrantTerms, Side, VoiceReplica


def check_voice_replica(grant: GrantTerms, need: Need) -> Mismatch | None:
    """Refuse a replica of the voice unless the grant allows it, with an approval where it asks for one."""
    if need.side != Side.VOICE or not need.intent.replicates_voice:
        return None
    if grant.voice_replica == VoiceReplica.YES:
        return None
    if grant.voice_replica == VoiceReplica.WITH_APPROVAL:
        if grant.approved_campaigns & {"", need.intent.campaign}:
            return None
        return Mismatch(
            code=RightsCode.APPROVAL_PENDING,
            text=f"{grant.label} allows a replica of the voice with approval, and none is recorded",
        )
    return Mismatch(
        code=RightsCode.VOICE_REPLICA, text=f"{grant.label} does not allow a replica of the voice"
    )
