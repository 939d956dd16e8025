"""Songs with ground truth: `python -m tests.corpus.mix --songs 3 --out DIR [--cache DIR]`.

Writes encoded songs and DIR/cases.jsonl, one line per case: id, audio, manifest, vocal, codec,
kind, level_db, violation (source, start_s, end_s, source_start_s) or null, declared, truth.
Every second full recording is an indexed foreign recording ("reference"), the others are "unseen".
"""

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from tqdm import tqdm

from tests.corpus.build import DEFAULT_CACHE
from tests.corpus.rendering import (
    CODECS,
    MASTERINGS,
    RATE_HZ,
    Part,
    encode_song,
    keep_high,
    master_song,
    measure_rms,
    place_part,
    render_parts,
    speak_vocal,
)

# Kind of violation -> levels of the foreign sound relative to the song under it, in dB.
HIDDEN_LEVELS_DB = {
    "undeclared_stem": (-6, -12),
    "reference": (-12, -18, -24),
    "unseen": (-6, -12, -18),
    "short5": (-6,),
    "speed": (-3,),
    "pitch": (-3,),
    "tempo": (-3,),
    "side_only": (-12,),
    "inverted": (-12,),
    "in_vocal": (-6,),
    "in_gaps": (-6,),
    "reversed": (-6,),
    "high_only": (-6,),
    "very_quiet": (-30,),
}
OTHER_KINDS = ("absent", "swapped", "wrong_section", "entire")
KINDS = ("clean", *HIDDEN_LEVELS_DB, *OTHER_KINDS)
CHANGES = (0.92, 0.95, 0.97, 1.03, 1.05, 1.08)

Case = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """The rebuilt corpus: rows by id, and who is who among the full recordings."""

    directory: Path
    stems: dict[str, dict[str, Any]]
    full: dict[str, dict[str, Any]]

    @property
    def references(self) -> list[str]:
        """Return the ids of the indexed foreign recordings."""
        return sorted(self.full)[::2]

    @property
    def unseen(self) -> list[str]:
        """Return the ids of the recordings that no index knows."""
        return sorted(self.full)[1::2]

    def get_path(self, source: str) -> Path:
        """Return the file of a stem or a full recording."""
        row = self.stems.get(source) or self.full[source]
        return self.directory / row["file"]

    def get_piece(self, source: str) -> str:
        """Return the piece a stem or recording belongs to."""
        return str((self.stems.get(source) or self.full[source])["piece"])

    def list_pieces(self) -> dict[str, list[str]]:
        """Return the stems of each piece."""
        pieces: dict[str, list[str]] = {}
        for source in sorted(self.stems):
            pieces.setdefault(self.get_piece(source), []).append(source)
        return pieces


def open_corpus(directory: Path) -> Corpus:
    """Open the corpus that tests.corpus.build wrote."""
    rows = [json.loads(line) for line in (directory / "corpus.jsonl").read_text().splitlines()]
    return Corpus(
        directory=directory,
        stems={row["id"]: row for row in rows if row["kind"] == "stem"},
        full={row["id"]: row for row in rows if row["kind"] == "full"},
    )


@lru_cache(maxsize=24)
def _read(path: Path) -> np.ndarray:
    return sf.read(path, always_2d=True, dtype="float32")[0]


def _find_active_start(samples: np.ndarray, length_s: float, wanted_s: float) -> float:
    """Return the start nearest to the wanted one whose next seconds are mostly audible."""
    levels = np.array(
        [
            measure_rms(samples[n : n + RATE_HZ])
            for n in range(0, max(1, len(samples) - RATE_HZ), RATE_HZ)
        ]
    )
    is_on = levels > 0.1 * max(levels.max(), 1e-6)
    window = int(max(1, min(length_s, len(levels))))
    shares = [is_on[n : n + window].mean() for n in range(max(1, len(levels) - window + 1))]
    good = [n for n, share in enumerate(shares) if share >= 0.8 * max(shares)]
    return float(min(good, key=lambda n: abs(n - wanted_s)))


