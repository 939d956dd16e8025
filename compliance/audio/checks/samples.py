"""Find files whose samples are not numbers."""

from compliance.audio.check import CheckedSong, CheckFinding, Severity


def check_samples(song: CheckedSong) -> CheckFinding | None:
    """Ask for a review of a file with NaN or infinite samples; they were taken as silence."""
    count = song.source.nonfinite_samples
    if not count:
        return None
    return CheckFinding(
        code="audio.nonfinite",
        severity=Severity.REVIEW,
        value=float(count),
        limit=0.0,
        unit="samples",
        text=f"{count} samples are not finite numbers",
    )
