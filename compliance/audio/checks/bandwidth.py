"""Find songs that end too low to be compared."""

from compliance.audio.check import CheckedSong, CheckFinding, Severity

# Below this the song holds too little of the range in which recordings are told apart, in Hz.
MIN_BANDWIDTH_HZ = 3_000.0


def check_bandwidth(song: CheckedSong) -> CheckFinding | None:
    """Ask for a review of a song without high frequencies."""
    bandwidth = song.measurements.bandwidth_hz
    if bandwidth >= MIN_BANDWIDTH_HZ or song.measurements.loudness_lufs is None:
        return None
    return CheckFinding(
        code="audio.narrow_band",
        severity=Severity.REVIEW,
        value=bandwidth,
        limit=MIN_BANDWIDTH_HZ,
        unit="Hz",
        text=f"the song ends at {bandwidth:.0f} Hz, expected at least {MIN_BANDWIDTH_HZ:.0f} Hz",
    )
