"""Find songs too quiet to be judged."""

from compliance.audio.check import CheckedSong, CheckFinding, Severity

# Integrated loudness in LUFS; streaming masters lie between -20 and -8.
MIN_LOUDNESS_LUFS = -45.0


def check_loudness(song: CheckedSong) -> CheckFinding | None:
    """Ask for a review of a song too quiet for the codec noise to be told from content."""
    loudness = song.measurements.loudness_lufs
    if loudness is None or loudness >= MIN_LOUDNESS_LUFS:
        return None
    return CheckFinding(
        code="audio.too_quiet",
        severity=Severity.REVIEW,
        value=loudness,
        limit=MIN_LOUDNESS_LUFS,
        unit="LUFS",
        text=f"loudness of {loudness:.1f} LUFS, expected at least {MIN_LOUDNESS_LUFS:g} LUFS",
    )
