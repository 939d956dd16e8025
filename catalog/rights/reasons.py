"""Why a stem may not be used: stable codes for programs, sentences for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final


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


# What legal staff can do about a reason; generators are told what they can do by the reason's own text.
LEGAL_MENDS: Final[Mapping[str, str]] = {
    RightsCode.UNKNOWN_STEM: "Import the stem if we have it.",
    RightsCode.NOT_ACTIVE: "See on the stem's page what it lacks to be active.",
    RightsCode.SUSPENDED: "Activate the stem again once what it was suspended for is settled.",
    RightsCode.WITHDRAWN: "Nothing: withdrawn is for good.",
    RightsCode.SHARES_INCOMPLETE: "Enter shares that add to 100, or correct the overlap.",
    RightsCode.NO_GRANT: "Enter a grant for this side under its agreement and have it activated.",
    RightsCode.PROHIBITED: "Negotiate the prohibition; ending it takes two people.",
    RightsCode.GRANT_NOT_IN_FORCE: "Lift the suspension (two people), or settle the agreement.",
    RightsCode.USE: "Obtain a grant that names the use.",
    RightsCode.TERRITORY: "Obtain a grant for these territories.",
    RightsCode.TERM: "Obtain a grant for the missing days.",
    RightsCode.EXPIRED: "Renew: obtain a grant that starts where this one ended.",
    RightsCode.MEDIA: "Obtain a grant for the medium.",
    RightsCode.LANGUAGE: "Obtain a grant for the language.",
    RightsCode.CAMPAIGN: "Obtain a grant for the campaign.",
    RightsCode.BRAND: "Obtain a grant for the brand.",
    RightsCode.PRODUCT_CATEGORY: "Obtain a grant for the product category.",
    RightsCode.MODEL_VERSION: "Obtain a grant for the model version: a new version needs a new grant.",
    RightsCode.VOICE_REPLICA: "Obtain a grant that allows a replica of the voice.",
    RightsCode.MORAL: "Nothing: the licensor excludes the theme.",
    RightsCode.EDIT_LIMIT: "Obtain wider edit limits.",
    RightsCode.COMBINATION: "Obtain a grant that allows mixing with other stems.",
    RightsCode.CONSENT: "Enter the performer's written consent.",
    RightsCode.APPROVAL_PENDING: "Enter the licensor's written approval on the page of the grant.",
    RightsCode.CAP_EXHAUSTED: "Propose a higher limit if the licensor agrees to one.",
    RightsCode.CAP_QUANTITY: "Nothing: the generator has to say how much it takes.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One term of one stem that fails.

    `territories` empty means everywhere that was asked for, `uses` empty every use; `grant` is the label of the grant that
    comes closest. The text ends with what the caller can do; what legal staff can do is in `LEGAL_MENDS`.
    """

    code: RightsCode
    stem: str
    text: str
    side: str | None = None
    territories: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
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
            "uses": list(self.uses),
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
