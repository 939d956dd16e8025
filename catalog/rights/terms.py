"""The words and values rights are made of: sides, uses, grants, caps, shares, consents, and what is known of a stem.

Periods are half-open, [starts_on, ends_on); `ends_on` None means until further notice. An empty set in a qualifier of a
permission (media, languages, ...) means "any".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

Number = TypeVar("Number", int, float)


class Side(StrEnum):
    """The separate rights in a stem; each needs its own permission."""

    MASTER = "master"
    PUBLISHING = "publishing"
    VOICE = "voice"


class UseType(StrEnum):
    """What may be done with a song made from a stem."""

    AI_OUTPUT_GENERATION = "ai_output_generation"
    MODEL_TRAINING = "model_training"
    PERSONALISED_SONG_STREAM = "personalised_song_stream"
    DOWNLOAD = "download"
    SHARE_SOCIAL_ORGANIC = "share_social_organic"
    PAID_SOCIAL = "paid_social"
    IN_STORE = "in_store"
    BROADCAST = "broadcast"
    EVENT = "event"
    ARCHIVE = "archive"


class Effect(StrEnum):
    """Whether a grant allows or forbids."""

    PERMISSION = "permission"
    PROHIBITION = "prohibition"


class StemState(StrEnum):
    """Where a stem stands; only an active one can be cleared."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


class RightType(StrEnum):
    """What a share is a share of."""

    MASTER = "master"
    PUBLISHING_PERFORMANCE = "publishing_performance"
    PUBLISHING_MECHANICAL = "publishing_mechanical"
    SYNC = "sync"
    NEIGHBOURING_PERFORMER = "neighbouring_performer"
    NEIGHBOURING_PRODUCER = "neighbouring_producer"


class VoiceReplica(StrEnum):
    """Whether a generator may imitate the voice it hears."""

    NO = "no"
    WITH_APPROVAL = "with_approval"
    YES = "yes"


class ApprovalOfUse(StrEnum):
    """Whether the licensor wants to be asked about each use."""

    NONE = "none"
    NOTIFY = "notify"
    PRIOR_WRITTEN = "prior_written"


class CapUnit(StrEnum):
    """What a cap counts."""

    SONG = "song"
    PLAY = "play"
    SECOND = "second"


class CapPeriod(StrEnum):
    """How long a cap counts before it starts again."""

    TOTAL = "total"
    DAY = "day"
    MONTH = "month"
    CAMPAIGN = "campaign"


class CapScope(StrEnum):
    """Whether a cap counts for the whole grant or for each stem by itself."""

    GRANT = "grant"
    STEM = "stem"


# Shares that must be entered and add to 100 before a side can clear. Other right types are held to 100 once any is entered.
REQUIRED_RIGHT_TYPES: Mapping[Side, tuple[RightType, ...]] = {
    Side.MASTER: (RightType.MASTER,),
    Side.PUBLISHING: (RightType.PUBLISHING_PERFORMANCE, RightType.PUBLISHING_MECHANICAL),
    Side.VOICE: (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StemEdit:
    """The strongest change a song makes to a stem."""

    pitch_cents: float = 0.0
    stretch_pct: float = 0.0
    cut: bool = False
    loop: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EditLimits:
    """How far a stem may be changed; None is no limit."""

    max_pitch_cents: int | None = None
    max_stretch_pct: float | None = None
    may_cut: bool = True
    may_loop: bool = True
    may_combine: bool = True

    def find_breaches(self, edit: StemEdit) -> tuple[str, ...]:
        """Return one sentence part for each limit the edit breaks."""
        breaches = []
        if self.max_pitch_cents is not None and abs(edit.pitch_cents) > self.max_pitch_cents:
            breaches.append(
                f"pitch is shifted by {edit.pitch_cents:g} cents, at most {self.max_pitch_cents} are licensed"
            )
        if self.max_stretch_pct is not None and abs(edit.stretch_pct) > self.max_stretch_pct:
            breaches.append(
                f"time is stretched by {edit.stretch_pct:g} %, at most {self.max_stretch_pct:g} % is licensed"
            )
        if edit.cut and not self.may_cut:
            breaches.append("it is cut, and cutting is not licensed")
        if edit.loop and not self.may_loop:
            breaches.append("it is looped, and looping is not licensed")
        return tuple(breaches)

    def narrow(self, other: "EditLimits") -> "EditLimits":
        """Return the limits that hold when both hold."""
        if self == other:
            return self
        return EditLimits(
            max_pitch_cents=_min_known(self.max_pitch_cents, other.max_pitch_cents),
            max_stretch_pct=_min_known(self.max_stretch_pct, other.max_stretch_pct),
            may_cut=self.may_cut and other.may_cut,
            may_loop=self.may_loop and other.may_loop,
            may_combine=self.may_combine and other.may_combine,
        )


def _min_known(one: Number | None, other: Number | None) -> Number | None:
    known = [value for value in (one, other) if value is not None]
    return min(known) if known else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapTerms:
    """A limit on quantity, with what remains of it now."""

    id: int
    unit: CapUnit
    limit: int
    period: CapPeriod
    scope: CapScope = CapScope.GRANT
    blocks: bool = True
    # What remains, by stem for a cap of scope `stem`, under "" otherwise.
    remaining: Mapping[str, int]

    def get_remaining(self, stem: str) -> int:
        """Return what is left for a song that uses this stem."""
        return self.remaining.get(stem if self.scope == CapScope.STEM else "", self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTerms:
    """A permission or prohibition, as the evaluation sees it."""

    id: int
    label: str
    effect: Effect = Effect.PERMISSION
    sides: frozenset[str]
    uses: frozenset[str]
    territories: frozenset[str]
    starts_on: date
    ends_on: date | None = None
    in_force: bool = True
    not_in_force_because: str = ""
    media: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    campaign: str = ""
    brand: str = ""
    product_category: str = ""
    model_versions: frozenset[str] = frozenset()
    voice_replica: VoiceReplica = VoiceReplica.NO
    moral_terms: frozenset[str] = frozenset()
    edit_limits: EditLimits = EditLimits()
    approval_of_use: ApprovalOfUse = ApprovalOfUse.NONE
    approved_campaigns: frozenset[str] = frozenset()  # "" stands for every campaign
    needs_separate_consent: bool = False
    caps: tuple[CapTerms, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareTerms:
    """A percentage of one right, held by one party."""

    right_type: RightType
    party: str
    percent: Decimal
    territories: frozenset[str]
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareSet:
    """The shares of one thing (a work, a recording or a stem) that one side rests on."""

    target: str
    side: Side
    shares: tuple[ShareTerms, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentTerms:
    """A performer's consent to the use of their voice."""

    performer: str
    uses: frozenset[str]
    territories: frozenset[str]
    starts_on: date
    ends_on: date | None = None
    revoked_on: date | None = None
    campaign: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StemFacts:
    """All that is known of a stem and its rights."""

    external_id: str
    state: StemState
    has_voice: bool = False
    grants: tuple[GrantTerms, ...] = ()
    share_sets: tuple[ShareSet, ...] = ()
    performers: tuple[str, ...] = ()
    consents: tuple[ConsentTerms, ...] = field(default=())

    @property
    def required_sides(self) -> tuple[Side, ...]:
        """Return the sides that each need a permission."""
        if self.has_voice:
            return (Side.MASTER, Side.PUBLISHING, Side.VOICE)
        return (Side.MASTER, Side.PUBLISHING)
