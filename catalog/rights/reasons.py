"""Why a stem may not be used: stable codes for programs, sentences for people."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class RightsCode(StrEnum):
    """Every code an evaluation answers with; codes are promises and never change their meaning."""

    UNKNOWN_STEM = "rights.unknown_stem"
    NOT_ACTIVE = "rights.not_active"
    SUSPENDED = "rights.suspended"
    WITHDRAWN = "rights.withdrawn"
    SHARES_INCOMPLETE = "rights.shares_incomplete"
    NO_GRANT = "rights.no_grant"
    PROHIBITED = "rights.prohibited"
    GRANT_NOT_IN_FORCE = "rights.grant_not_in_force"
    USE = "rights.use"
    TERRITORY = "rights.territory"
    TERM = "rights.term"
    EXPIRED = "rights.expired"
    MEDIA = "rights.media"
    LANGUAGE = "rights.language"
    CAMPAIGN = "rights.campaign"
    BRAND = "rights.brand"
    PRODUCT_CATEGORY = "rights.product_category"
    MODEL_VERSION = "rights.model_version"
    VOICE_REPLICA = "rights.voice_replica"
    MORAL = "rights.moral"
    EDIT_LIMIT = "rights.edit_limit"
    COMBINATION = "rights.combination"
    CONSENT = "rights.consent"
    APPROVAL_PENDING = "rights.approval_pending"
    CAP_EXHAUSTED = "rights.cap_exhausted"
    CAP_QUANTITY = "rights.cap_quantity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One term of one stem that fails.

    `territories` empty means everywhere that was asked for; `grant` is the label of the grant that comes closest.
    """

    code: RightsCode
    stem: str
    text: str
    side: str | None = None
    territories: tuple[str, ...] = ()
    grant: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the reason as plain values, as APIs answer and decisions store it."""
        return {
            "code": str(self.code),
            "stem": self.stem,
            "side": self.side,
            "territories": list(self.territories),
            "grant": self.grant,
            "starts_on": self.starts_on.isoformat() if self.starts_on else None,
            "ends_on": self.ends_on.isoformat() if self.ends_on else None,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One term of one grant that does not admit what is needed."""

    code: RightsCode
    text: str
