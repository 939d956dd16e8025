"""Everything that was measured about a song: plain values, ready to be stored as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from compliance.audio.check import CheckFinding
from compliance.audio.measurements import SongMeasurements
from compliance.audio.signal import SourceFacts


class MatchKind(StrEnum):
    """Where a recording was found."""

    IDENTITY = "identity"
    RAW = "raw"
    RESIDUAL = "residual"
    SIDE_RESIDUAL = "side_residual"
    VOCAL = "vocal"
    WARPED = "warped"


class AlignmentProblem(StrEnum):
    """Why a placement could not be checked by subtraction."""

    MISSING_STEM = "missing_stem"
    UNREADABLE_STEM = "unreadable_stem"
    NEEDS_VOCODER = "needs_vocoder"
    SILENT = "silent"
    OUTSIDE_SONG = "outside_song"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why the song could not be analyzed at all."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementEvidence:
    """What the song says about one declared placement.

    Attributes
    ----------
    share : energy the placement explains, relative to what is left unexplained; None if unmeasured
    gain_db : estimated gain in the song, None if unmeasured
    """

    number: int
    stem: str
    start_s: float
    end_s: float
    share: float | None
    gain_db: float | None
    problem: AlignmentProblem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchEvidence:
    """A recording found in the song, in what is left of it, or in the vocal.

    Attributes
    ----------
    key : "stem:<external id>" or "reference:<external id>"
    score : -log10 of the chance probability; for identity 1 - bit error rate
    confirmation_z : height of the whitened correlation, None if the audio is not at hand
    siblings : other recordings found in the same place with a similar score
    pitch_ratio, time_ratio : how the source was changed to sound like this
    """

    kind: MatchKind
    key: str
    start_s: float
    end_s: float
    source_start_s: float
    score: float
    confirmation_z: float | None = None
    siblings: tuple[str, ...] = ()
    pitch_ratio: float = 1.0
    time_ratio: float = 1.0

    @property
    def external_id(self) -> str:
        """Return the id without its kind."""
        return self.key.partition(":")[2]

    @property
    def is_reference(self) -> bool:
        """Tell whether the recording is one that must not be heard."""
        return self.key.startswith("reference:")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcessCurve:
    """Unexplained energy over the song, in dB above what codec and mastering explain.

    Value n is the mean over 4 s around second `n * step_s`, that of `band_db` over 8 s and over the
    eight neighboring bands that hold most.
    """

    step_s: float
    mid_db: tuple[float, ...]
    side_db: tuple[float, ...]
    band_db: tuple[float, ...]
    codec: str
    is_lossless: bool
    noise_source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SongEvidence:
    """All measurements of one verification."""

    engine_version: str
    fingerprint_version: int
    refusal: Refusal | None = None
    duration_s: float = 0.0
    source: SourceFacts | None = None
    measurements: SongMeasurements | None = None
    findings: tuple[CheckFinding, ...] = ()
    placements: tuple[PlacementEvidence, ...] = ()
    matches: tuple[MatchEvidence, ...] = ()
    excess: ExcessCurve | None = None
    delay_s: float = 0.0
    residual_db: float | None = None
    has_vocal: bool = False
    vocal_problem: Refusal | None = None
    index_size: int = 0
    # SHA-256 of the song's Chromaprint (fingerprinting.digest_chromaprint).
    chromaprint_sha256: str = ""
    # The Chromaprint itself, as little-endian uint32: for comparison with other songs, not part of reports.
    chromaprint: bytes = field(default=b"", repr=False)
    timings_s: Mapping[str, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the evidence as values that json.dumps accepts."""
        return {name: value for name, value in asdict(self).items() if name != "chromaprint"}
