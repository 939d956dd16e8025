"""Find songs distorted by clipping."""

from compliance.audio.check import CheckedSong, CheckFinding, Severity

# Share of samples at full scale, in [0, 1].  Above it the distortion is audible and the
# reconstruction no longer explains the song.  Source: mastered DEV songs stay below 0.0005.
MAX_CLIPPED_SHARE = 0.01


def check_clipping(song: CheckedSong) -> CheckFinding | None:
    """Ask for a review of a song with many clipped samples."""
    share = song.measurements.clipped_share
    if share <= MAX_CLIPPED_SHARE:
        return None
    return CheckFinding(
        code="audio.clipping",
        severity=Severity.REVIEW,
        value=share,
        limit=MAX_CLIPPED_SHARE,
        unit="share of samples",
        text=f"{share:.1%} of the samples are clipped, at most {MAX_CLIPPED_SHARE:.1%} may be",
    )
