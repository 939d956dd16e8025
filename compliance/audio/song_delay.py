"""By how much the song is later than its manifest says: encoders add silence in front."""

import numpy as np

from compliance.audio.alignment import find_delay, shift
from compliance.audio.signal import (
    ANALYSIS_RATE_HZ,
    Samples,
    compute_energy,
    mix_channels,
    resample,
)
from compliance.audio.spectrum import NARROW
from compliance.audio.tracks import TrackRenderer

# Encoders delay a song by up to this much, in samples: 136 ms.
MAX_DELAY_SAMPLES = 6000
# The delay is looked for in a stretch of this length (24 s) and refined on its loudest part (3 s).
STRETCH_SAMPLES = 24 * ANALYSIS_RATE_HZ
EXCERPT_SAMPLES = 131_072
# Stretches are compared in steps of this many samples (8 s).
STRETCH_STEP = 8 * ANALYSIS_RATE_HZ


def find_song_delay(samples: Samples, narrow: Samples, renderer: TrackRenderer) -> int:
    """Return the delay in samples at 44.1 kHz.

    Parameters
    ----------
    samples : ndarray of float32, shape (n, 1 or 2), the song at 44.1 kHz
    narrow : ndarray of float32, its mid at 11 025 Hz
    """
    begin = _choose_stretch(renderer, len(samples))
    end = min(len(samples), begin + STRETCH_SAMPLES)
    total = np.zeros(end - begin, np.float32)
    for lane in range(len(renderer.lanes)):
        track = renderer.render(lane, begin, end)
        if track is not None:
            total += mix_channels(track, 1)
    factor = NARROW.factor
    song = narrow[begin // factor : -(-end // factor)]
    if not compute_energy(total) or not compute_energy(song):
        return 0
    declared = resample(total, from_hz=factor, to_hz=1, quality="LQ")
    coarse = factor * find_delay(song, declared, max_lag=MAX_DELAY_SAMPLES // factor)
    # The loudest seconds give the last samples.
    length = min(len(total), EXCERPT_SAMPLES)
    energy = np.add.reduceat(total**2, np.arange(0, len(total), length))
    first = min(int(np.argmax(energy)) * length, len(total) - length)
    here = mix_channels(samples[begin + first : begin + first + length], 1)
    excerpt = shift(total, coarse)[first : first + length]
    return coarse + find_delay(here, excerpt, max_lag=factor)


def _choose_stretch(renderer: TrackRenderer, count: int) -> int:
    """Return where the stretch begins in which most of what is declared sounds."""
    spans = [span for lane in renderer.lanes for span in lane.spans]
    begin = min((span.start for span in spans), default=0)
    starts = range(begin, max(begin + 1, count - STRETCH_SAMPLES), STRETCH_STEP)

    def measure(start: int) -> float:
        common = (min(span.end, start + STRETCH_SAMPLES) - max(span.start, start) for span in spans)
        return sum(max(0, length) * span.rms for length, span in zip(common, spans, strict=True))

    return max(starts, key=measure)
