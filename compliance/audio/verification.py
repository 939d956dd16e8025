"""Verify one song: from files to evidence.  The verdict is drawn elsewhere."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from compliance.audio.check import CheckedSong, CheckFinding
from compliance.audio.checks import CHECKS
from compliance.audio.decoding import DecodingLimits, UnreadableAudio, decode_files
from compliance.audio.evidence import (
    AlignmentProblem,
    ExcessCurve,
    MatchEvidence,
    MatchKind,
    PlacementEvidence,
    Refusal,
    SongEvidence,
)
from compliance.audio.excess import Excess, measure_excess, smooth_excess
from compliance.audio.fingerprinting import (
    FINGERPRINT_VERSION,
    compute_chromaprint,
    digest_chromaprint,
)
from compliance.audio.index import LandmarkMatch, RecordingIndex
from compliance.audio.landmarks import RATE_HZ as SEARCH_RATE_HZ
from compliance.audio.manifest import Placement
from compliance.audio.measurements import measure_song
from compliance.audio.placement_drift import find_drifts
from compliance.audio.reconstruction import Reconstruction, reconstruct
from compliance.audio.search import MIN_CONFIRMATION_SCORE, search_recordings
from compliance.audio.signal import (
    ANALYSIS_RATE_HZ,
    AudioSignal,
    Samples,
    compute_rms,
    resample,
)
from compliance.audio.spectrum import HALF_BLOCK_S
from compliance.audio.tracks import Lane, Span, TrackRenderer, is_renderable
from compliance.audio.warped_search import search_warped

# Raise with every change that can change evidence or verdicts.
ENGINE_VERSION = "1.6"
# Chromaprint bits that may differ over 10 s.  Source: DEV, the same recording in any codec differs
# in at most 0.034, different recordings in at least 0.2 (stems in a mix) and 0.357 (songs).
MAX_IDENTITY_BIT_ERROR_RATE = 0.12
# Deep and warped search run where the excess over 4 s exceeds this, in dB, and where names do not
# cover this share of it.  Source: DEV, clean lossy songs reach 3.2 dB.
UNEXPLAINED_DB = 3.0
# The same in the eight neighboring bands that hold most: a recording at -18 dB under a loud song may show in a few alone.
# What is found by it must be confirmed, so a clean song that exceeds it loses time and nothing else.
UNEXPLAINED_BAND_DB = 4.0
# In lossless files no codec noise hides the error of the model: so much more is usual, in dB.
# Source: DEV, clean WAV songs reach 12.9 dB.
LOSSLESS_DB = 10.0
MIN_NAMED_SHARE = 0.6
# Nothing needs a deep search that is named with this confirmation already.
MIN_NAME_Z = 9.0
# A recording of another speed is found at its own in short stretches, this far apart; their distances in the recording
# and in the song differ by so much.  Source: the search for changes goes to 8 %, and beats lie further apart.
MIN_CHANGED_DISTANCE_S = 1.0
LEAST_CHANGE, MOST_CHANGE = 0.005, 0.1
# A warped match is looked at from this score on.
MIN_WARPED_SCORE = 12.0
# On the song itself shared one-shots score up to 60, so only what exceeds this is confirmed.
MIN_RAW_CONFIRMATION_SCORE = 60.0
# The side residual is searched when its excess asks for it.  Source: DEV, a recording at -12 dB in
# the side alone shows 3.0 dB and more.
SIDE_EXCESS_DB = 2.0
# A placement is judged by the blocks in which nothing is unexplained, when they hold at least this
# share of its energy.
MIN_CLEAR_SHARE = 0.1
# Placements are moved when that lowers what is left by so much, in dB: stems that share sounds
# correlate in many places.
MIN_DRIFT_GAIN_DB = 1.0
# A match with a declared stem may reach so far beyond its placement, in seconds: times of landmarks are no more exact.
DECLARED_SLACK_S = 0.1
# A track quieter than this over a placement has nothing to find, RMS with full scale 1.0.
SILENT_RMS = 1e-4


def verify_song(
    *,
    song: Path,
    placements: Sequence[Placement],
    stem_files: Mapping[str, Path],
    reference_files: Mapping[str, Path],
    index: RecordingIndex,
    vocal: Path | None,
    limits: DecodingLimits,
) -> SongEvidence:
    """Return what can be measured about a song.

    Parameters
    ----------
    stem_files, reference_files : audio by external id, read only where it is needed; references
        without audio are judged by landmarks alone
    """
    return _Verifier(
        placements=tuple(placements),
        files={"stem": stem_files, "reference": reference_files},
        index=index,
        limits=limits,
    ).verify(song, vocal)


@dataclass(slots=True, kw_only=True)
class _Verifier:
    """State of one verification: decoded sources and timings."""

    placements: tuple[Placement, ...]
    files: Mapping[str, Mapping[str, Path]]  # by kind, then by external id
    index: RecordingIndex
    limits: DecodingLimits
    timings_s: dict[str, float] = field(default_factory=dict)
    stems: dict[str, AudioSignal] = field(default_factory=dict)
    narrow: dict[str, Samples] = field(default_factory=dict)
    chromaprint_sha256: str = ""
    chromaprint: bytes = b""

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        spent_s = time.perf_counter() - start
        self.timings_s[stage] = round(self.timings_s.get(stage, 0.0) + spent_s, 4)

    def verify(self, song_path: Path, vocal_path: Path | None) -> SongEvidence:
        with self.timed("decoding"):
            decoded, unreadable = self._decode(song_path, vocal_path)
        song = decoded[0]
        if isinstance(song, UnreadableAudio):
            return self._refuse(song)
        vocal = decoded[1] if len(decoded) > 1 else None
        vocal_problem = None
        if isinstance(vocal, UnreadableAudio):
            vocal_problem = Refusal(code=vocal.code, text=vocal.text)
            vocal = None
        with self.timed("measurements"):
            measurements = measure_song(song)
        analyzed = song.resampled(ANALYSIS_RATE_HZ)
        narrow_mid = resample(song.mid, from_hz=song.rate_hz, to_hz=SEARCH_RATE_HZ)
        narrow = narrow_mid
        if not song.is_mid_heard:
            narrow = resample(song.mono, from_hz=song.rate_hz, to_hz=SEARCH_RATE_HZ)
        with self.timed("rendering"):
            renderer = TrackRenderer(
                placements=self.placements,
                stems=self.stems,
                vocal=vocal,
                sample_count=len(analyzed.samples),
            )
        matches = [*self._identify(narrow, song.duration_s)]
        reconstruction, excess = None, None
        if renderer.lanes and compute_rms(analyzed.samples):
            with self.timed("reconstruction"):
                reconstruction = reconstruct(analyzed.samples, narrow_mid, renderer)
            with self.timed("codec noise"):
                excess = measure_excess(analyzed, reconstruction)
            if not _find_explained(excess).all():
                with self.timed("drift"):
                    drifts = find_drifts(analyzed.samples, reconstruction, renderer)
                    moved = renderer.moved(drifts)
                    other = reconstruct(analyzed.samples, narrow_mid, moved) if drifts else None
                if other is not None and other.left_db < reconstruction.left_db - MIN_DRIFT_GAIN_DB:
                    renderer, reconstruction = moved, other
                    with self.timed("codec noise"):
                        excess = measure_excess(analyzed, reconstruction)
        matches += self._search(narrow, reconstruction, excess)
        if vocal is not None:
            sung = resample(vocal.mono, from_hz=vocal.rate_hz, to_hz=SEARCH_RATE_HZ)
            matches += self._search_signal(sung, MatchKind.VOCAL)
        source = song.source
        checked = None
        if source is not None:
            checked = CheckedSong(
                duration_s=song.duration_s,
                measurements=measurements,
                source=source,
                expected_duration_s=max((p.song_end_s for p in self.placements), default=0.0),
            )
        return SongEvidence(
            engine_version=ENGINE_VERSION,
            fingerprint_version=FINGERPRINT_VERSION,
            duration_s=round(song.duration_s, 3),
            source=source,
            measurements=measurements,
            findings=_run_checks(checked),
            placements=tuple(
                self._judge_placements(renderer.lanes, reconstruction, excess, unreadable)
            ),
            matches=tuple(matches),
            excess=_describe_excess(excess, codec=source.codec if source else ""),
            delay_s=_describe_delay(reconstruction),
            residual_db=_describe_residual(reconstruction),
            has_vocal=vocal is not None,
            vocal_problem=vocal_problem,
            index_size=self.index.count_keys(),
            chromaprint_sha256=self.chromaprint_sha256,
            chromaprint=self.chromaprint,
            timings_s=dict(self.timings_s),
        )

    def _refuse(self, error: UnreadableAudio) -> SongEvidence:
        return SongEvidence(
            engine_version=ENGINE_VERSION,
            fingerprint_version=FINGERPRINT_VERSION,
            refusal=Refusal(code=error.code, text=error.text),
            timings_s=dict(self.timings_s),
        )

    def _decode(
        self, song: Path, vocal: Path | None
    ) -> tuple[tuple[AudioSignal | UnreadableAudio, ...], dict[str, AlignmentProblem]]:
        """Decode the song, the vocal and every declared stem, all in one child process."""
        problems: dict[str, AlignmentProblem] = {}
        wanted = list(dict.fromkeys(one.stem for one in self.placements if is_renderable(one)))
        stems = {name: path for name in wanted if (path := self.files["stem"].get(name))}
        present = list(stems)
        problems |= dict.fromkeys(set(wanted) - set(present), AlignmentProblem.MISSING_STEM)
        submitted = [song] if vocal is None else [song, vocal]
        paths = [*submitted, *stems.values()]
        decoded = decode_files(paths, limits=self.limits)
        for name, signal in zip(present, decoded[len(submitted) :], strict=True):
            if isinstance(signal, UnreadableAudio):
                problems[name] = AlignmentProblem.UNREADABLE_STEM
            else:
                self.stems[name] = signal
        return decoded[: len(submitted)], problems

    def _identify(self, narrow: Samples, duration_s: float) -> Iterator[MatchEvidence]:
        with self.timed("identity"):
            chromaprint = compute_chromaprint(narrow, rate_hz=SEARCH_RATE_HZ)
            self.chromaprint_sha256 = digest_chromaprint(chromaprint)
            self.chromaprint = chromaprint.astype("<u4").tobytes()
            found = self.index.search_identity(
                chromaprint, max_bit_error_rate=MAX_IDENTITY_BIT_ERROR_RATE
            )
        for match in found:
            yield MatchEvidence(
                kind=MatchKind.IDENTITY,
                key=match.key,
                start_s=match.song_start_s,
                end_s=min(match.song_end_s, round(duration_s, 3)),
                source_start_s=match.source_start_s,
                score=round(1 - match.bit_error_rate, 4),
            )

    def _search(
        self,
        song: Samples,
        reconstruction: Reconstruction | None,
        excess: Excess | None,
    ) -> list[MatchEvidence]:
        matches = self._search_signal(
            song, MatchKind.RAW, min_confirmation_score=MIN_RAW_CONFIRMATION_SCORE
        )
        if reconstruction is None or excess is None:
            return matches
        residual = reconstruction.residual_mid
        matches += self._search_signal(residual, MatchKind.RESIDUAL)
        side_excess = smooth_excess(excess.side_db)
        if side_excess.max() > SIDE_EXCESS_DB:
            matches += self._search_signal(reconstruction.residual_side, MatchKind.SIDE_RESIDUAL)
        unexplained = np.flatnonzero(
            ~_find_explained(excess) | (excess.band_db > _allow_db(excess, UNEXPLAINED_BAND_DB))
        )
        if len(unexplained) and (
            _looks_changed(matches) or not self._has_names(matches, unexplained * excess.step_s)
        ):
            start_s = max(0.0, (int(unexplained[0]) - 2) * excess.step_s)
            end_s = (int(unexplained[-1]) + 4) * excess.step_s
            matches += self._search_deeply(residual, start_s, end_s)
        return matches

    def _has_names(
        self, matches: Sequence[MatchEvidence], unexplained_s: npt.NDArray[np.floating[Any]]
    ) -> bool:
        """Tell whether undeclared recordings already named cover the unexplained times."""
        declared = {f"stem:{one.stem}" for one in self.placements}
        covered = np.zeros(len(unexplained_s), bool)
        for match in matches:
            if match.kind not in {MatchKind.RESIDUAL, MatchKind.SIDE_RESIDUAL}:
                continue
            if match.key not in declared and (match.confirmation_z or 0.0) >= MIN_NAME_Z:
                covered |= (unexplained_s > match.start_s - 3) & (unexplained_s < match.end_s + 1)
        return bool(covered.mean() >= MIN_NAMED_SHARE)

    def _search_deeply(
        self, residual: Samples, start_s: float, end_s: float
    ) -> list[MatchEvidence]:
        """Search the unexplained stretch for weak and for changed recordings."""
        with self.timed("deep search"):
            rate = SEARCH_RATE_HZ
            stretch = residual[int(start_s * rate) : int(end_s * rate)]
            weak = search_recordings(
                stretch,
                index=self.index,
                kind=MatchKind.RESIDUAL,
                read_sources=self._read_narrow,
                is_deep=True,
            )
            found = [match for match in weak if (match.confirmation_z or 0.0) >= MIN_NAME_Z]
            found += search_warped(
                stretch,
                index=self.index,
                read_sources=self._read_narrow,
                min_score=MIN_WARPED_SCORE,
            )
        return [
            replace(
                match,
                start_s=round(match.start_s + start_s, 3),
                end_s=round(match.end_s + start_s, 3),
            )
            for match in found
        ]

    def _search_signal(
        self,
        samples: Samples,
        kind: MatchKind,
        *,
        min_confirmation_score: float = MIN_CONFIRMATION_SCORE,
    ) -> list[MatchEvidence]:
        with self.timed(f"search {kind}"):
            return list(
                search_recordings(
                    samples,
                    index=self.index,
                    kind=kind,
                    read_sources=self._read_narrow,
                    find_declared=self._find_declared,
                    min_confirmation_score=min_confirmation_score,
                )
            )

    def _find_declared(self, match: LandmarkMatch) -> tuple[float, float] | None:
        """Return from where to where the very stem is declared around the match, in seconds; None if nowhere."""
        for one in self.placements:
            starts_in = one.song_start_s - DECLARED_SLACK_S <= match.song_start_s
            ends_in = match.song_end_s <= one.song_end_s + DECLARED_SLACK_S
            if match.key == f"stem:{one.stem}" and starts_in and ends_in:
                return one.song_start_s, one.song_end_s
        return None

    def _find_file(self, key: str) -> Path | None:
        kind, _, name = key.partition(":")
        return self.files[kind].get(name)

    def _read_narrow(self, keys: Collection[str]) -> dict[str, Samples]:
        """Return the audio behind index keys at 11 025 Hz, without those not at hand."""
        signals: dict[str, AudioSignal | UnreadableAudio] = {
            f"stem:{name}": self.stems[name]
            for name in (key.removeprefix("stem:") for key in keys if key not in self.narrow)
            if name in self.stems
        }
        files = {
            key: path
            for key in keys
            if key not in self.narrow | signals and (path := self._find_file(key))
        }
        decoded = decode_files(list(files.values()), limits=self.limits)
        signals |= zip(files, decoded, strict=True)
        for key, signal in signals.items():
            if isinstance(signal, AudioSignal):
                self.narrow[key] = resample(
                    signal.mono, from_hz=signal.rate_hz, to_hz=SEARCH_RATE_HZ
                )
        return {key: self.narrow[key] for key in keys if key in self.narrow}

    def _judge_placements(
        self,
        lanes: Sequence[Lane],
        reconstruction: Reconstruction | None,
        excess: Excess | None,
        unreadable: Mapping[str, AlignmentProblem],
    ) -> Iterator[PlacementEvidence]:
        spans = {
            span.placement: (number, span)
            for number, lane in enumerate(lanes)
            for span in lane.spans
        }
        for number, one in enumerate(self.placements):
            problem: AlignmentProblem | None = unreadable.get(one.stem)
            share, gain_db = None, None
            start_s, end_s = one.song_start_s, one.song_end_s
            if not is_renderable(one):
                problem = AlignmentProblem.NEEDS_VOCODER
            elif number in spans and reconstruction is not None and excess is not None:
                lane, span = spans[number]
                start_s, end_s = span.start / ANALYSIS_RATE_HZ, span.end / ANALYSIS_RATE_HZ
                problem, share, gain_db = _judge_span(
                    reconstruction, lane, span, _find_explained(excess)
                )
            yield PlacementEvidence(
                number=number,
                stem=one.stem,
                start_s=round(start_s, 3),
                end_s=round(end_s, 3),
                share=share,
                gain_db=gain_db,
                problem=problem,
            )


def _looks_changed(matches: Sequence[MatchEvidence]) -> bool:
    """Tell whether a recording is heard in two places that are further apart, or closer, than in the recording."""
    return any(
        one.key == other.key
        and one.kind is other.kind
        and other.start_s - one.start_s >= MIN_CHANGED_DISTANCE_S
        and LEAST_CHANGE
        < abs((other.source_start_s - one.source_start_s) / (other.start_s - one.start_s) - 1)
        < MOST_CHANGE
        for one in matches
        for other in matches
    )


def _find_explained(excess: Excess) -> npt.NDArray[np.bool_]:
    """Tell for every block whether what is declared explains the song around it."""
    curve = np.maximum(excess.mid_db, (excess.mid_db + excess.side_db) / 2)
    is_explained: npt.NDArray[np.bool_] = smooth_excess(curve) <= _allow_db(excess, UNEXPLAINED_DB)
    return is_explained


def _allow_db(excess: Excess, limit_db: float) -> float:
    return limit_db + (LOSSLESS_DB if excess.is_lossless else 0.0)


def _judge_span(
    reconstruction: Reconstruction, lane: int, span: Span, is_explained: npt.NDArray[np.bool_]
) -> tuple[AlignmentProblem | None, float | None, float | None]:
    """Return (problem, share, gain in dB) of one placement.

    Parameters
    ----------
    is_explained : ndarray of bool, shape (blocks,): where nothing undeclared is heard
    """
    start_s, end_s = span.start / ANALYSIS_RATE_HZ, span.end / ANALYSIS_RATE_HZ
    if end_s - start_s < HALF_BLOCK_S / 2:
        return AlignmentProblem.OUTSIDE_SONG, None, None
    if span.rms < SILENT_RMS:
        return AlignmentProblem.SILENT, None, None
    blocks = reconstruction.evidence.shape[1]
    first = min(blocks - 1, max(0, int(start_s / HALF_BLOCK_S)))
    last = min(blocks, max(first + 1, int(np.ceil(end_s / HALF_BLOCK_S)) - 1))
    energy = reconstruction.lane_energy[lane, first:last]
    sounding = energy > 1e-3 * max(float(energy.max()), 1e-12)
    # What a loud hidden recording leaves over says nothing about the stem under it.
    clear = sounding & is_explained[first:last]
    if energy[clear].sum() >= MIN_CLEAR_SHARE * energy[sounding].sum():
        sounding = clear
    explained = float(reconstruction.evidence[lane, first:last][sounding].sum())
    left = sum(
        float(one[first:last][sounding].sum()) for one in reconstruction.residual_energy.values()
    )
    gains = reconstruction.gain_db[lane, first:last][sounding]
    gain_db = round(float(np.nanmedian(gains)), 2) if np.isfinite(gains).any() else None
    return None, round(explained / (left + 1e-9), 4), gain_db


def _run_checks(song: CheckedSong | None) -> tuple[CheckFinding, ...]:
    if song is None:
        return ()
    findings = (check(song) for check in CHECKS)
    return tuple(finding for finding in findings if finding is not None)


def _describe_excess(excess: Excess | None, *, codec: str) -> ExcessCurve | None:
    if excess is None:
        return None
    return ExcessCurve(
        step_s=excess.step_s,
        mid_db=tuple(np.round(smooth_excess(excess.mid_db), 2).tolist()),
        side_db=tuple(np.round(smooth_excess(excess.side_db), 2).tolist()),
        band_db=tuple(np.round(excess.band_db, 2).tolist()),
        codec=codec,
        is_lossless=excess.is_lossless,
        noise_source=excess.noise_source,
    )


def _describe_delay(reconstruction: Reconstruction | None) -> float:
    if reconstruction is None:
        return 0.0
    return round(reconstruction.delay_samples / ANALYSIS_RATE_HZ, 5)


def _describe_residual(reconstruction: Reconstruction | None) -> float | None:
    """Return the energy left of the song, in dB relative to the song."""
    if reconstruction is None:
        return None
    return round(reconstruction.left_db, 2)
