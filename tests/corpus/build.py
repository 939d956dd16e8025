"""Rebuild the corpus: `python -m tests.corpus.build [--cache DIR] [--small]`.

Result: DIR/stems/<piece>/<stem>.flac, DIR/full/<piece>.flac and DIR/corpus.jsonl, one line per
file: id, kind (stem | full), piece, package, source, instrument, seconds, sha256 (of the 16-bit
PCM), file.  Every finished piece leaves DIR/pieces/<piece>.jsonl, so a second run goes on where
the first one stopped.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from tqdm import tqdm

from tests.corpus.packages import (
    FULL_RECORDINGS,
    SCORES,
    SOUNDFONT_PACKAGE,
    SOUNDFONT_PATH,
    TWO_TRACK_RECORDINGS,
)
from tests.corpus.scores import UnreadableScore, iter_scores, render_score, split_channels
from tests.corpus.unpacking import PackageUnavailable, unpack_package

DEFAULT_CACHE = Path(__file__).resolve().parents[2] / ".cache" / "corpus"
RATE_HZ = 44_100
MAX_STEM_S = 75.0
MAX_FULL_S = 120.0
MIN_STEM_S = 20.0
MIN_FULL_S = 30.0
# Smaller files are sound effects and jingles, in bytes.
MIN_FULL_BYTES = 300_000
# Two-track recordings are cut here, past their quiet openings.
TWO_TRACK_START_S = 30.0
RECORDING_SUFFIXES = {".ogg", ".mp3", ".flac", ".opus"}

Row = dict[str, Any]


def _name_piece(package: str, name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", f"{package}-{name}")


def _store(
    path: Path, samples: np.ndarray, *, cache: Path, min_s: float, **facts: Any
) -> list[Row]:
    peak = float(np.abs(samples).max()) if len(samples) else 0.0
    if len(samples) < min_s * RATE_HZ or peak < 1e-3:
        return []
    pcm = np.round(samples / peak * 0.7 * 32767).astype("<i2")
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, pcm, RATE_HZ, subtype="PCM_16")
    return [
        {
            **facts,
            "file": str(path.relative_to(cache)),
            "seconds": round(len(samples) / RATE_HZ, 2),
            "sha256": hashlib.sha256(pcm.tobytes()).hexdigest(),
        }
    ]


def _decode(path: Path, max_s: float) -> np.ndarray:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path), "-t", str(max_s)]
    command += ["-ac", "2", "-ar", str(RATE_HZ), "-f", "s16le", "-"]
    raw = subprocess.run(command, capture_output=True, check=False).stdout
    # A damaged recording gives what can be decoded of it, perhaps nothing.
    usable = raw[: len(raw) // 4 * 4]
    return np.frombuffer(usable, "<i2").reshape(-1, 2).astype(np.float32) / 32768


class Builder:
    """Builds pieces one at a time and remembers the finished ones."""

    def __init__(self, cache: Path, *, small: bool) -> None:
        """Keep where to build and whether only the small part is wanted."""
        self.cache = cache
        self.small = small
        (cache / "pieces").mkdir(parents=True, exist_ok=True)

    def build(self) -> list[Row]:
        """Build everything and write corpus.jsonl; return its rows."""
        jobs = [
            (SCORES, self._score_jobs),
            (FULL_RECORDINGS, self._full_jobs),
            (TWO_TRACK_RECORDINGS, self._two_track_jobs),
        ]
        for sources, list_jobs in jobs:
            for source in sources:
                limit = source.small_pieces if self.small else None
                if limit == 0:
                    continue
                try:
                    directory = unpack_package(source.package, cache=self.cache)
                except PackageUnavailable as error:
                    tqdm.write(f"left out: {error}", file=sys.stderr)
                    continue
                pieces = list(list_jobs(source.package, directory))
                self._run(source.package, pieces, limit)
        return self._write_list()

    def _run(self, package: str, pieces: list[tuple[str, Any]], limit: int | None) -> None:
        made = 0
        for piece, make in tqdm(pieces, desc=package, unit="piece", disable=None):
            if limit is not None and made >= limit:
                break
            record = self.cache / "pieces" / f"{piece}.jsonl"
            if not record.exists():
                rows: list[Row] = make()
                partial = record.with_suffix(".partial")
                partial.write_text("".join(json.dumps(r, sort_keys=True) + "\n" for r in rows))
                partial.rename(record)
            made += record.stat().st_size > 0

    def _write_list(self) -> list[Row]:
        lines = [
            line
            for record in sorted((self.cache / "pieces").glob("*.jsonl"))
            for line in record.read_text().splitlines()
        ]
        partial = self.cache / "corpus.partial"
        partial.write_text("".join(line + "\n" for line in lines))
        partial.rename(self.cache / "corpus.jsonl")
        return [json.loads(line) for line in lines]

    def _soundfont(self) -> Path:
        installed = Path("/") / SOUNDFONT_PATH
        if installed.exists():
            return installed
        return unpack_package(SOUNDFONT_PACKAGE, cache=self.cache) / SOUNDFONT_PATH

    def _score_jobs(self, package: str, directory: Path) -> Iterator[tuple[str, Any]]:
        seen: set[str] = set()
        for name, data in iter_scores(directory):
            digest = hashlib.sha256(data).hexdigest()
            if digest in seen:
                continue
            seen.add(digest)
            piece = _name_piece(package, name)
            yield piece, lambda p=piece, n=name, d=data: self._build_score(package, p, n, d)

    def _build_score(self, package: str, piece: str, name: str, data: bytes) -> list[Row]:
        rows: list[Row] = []
        with tempfile.TemporaryDirectory() as temporary:
            directory = Path(temporary)
            try:
                channels = split_channels(data, directory=directory, max_seconds=MAX_STEM_S)
            except UnreadableScore as error:
                tqdm.write(f"left out: {piece}: {error}", file=sys.stderr)
                return []
            if len(channels) < 2:
                return []
            for one in channels:
                wav = directory / f"{one.channel}.wav"
                if not render_score(
                    one.path, soundfont=self._soundfont(), wav=wav, rate_hz=RATE_HZ
                ):
                    continue
                samples, _ = sf.read(wav, always_2d=True)
                rows += _store(
                    self.cache / "stems" / piece / f"ch{one.channel:02d}_{one.instrument}.flac",
                    samples[: int((MAX_STEM_S + 2) * RATE_HZ)],
                    cache=self.cache,
                    min_s=MIN_STEM_S,
                    kind="stem",
                    id=f"{piece}/ch{one.channel:02d}",
                    piece=piece,
                    package=package,
                    source=name,
                    instrument=one.instrument,
                )
        return rows

    def _two_track_jobs(self, package: str, directory: Path) -> Iterator[tuple[str, Any]]:
        for guitar in sorted(directory.rglob("guitar.ogg")):
            piece = _name_piece(package, guitar.parent.name)
            yield piece, lambda p=piece, g=guitar: self._build_two_tracks(package, p, g)

    def _build_two_tracks(self, package: str, piece: str, guitar: Path) -> list[Row]:
        rows: list[Row] = []
        for part in ("guitar", "song"):
            samples = _decode(guitar.with_name(f"{part}.ogg"), TWO_TRACK_START_S + MAX_STEM_S)
            if len(samples) >= (TWO_TRACK_START_S + MAX_STEM_S) * RATE_HZ:
                samples = samples[int(TWO_TRACK_START_S * RATE_HZ) :]
            rows += _store(
                self.cache / "stems" / piece / f"{part}.flac",
                samples[: int(MAX_STEM_S * RATE_HZ)],
                cache=self.cache,
                min_s=MIN_STEM_S,
                kind="stem",
                id=f"{piece}/{part}",
                piece=piece,
                package=package,
                source=guitar.parent.name,
                instrument=part,
            )
        return rows

    def _full_jobs(self, package: str, directory: Path) -> Iterator[tuple[str, Any]]:
        for path in sorted(directory.rglob("*")):
            if path.suffix.lower() not in RECORDING_SUFFIXES or not path.is_file():
                continue
            if path.stat().st_size < MIN_FULL_BYTES:
                continue
            piece = _name_piece(package, path.stem)
            yield piece, lambda p=piece, f=path: self._build_full(package, p, f)

    def _build_full(self, package: str, piece: str, path: Path) -> list[Row]:
        return _store(
            self.cache / "full" / f"{piece}.flac",
            _decode(path, MAX_FULL_S),
            cache=self.cache,
            min_s=MIN_FULL_S,
            kind="full",
            id=piece,
            piece=piece,
            package=package,
            source=path.name,
            instrument="",
        )


def main(arguments: Iterable[str] | None = None) -> int:
    """Build the corpus and say what it holds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where to build")
    parser.add_argument("--small", action="store_true", help="a few pieces, about two minutes")
    options = parser.parse_args(None if arguments is None else list(arguments))
    rows = Builder(options.cache.resolve(), small=options.small).build()
    stems = [row for row in rows if row["kind"] == "stem"]
    full = [row for row in rows if row["kind"] == "full"]
    hours = sum(row["seconds"] for row in rows) / 3600
    print(f"{len(stems)} stems of {len({r['piece'] for r in stems})} pieces, ", end="")
    print(f"{len(full)} full recordings, {hours:.1f} h in {options.cache}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
