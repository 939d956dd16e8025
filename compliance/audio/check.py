"""What every check takes and gives."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from compliance.audio.measurements import SongMeasurements
from compliance.audio.signal import SourceFacts


class Severity(StrEnum):
    """What a finding asks for."""

    REJECT = "reject"
    REVIEW = "review"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSong:
    """The facts that checks look at."""

    duration_s: float
    measurements: SongMeasurements
    source: SourceFacts
    expected_duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFinding:
    """One thing a check found, with the value, the limit and their unit."""

    code: str
    severity: Severity
    value: float
    limit: float
    unit: str
    text: str


Check = Callable[[CheckedSong], CheckFinding | None]
