"""Checks of single facts about a song; a new one is a module and a line in CHECKS."""

from compliance.audio.check import Check
from compliance.audio.checks.bandwidth import check_bandwidth
from compliance.audio.checks.clipping import check_clipping
from compliance.audio.checks.duration import check_duration
from compliance.audio.checks.loudness import check_loudness
from compliance.audio.checks.samples import check_samples
from compliance.audio.checks.silence import check_silence
from compliance.audio.checks.truncation import check_truncation

CHECKS: tuple[Check, ...] = (
    check_bandwidth,
    check_clipping,
    check_duration,
    check_loudness,
    check_samples,
    check_silence,
    check_truncation,
)
