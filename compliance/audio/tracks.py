"""What the manifest says the song is made of: lanes of placements, rendered stretch by stretch."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from compliance.audio.manifest import Placement
from compliance.audio.signal import (
    ANALYSIS_RATE_HZ,
    AudioSignal,
    Samples,
    compute_rms,
    resample,
)

VOCAL_LANE = "vocal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a placement is in the song, in samples at 44.1 kHz: [start, end)."""

    placement: int
    start: int
    end: int
    rms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Placements of one stem that do not overlap: one unknown of the reconstruction."""

    name: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """A source and what of it is heard from `span.start` on; a loop repeats `loop` samples."""

    span: Span
    source: Samples
    begin: int
    loop: int | None


def is_renderable(placement: Placement) -> bool:
    """Tell whether the placement can be rendered exactly: speed and loops yes, vocoders no."""
    return placement.tempo == 1.0 and placement.pitch_cents == 0.0


class TrackRenderer:
    """Renders the declared parts of a song without gain."""

    def __init__(
        self,
        *,
        placements: Sequence[Placement],
        stems: Mapping[str, AudioSignal],
        vocal: AudioSignal | None,
        sample_count: int,
    ) -> None:
        """Plan the lanes of all renderable placements whose stem is given, the vocal last."""
        sources: dict[tuple[str, float], Samples] = {}
        lanes: dict[tuple[str, int], list[_Piece]] = {}
        for number in sorted(range(len(placements)), key=lambda n: placements[n].song_start_s):
            one = placements[number]
            if one.stem not in stems or not is_renderable(one):
                continue
            if (one.stem, one.speed) not in sources:
                sources[one.stem, one.speed] = _prepare(stems[one.stem], one.speed)
            piece = _plan_piece(number, one, sources[one.stem, one.speed], sample_count)
            lane = 0
            while (one.stem, lane) in lanes and lanes[one.stem, lane][
                -1
            ].span.end > piece.span.start:
                lane += 1
            lanes.setdefault((one.stem, lane), []).append(piece)
        if vocal is not None:
            source = _prepare(vocal, 1.0)[:sample_count]
            span = Span(placement=-1, start=0, end=len(source), rms=compute_rms(source))
            lanes[VOCAL_LANE, -1] = [_Piece(span=span, source=source, begin=0, loop=None)]
        self._plan(tuple((name, tuple(pieces)) for (name, _), pieces in lanes.items()))

    def _plan(self, lanes: tuple[tuple[str, tuple[_Piece, ...]], ...]) -> None:
        self._pieces = tuple(pieces for _, pieces in lanes)
        self.lanes = tuple(
            Lane(name=name, spans=tuple(piece.span for piece in pieces)) for name, pieces in lanes
        )

    def moved(self, drifts: Mapping[int, int]) -> "TrackRenderer":
        """Return one that plays placements so many samples later, by their number."""
        other = copy(self)
        other._plan(
            tuple(
                (lane.name, tuple(_move(piece, drifts) for piece in pieces))
                for lane, pieces in zip(self.lanes, self._pieces, strict=True)
            )
        )
        return other

    def render(self, lane: int, begin: int, end: int) -> Samples | None:
        """Return samples [begin, end) of a lane, shape (end - begin, 1 or 2), None for silence."""
        canvas: Samples | None = None
        for piece in self._pieces[lane]:
            first, last = max(begin, piece.span.start), min(end, piece.span.end)
            if last <= first:
                continue
            if canvas is None:
                canvas = np.zeros((end - begin, piece.source.shape[1]), np.float32)
            canvas[first - begin : last - begin] = _read_piece(
                piece, first - piece.span.start, last - first
            )
        return canvas


def _prepare(signal: AudioSignal, speed: float) -> Samples:
    return resample(signal.samples, from_hz=signal.rate_hz * speed, to_hz=ANALYSIS_RATE_HZ)


def _plan_piece(number: int, placement: Placement, source: Samples, sample_count: int) -> _Piece:
    rate = ANALYSIS_RATE_HZ
    begin, length = int(placement.stem_start_s * rate), int(placement.length_s * rate)
    available = max(0, len(source) - begin)
    loop = None
    if placement.loop_s is None:
        length = min(length, available)
        heard = source[begin : begin + length]
    else:
        loop = min(int(placement.loop_s * rate), available)
        length = length if loop else 0
        heard = source[begin : begin + loop]
    start = min(int(placement.song_start_s * rate), sample_count)
    end = min(start + length, sample_count)
    span = Span(placement=number, start=start, end=end, rms=compute_rms(heard))
    return _Piece(span=span, source=source, begin=begin, loop=loop)


def _move(piece: _Piece, drifts: Mapping[int, int]) -> _Piece:
    drift, span = drifts.get(piece.span.placement, 0), piece.span
    return replace(piece, span=replace(span, start=span.start + drift, end=span.end + drift))


def _read_piece(piece: _Piece, offset: int, length: int) -> Samples:
    """Return `length` samples of a piece, from `offset` samples after its start."""
    if piece.loop is None:
        start = piece.begin + offset
        return piece.source[start : start + length]
    loop = piece.source[piece.begin : piece.begin + piece.loop]
    turn = offset % piece.loop
    repeats = (turn + length) // piece.loop + 1
    return np.tile(loop, (repeats, 1))[turn : turn + length]
