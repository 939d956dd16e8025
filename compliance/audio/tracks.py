"""What the manifest says the song is made of, rendered: one track per stem, without gain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from compliance.audio.manifest import Placement
from compliance.audio.signal import ANALYSIS_RATE_HZ, AudioSignal, Samples, resample

VOCAL_TRACK = "vocal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One declared part of the song at 44.1 kHz.

    Attributes
    ----------
    name : external id of the stem, or "vocal"
    placements : numbers of the manifest's placements it plays, none of them overlapping
    samples : ndarray of float32, shape (n_frames, 1 or 2)
    spans_s : (start, end) of each placement in the song, in seconds
    """

    name: str
    placements: tuple[int, ...]
    samples: Samples
    spans_s: tuple[tuple[float, float], ...]


def is_renderable(placement: Placement) -> bool:
    """Tell whether the placement can be rendered exactly: speed and loops yes, vocoders no."""
    return placement.tempo == 1.0 and placement.pitch_cents == 0.0


def render_tracks(
    *,
    placements: Sequence[Placement],
    stems: Mapping[str, AudioSignal],
    vocal: AudioSignal | None,
    sample_count: int,
) -> tuple[Track, ...]:
    """Return the tracks of all renderable placements whose stem is given, the vocal last."""
    lanes: dict[tuple[str, int], list[int]] = {}
    for number in sorted(range(len(placements)), key=lambda n: placements[n].song_start_s):
        one = placements[number]
        if one.stem not in stems or not is_renderable(one):
            continue
        lane = 0
        while (one.stem, lane) in lanes and (
            placements[lanes[one.stem, lane][-1]].song_end_s > one.song_start_s
        ):
            lane += 1
        lanes.setdefault((one.stem, lane), []).append(number)
    sources: dict[tuple[str, float], Samples] = {}
    tracks = []
    for (stem, _), numbers in lanes.items():
        canvas = np.zeros((sample_count, stems[stem].samples.shape[1]), np.float32)
        spans = []
        for number in numbers:
            one = placements[number]
            source = sources.setdefault((stem, one.speed), _prepare(stems[stem], one.speed))
            spans.append(_place(canvas, source, one))
        tracks.append(
            Track(name=stem, placements=tuple(numbers), samples=canvas, spans_s=tuple(spans))
        )
    if vocal is not None:
        samples = _prepare(vocal, 1.0)[:sample_count]
        canvas = np.zeros((sample_count, samples.shape[1]), np.float32)
        canvas[: len(samples)] = samples
        end_s = len(samples) / ANALYSIS_RATE_HZ
        tracks.append(
            Track(name=VOCAL_TRACK, placements=(), samples=canvas, spans_s=((0.0, end_s),))
        )
    return tuple(tracks)


def _prepare(signal: AudioSignal, speed: float) -> Samples:
    return resample(signal.samples, from_hz=signal.rate_hz * speed, to_hz=ANALYSIS_RATE_HZ)


def _place(canvas: Samples, source: Samples, placement: Placement) -> tuple[float, float]:
    """Add a placement to the canvas and return the span it fills, in seconds."""
    rate = ANALYSIS_RATE_HZ
    begin = int(placement.stem_start_s * rate)
    length = int(placement.length_s * rate)
    if placement.loop_s is None:
        segment = source[begin : begin + length]
    else:
        loop = source[begin : begin + int(placement.loop_s * rate)]
        repeats = length // len(loop) + 1 if len(loop) else 0
        segment = np.tile(loop, (repeats, 1))[:length]
    start = int(placement.song_start_s * rate)
    segment = segment[: max(0, len(canvas) - start)]
    canvas[start : start + len(segment)] += segment
    return start / rate, (start + len(segment)) / rate
