"""How alike encodings of a song are, and songs of the same stems sung by others: `python -m tests.evaluation.repeated_songs`.

The limits of `audio.repeated_song` (compliance.services.earlier_songs) lie between the two.  Each song is made from the corpus
(tests.corpus.build), encoded three times, and sung by another voice, as loud as the first and 6 dB quieter.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import django
from tqdm import tqdm

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()
from compliance.audio.decoding import DecodingLimits, decode_audio  # noqa: E402 - Django first
from compliance.audio.fingerprinting import RecordingFingerprint, fingerprint_recording  # noqa: E402
from compliance.audio.index import RecordingIndex  # noqa: E402
from compliance.audio.segment_building import make_segment  # noqa: E402
from compliance.services.earlier_songs import MAX_BIT_ERROR_RATE, MIN_SAME_SHARE  # noqa: E402
from tests.corpus.build import DEFAULT_CACHE  # noqa: E402
from tests.corpus.mix import SongMaker, open_corpus  # noqa: E402

# The others are compared with the first.
CODECS = ("mp3_128", "ogg_96", "mp3_64")
VOICES_DB = (0.0, -6.0)


def fingerprint_song(path: Path) -> RecordingFingerprint:
    return fingerprint_recording(decode_audio(path, limits=DecodingLimits()))


def compare(song: RecordingFingerprint, other: RecordingFingerprint) -> tuple[float, float]:
    """Return the share of Chromaprint bits that differ, and how much of the song is the same by the limits."""
    index = RecordingIndex([make_segment([("song", other)])], removed_keys=())
    alike = index.search_identity(song.chromaprint, max_bit_error_rate=0.5)
    same = index.search_identity(song.chromaprint, max_bit_error_rate=MAX_BIT_ERROR_RATE)
    return (
        min((match.bit_error_rate for match in alike), default=0.5),
        max((match.same_s for match in same), default=0.0) / song.duration_s,
    )


def iter_pairs(maker: SongMaker, seed: int) -> Iterator[tuple[str, float, float]]:
    """Yield what two songs have in common, the bits that differ and the share that is the same."""
    made = maker.make_song(seed, codecs=CODECS, kinds=("clean",))
    song, *others = (fingerprint_song(Path(case["audio"])) for case in made)
    for codec, other in zip(CODECS[1:], others, strict=True):
        yield f"the same song as {codec}", *compare(song, other)
    for level_db in VOICES_DB:
        path = maker.sing_again(seed, level_db=level_db, codec=CODECS[0])
        yield f"another voice, {level_db:+.0f} dB", *compare(song, fingerprint_song(path))


def main(arguments: Iterable[str] | None = None) -> int:
    """Print a line for each kind of pair."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--cache", type=Path, default=os.environ.get("CORPUS_DIR", DEFAULT_CACHE))
    parser.add_argument("--songs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=2001)
    options = parser.parse_args(None if arguments is None else list(arguments))
    if not (Path(options.cache) / "corpus.jsonl").exists():
        print(f"no corpus in {options.cache}: run `make corpus` first", file=sys.stderr)
        return 2
    found: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as directory:
        maker = SongMaker(open_corpus(Path(options.cache)), Path(directory), seconds=60.0)
        seeds = range(options.seed, options.seed + options.songs)
        for seed in tqdm(seeds, unit="song", disable=None):
            for kind, error_rate, share in iter_pairs(maker, seed):
                found.setdefault(kind, []).append((error_rate, share))
    print(f"limits: {MAX_BIT_ERROR_RATE} of the bits over {MIN_SAME_SHARE:.0%} of the song")
    for kind, pairs in found.items():
        rates, shares = zip(*pairs, strict=True)
        repeated = sum(share >= MIN_SAME_SHARE for share in shares)
        print(
            f"{kind:28} bits that differ {min(rates):.3f} to {max(rates):.3f}, the same {min(shares):4.0%} to"
            f" {max(shares):4.0%}, told as repeated {repeated} of {len(pairs)}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
