"""Find songs in which there is nothing to hear."""

from compliance.audio.check import CheckedSong, CheckFinding, Severity

# Share of the song below -60 dBFS, in [0, 1].
MAX_SILENT_SHARE = 0.95


def check_silence(song: CheckedSong) -> CheckFinding | None:
    """Reject a song that is silent nearly all the time."""
    share = song.measurements.silent_share
    if share <= MAX_SILENT_SHARE:
        return None
    return CheckFinding(
        code="audio.silent",
        severity=Severity.REJECT,
        value=share,
        limit=MAX_SILENT_SHARE,
        unit="share of time",
        text=f"{share:.0%} of the song is silence",
    )
