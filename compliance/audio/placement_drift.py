"""Placements that sound a little earlier or later than declared: found in what is left of the song."""

from collections.abc import Mapping

import numpy as np

from compliance.audio.alignment import correlate_whitened
from compliance.audio.reconstruction import Reconstruction
from compliance.audio.signal import (
    ANALYSIS_RATE_HZ,
    Samples,
    compute_energy,
    mix_channels,
    resample,
)
from compliance.audio.spectrum import NARROW
from compliance.audio.tracks import Span, TrackRenderer

# How far a placement may be from where it is declared, in seconds.
MAX_DRIFT_S = 0.05
# Height of the whitened correlation from which a drift is believed.  Source: DEV, correlation at a
# wrong place reaches 6.2.
MIN_DRIFT_Z = 12.0
# Less than this many samples at 11 025 Hz (1 ms) is the error of the model and no drift.
MIN_DRIFT_SAMPLES = 11
# So much of a placement is compared, and so much of that gives the last samples, in seconds.
COMPARED_S, EXCERPT_S = 12.0, 3.0


def find_drifts(
    samples: Samples, reconstruction: Reconstruction, renderer: TrackRenderer
) -> Mapping[int, int]:
    """Return by how many samples at 44.1 kHz placements are later than declared, by their number.

    Parameters
    ----------
    samples : ndarray of float32, shape (n, 1 or 2), the song at 44.1 kHz
    reconstruction : of the placements where they are declared
    """
    song = mix_channels(samples, 1)
    drifts: dict[int, int] = {}
    for number, lane in enumerate(renderer.lanes):
        for span in lane.spans:
            if span.placement < 0:
                continue
            drift = _find_drift(song, reconstruction, renderer, number, span)
            if drift:
                drifts[span.placement] = drift
    return drifts


def _find_drift(
    song: Samples, reconstruction: Reconstruction, renderer: TrackRenderer, lane: int, span: Span
) -> int:
    rate, delay = ANALYSIS_RATE_HZ, reconstruction.delay_samples
    middle, reach = (span.start + span.end) // 2, int(COMPARED_S * rate / 2)
    begin = max(span.start, middle - reach, -delay)
    end = min(span.end, middle + reach, len(song) - delay)
    if end - begin < rate:
        return 0
    track = renderer.render(lane, begin, end)
    if track is None or not compute_energy(track):
        return 0
    declared = mix_channels(track, 1)
    factor = NARROW.factor
    left = reconstruction.residual_mid[(begin + delay) // factor : (end + delay) // factor]
    if not compute_energy(left):
        return 0
    most = int(MAX_DRIFT_S * rate / factor)
    narrow = resample(declared, from_hz=factor, to_hz=1, quality="LQ")
    peak = correlate_whitened(left, narrow, min_lag=-most, max_lag=most)
    if peak.z < MIN_DRIFT_Z or abs(peak.lag) < MIN_DRIFT_SAMPLES:
        return 0
    # The loudest seconds give the last samples.
    length = min(len(declared), int(EXCERPT_S * rate))
    energy = np.add.reduceat(declared**2, np.arange(0, len(declared), length))
    first = min(int(np.argmax(energy)) * length, len(declared) - length)
    here = song[begin + delay + first : begin + delay + first + length]
    coarse = peak.lag * factor
    return correlate_whitened(
        here,
        declared[first : first + length],
        min_lag=coarse - factor,
        max_lag=coarse + factor,
    ).lag
