"""What a verdict must tell to be drawn; verdicts themselves are made above this package."""

from collections.abc import Sequence
from typing import Protocol

from compliance.audio.evidence import ExcessCurve


class DrawnReason(Protocol):
    """One reason, with what it is about and where."""

    @property
    def code(self) -> str:
        """Return the code."""

    @property
    def text(self) -> str:
        """Return the sentence for people."""

    @property
    def outcome(self) -> str:
        """Return what the reason asks for."""

    @property
    def stem(self) -> str | None:
        """Return the stem it is about."""

    @property
    def reference(self) -> str | None:
        """Return the reference recording it is about."""

    @property
    def start_s(self) -> float | None:
        """Return where it starts in the song."""

    @property
    def end_s(self) -> float | None:
        """Return where it ends in the song."""

    @property
    def source_start_s(self) -> float | None:
        """Return the time in the source that sounds at the start."""

    @property
    def score(self) -> float | None:
        """Return what was measured."""

    @property
    def limit(self) -> float | None:
        """Return the limit it was compared with."""

    @property
    def unit(self) -> str | None:
        """Return the unit of score and limit."""


class DrawnLimits(Protocol):
    """The limits that separate what is drawn."""

    @property
    def absent_share(self) -> float:
        """Return the share below which a placement is absent."""

    @property
    def excess_db(self) -> float:
        """Return the limit of unexplained energy in the mid, in dB."""

    @property
    def side_excess_db(self) -> float:
        """Return the same for the side."""

    @property
    def mean_excess_db(self) -> float:
        """Return the same for the mean of both."""

    @property
    def band_excess_db(self) -> float:
        """Return the same for the neighboring bands that hold most."""

    def get_allowance_db(self, curve: ExcessCurve) -> float:
        """Return by how much these limits are higher for the codec of a song, in dB."""


class DrawnVerdict(Protocol):
    """The outcome and every reason for it."""

    @property
    def outcome(self) -> str:
        """Return the outcome."""

    @property
    def reasons(self) -> Sequence[DrawnReason]:
        """Return the reasons, the gravest first."""

    @property
    def limits(self) -> DrawnLimits:
        """Return the limits it was drawn with."""

    @property
    def version(self) -> int:
        """Return the version of its rules."""
