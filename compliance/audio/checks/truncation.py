"""Find files that are not complete."""

from compliance.audio.check import CheckedSong, CheckFinding, Severity


def check_truncation(song: CheckedSong) -> CheckFinding | None:
    """Ask for a review of a file that breaks off before its own end."""
    if not song.source.is_truncated:
        return None
    return CheckFinding(
        code="audio.truncated",
        severity=Severity.REVIEW,
        value=round(song.duration_s, 2),
        limit=round(song.duration_s, 2),
        unit="s",
        text=f"the file is damaged or cut off after {song.duration_s:.1f} s",
    )
