"""The stored data, one subject a file. Django finds the models through these imports."""

from catalog.models.agreements import Agreement, Grant, GrantTarget, UseApproval
from catalog.models.availability import Availability
from catalog.models.caps import Cap, CapBalance, CapEntry, CapHold
from catalog.models.change_sets import AgreementRead, Change, ChangeSet
from catalog.models.consents import VoiceConsent
from catalog.models.fees import Fee
from catalog.models.music import Recording, Stem, Work
from catalog.models.options import Option
from catalog.models.parties import Party
from catalog.models.references import ReferenceRecording
from catalog.models.shares import Share
from catalog.models.territories import TerritorySet
from catalog.models.twins import StemTwin

__all__ = [
    "Agreement",
    "AgreementRead",
    "Availability",
    "Cap",
    "CapBalance",
    "CapEntry",
    "CapHold",
    "Change",
    "ChangeSet",
    "Fee",
    "Grant",
    "GrantTarget",
    "Option",
    "Party",
    "Recording",
    "ReferenceRecording",
    "Share",
    "Stem",
    "StemTwin",
    "TerritorySet",
    "UseApproval",
    "VoiceConsent",
    "Work",
]
