"""Find songs that go on after everything that was declared."""

from compliance.audio.check import CheckedSong, CheckFinding, Severity

# Reverb tails and encoder padding may make a song longer than its placements, in seconds.
MAX_SURPLUS_S = 15.0


def check_duration(song: CheckedSong) -> CheckFinding | None:
    """Ask for a review of a song much longer than everything that was declared."""
    surplus_s = song.duration_s - song.expected_duration_s
    if surplus_s <= MAX_SURPLUS_S or not song.expected_duration_s:
        return None
    return CheckFinding(
        code="audio.longer_than_declared",
        severity=Severity.REVIEW,
        value=round(surplus_s, 2),
        limit=MAX_SURPLUS_S,
        unit="s",
        text=f"the song goes on for {surplus_s:.1f} s after the last declared placement",
    )