def _find_heard_span(hidden: np.ndarray) -> dict[str, float]:
    """Return from where to where a hidden part is more than silence (-30 dB of its level)."""
    step = RATE_HZ // 20
    power = np.mean(hidden**2, axis=1)
    power = power[: len(power) // step * step].reshape(-1, step).mean(axis=1)
    heard = np.flatnonzero(power > 1e-3 * power[power > 0].mean())
    return {
        "heard_start_s": round(float(heard[0]) / 20, 2),
        "heard_end_s": round(float(heard[-1] + 1) / 20, 2),
    }


def _keep_difference(hidden: np.ndarray, vocal: np.ndarray) -> np.ndarray:
    mono = hidden.mean(axis=1)
    return np.stack([mono, -mono], axis=1)


def _keep_gaps(hidden: np.ndarray, vocal: np.ndarray) -> np.ndarray:
    """Return what sounds while nobody sings, faded over 50 ms."""
    step = RATE_HZ // 20
    levels = np.abs(vocal).max(axis=1)
    levels = levels[: len(levels) // step * step].reshape(-1, step).max(axis=1)
    is_gap = (levels < 0.02 * levels.max()).astype(np.float32)
    centers = (np.arange(len(is_gap)) + 0.5) * step
    return hidden * np.interp(np.arange(len(hidden)), centers, is_gap)[:, None]


# What an adversary does to a recording so that it is not found.
DISGUISES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "side_only": _keep_difference,
    "inverted": lambda hidden, vocal: hidden * [1, -1],
    "in_gaps": _keep_gaps,
    "high_only": lambda hidden, vocal: keep_high(hidden, above_hz=9_000),
}


class SongMaker:
    """Makes one song after another and its violations."""

    def __init__(self, corpus: Corpus, out: Path, *, seconds: float) -> None:
        """Keep where the sounds are and where the songs go."""
        self.corpus = corpus
        self.out = out
        self.seconds = seconds

    def make_song(
        self, seed: int, *, codecs: Sequence[str], kinds: Sequence[str]
    ) -> Iterator[Case]:
        """Yield the cases of one song: clean in every codec, violations in a random one."""
        rng = random.Random(seed)
        declared = self._compose(rng)
        mastering = rng.choice(sorted(MASTERINGS))
        vocal = speak_vocal(rng, seconds=self.seconds)
        band = self._render(declared)
        sung = vocal[np.abs(vocal).max(1) > 1e-4]
        vocal_gain = measure_rms(band) / max(measure_rms(sung), 1e-6)
        vocal *= vocal_gain * 10 ** (rng.uniform(-2, 3) / 20)
        vocal_path = self.out / f"s{seed:04d}" / "vocal.flac"
        vocal_path.parent.mkdir(parents=True, exist_ok=True)
        sf.write(vocal_path, vocal / max(1.0, np.abs(vocal).max()), RATE_HZ)
        state = _Song(
            seed=seed,
            rng=rng,
            declared=declared,
            mastering=mastering,
            mix=band + vocal,
            vocal=vocal,
            path=vocal_path,
        )
        if "clean" in kinds:
            for codec in codecs:
                yield self._emit(state, "clean", 0, codec=codec, mix=state.mix)
        violation_codecs = [name for name in codecs if name != "wav"] or list(codecs)
        yield from self._make_hidden(state, violation_codecs, kinds)
        yield from self._make_lies(state, violation_codecs, kinds)

    def sing_again(self, seed: int, *, level_db: float, codec: str) -> Path:
        """Return the file of a song with another voice, so loud relative to the band."""
        rng = random.Random(seed)
        band = self._render(self._compose(rng))
        mastering = rng.choice(sorted(MASTERINGS))
        vocal = speak_vocal(random.Random(f"another voice {seed}"), seconds=self.seconds)
        sung = vocal[np.abs(vocal).max(1) > 1e-4]
        vocal *= measure_rms(band) / max(measure_rms(sung), 1e-6) * 10 ** (level_db / 20)
        path = self.out / f"s{seed:04d}" / f"sung_again{level_db:+.0f}_{codec}.{CODECS[codec][1]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        encode_song(master_song(band + vocal, mastering=mastering), path, codec=codec)
        return path

    def _compose(self, rng: random.Random) -> list[Part]:
        pieces = self.corpus.list_pieces()
        home = rng.choice(sorted(name for name, stems in pieces.items() if len(stems) >= 3))
        stems = rng.sample(pieces[home], min(len(pieces[home]), rng.randint(3, 6)))
        if rng.random() < 0.5:
            others = sorted(set(self.corpus.stems) - set(pieces[home]))
            stems = stems[:3] + rng.sample(others, rng.randint(1, 2))
        return [self._place_randomly(rng, stem) for stem in stems]

    def _place_randomly(self, rng: random.Random, stem: str) -> Part:
        duration_s = self.corpus.stems[stem]["seconds"]
        loop_s = round(rng.uniform(4, 12), 3) if rng.random() < 0.4 else None
        wanted_s = rng.uniform(0, max(0, duration_s - 20)) * rng.random()
        start_s = _find_active_start(self._read(stem), loop_s or 20, wanted_s)
        song_start_s = 0.0 if rng.random() < 0.5 else round(rng.uniform(0, 15), 3)
        available_s = 1e9 if loop_s else duration_s - start_s
        return Part(
            source=stem,
            stem_start_s=start_s,
            song_start_s=song_start_s,
            length_s=round(min(self.seconds - song_start_s, available_s), 3),
            gain_db=round(rng.uniform(-7, 0), 1),
            loop_s=loop_s,
            shelves_db=(rng.choice([0, 0, -4, 3]), rng.choice([0, 0, -3, 3])),
        )

    def _read(self, source: str) -> np.ndarray:
        return _read(self.corpus.get_path(source))

    def _render(self, parts: Sequence[Part]) -> np.ndarray:
        sources = {part.source: self._read(part.source) for part in parts}
        return render_parts(parts, sources, seconds=self.seconds)

    def _list_foreign_stems(self, declared: Sequence[Part]) -> list[str]:
        used = {self.corpus.get_piece(part.source) for part in declared}
        return sorted(s for s in self.corpus.stems if self.corpus.get_piece(s) not in used)

    def _make_hidden(
        self, song: "_Song", codecs: Sequence[str], kinds: Sequence[str]
    ) -> Iterator[Case]:
        rng = song.rng
        reference = rng.choice(self.corpus.references)
        picks = {
            "undeclared_stem": rng.choice(self._list_foreign_stems(song.declared)),
            "unseen": rng.choice(self.corpus.unseen),
        }
        start_s = rng.uniform(5, self.seconds / 3)
        length_s = rng.uniform(20, self.seconds - start_s - 2)
        offset_s = rng.uniform(0, 20)
        for kind, levels in HIDDEN_LEVELS_DB.items():
            change = {kind: rng.choice(CHANGES)} if kind in {"speed", "pitch", "tempo"} else {}
            codec = rng.choice(codecs)
            if kind not in kinds:
                continue
            source = picks.get(kind, reference)
            samples = self._read(source)
            if kind == "reversed":
                samples = samples[::-1]
            length = 5.0 if kind == "short5" else length_s
            part = Part(
                source=source,
                stem_start_s=_find_active_start(samples, length, offset_s),
                song_start_s=start_s,
                length_s=length,
                **change,
            )
            hidden = np.zeros_like(song.mix)
            first, last = place_part(hidden, samples, part)
            # Levels are those of the whole recording, before an adversary takes parts of it away.
            loudness = measure_rms(song.mix[first:last]) / max(
                measure_rms(hidden[first:last]), 1e-6
            )
            if kind in DISGUISES:
                hidden = DISGUISES[kind](hidden, song.vocal)
            for level_db in levels:
                gain = loudness * 10 ** (level_db / 20)
                yield self._emit(
                    song,
                    kind,
                    level_db,
                    codec=codec,
                    mix=song.mix + hidden * gain,
                    truth=[*song.declared, replace(part, gain_db=float(20 * np.log10(gain)))],
                    violation={
                        "source": source,
                        "start_s": start_s,
                        "end_s": last / RATE_HZ,
                        "source_start_s": part.stem_start_s,
                        **_find_heard_span(hidden),
                        **change,
                    },
                    vocal=song.vocal + hidden * gain if kind == "in_vocal" else None,
                )

    def _make_lies(
        self, song: "_Song", codecs: Sequence[str], kinds: Sequence[str]
    ) -> Iterator[Case]:
        rng, declared = song.rng, song.declared
        other = rng.choice(self._list_foreign_stems(declared))
        number = rng.randrange(len(declared))
        codec = rng.choice(codecs)
        if "absent" in kinds:
            start_s = _find_active_start(self._read(other), 30, 0)
            extra = Part(
                source=other, stem_start_s=start_s, song_start_s=0.0, length_s=20.0, gain_db=-3.0
            )
            yield self._emit(
                song,
                "absent",
                0,
                codec=codec,
                mix=song.mix,
                declared=[*declared, extra],
                violation={"source": other, "placement": len(declared)},
            )
        told = declared[number]
        if "swapped" in kinds:
            start_s = _find_active_start(self._read(other), told.loop_s or 20, told.stem_start_s)
            played = replace(told, source=other, stem_start_s=start_s)
            yield self._emit_swap(song, "swapped", number, played, codec)
        if "wrong_section" in kinds:
            room_s = self.corpus.stems[told.source]["seconds"] - (told.loop_s or 15.0)
            start_s = (told.stem_start_s + room_s / 2) % max(room_s, 1.0)
            played = replace(told, stem_start_s=round(start_s, 3))
            yield self._emit_swap(song, "wrong_section", number, played, codec)
        if "entire" in kinds:
            source = rng.choice(self.corpus.references)
            samples = self._read(source)[: int(self.seconds * RATE_HZ)]
            violation = {"source": source, "start_s": 0.0, "end_s": len(samples) / RATE_HZ}
            violation["source_start_s"] = 0.0
            yield self._emit(
                song,
                "entire",
                0,
                codec=codec,
                mix=samples,
                truth=[],
                violation=violation,
            )

    def _emit_swap(self, song: "_Song", kind: str, number: int, played: Part, codec: str) -> Case:
        truth = [*song.declared[:number], played, *song.declared[number + 1 :]]
        return self._emit(
            song,
            kind,
            0,
            codec=codec,
            mix=self._render(truth) + song.vocal,
            truth=truth,
            violation={
                "source": played.source,
                "placement": number,
                "start_s": played.song_start_s,
                "end_s": played.song_start_s + played.length_s,
                "source_start_s": played.stem_start_s,
            },
        )

    def _emit(
        self,
        song: "_Song",
        kind: str,
        level_db: int,
        *,
        codec: str,
        mix: np.ndarray,
        declared: Sequence[Part] | None = None,
        truth: Sequence[Part] | None = None,
        violation: dict[str, Any] | None = None,
        vocal: np.ndarray | None = None,
    ) -> Case:
        declared = song.declared if declared is None else declared
        name = f"{kind}{level_db:+d}_{codec}"
        path = song.path.with_name(f"{name}.{CODECS[codec][1]}")
        # Songs are kept, so that another engine is measured with the same ones.
        if not path.exists():
            encode_song(song.master(mix), path, codec=codec)
        vocal_path = song.path
        if vocal is not None:
            vocal_path = path.with_name(f"{name}_vocal.flac")
            sf.write(vocal_path, vocal / max(1.0, np.abs(vocal).max()), RATE_HZ)
        return {
            "id": f"s{song.seed:04d}/{name}",
            "audio": str(path),
            "vocal": str(vocal_path),
            "manifest": {"placements": [part.to_manifest() for part in declared]},
            "kind": kind,
            "level_db": level_db,
            "codec": codec,
            "seed": song.seed,
            "violation": violation,
            "truth": [asdict(part) for part in (declared if truth is None else truth)],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Song:
    seed: int
    rng: random.Random
    declared: list[Part]
    mastering: str
    mix: np.ndarray
    vocal: np.ndarray
    path: Path
    mastered: dict[int, np.ndarray] = field(default_factory=dict)

    def master(self, mix: np.ndarray) -> np.ndarray:
        """Return the finished song; the one without violations is finished once."""
        if mix is not self.mix:
            return master_song(mix, mastering=self.mastering)
        if not self.mastered:
            self.mastered[0] = master_song(mix, mastering=self.mastering)
        return self.mastered[0]


def main(arguments: Iterable[str] | None = None) -> int:
    """Make songs and append their cases to cases.jsonl."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--songs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--codecs", default=",".join(CODECS))
    parser.add_argument("--kinds", default=",".join(KINDS))
    options = parser.parse_args(None if arguments is None else list(arguments))
    options.out.mkdir(parents=True, exist_ok=True)
    maker = SongMaker(open_corpus(options.cache), options.out.resolve(), seconds=options.seconds)
    with (options.out / "cases.jsonl").open("a") as file:
        for seed in tqdm(range(options.seed, options.seed + options.songs), unit="song"):
            for case in maker.make_song(
                seed, codecs=options.codecs.split(","), kinds=options.kinds.split(",")
            ):
                file.write(json.dumps(case) + "\n")
                file.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
