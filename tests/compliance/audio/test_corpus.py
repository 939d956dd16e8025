"""Verification on real recordings: needs the corpus that `make corpus` rebuilds."""

import os
from pathlib import Path

import pytest

from compliance.audio.decoding import DecodingLimits, decode_audio
from compliance.audio.fingerprinting import fingerprint_recording
from compliance.audio.index import build_segment, open_index
from compliance.audio.manifest import parse_manifest
from compliance.audio.verification import verify_song
from compliance.verdict import Outcome, decide_verdict
from tests.corpus.build import DEFAULT_CACHE
from tests.corpus.mix import SongMaker, open_corpus

DIRECTORY = Path(os.environ.get("CORPUS_DIR", DEFAULT_CACHE))
SEED = 5
SECONDS = 45.0
KINDS = ("clean", "undeclared_stem", "reference", "unseen", "absent", "swapped", "entire")
# A small catalog is enough here; the bars are measured by `make eval-audio`.
MAX_INDEXED_STEMS = 40
MAX_INDEXED_REFERENCES = 12

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (DIRECTORY / "corpus.jsonl").exists(),
        reason=f"no corpus in {DIRECTORY}: run `make corpus`",
    ),
]


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Return every case of one song with its evidence and verdict, by kind and level."""
    work = tmp_path_factory.mktemp("corpus")
    corpus = open_corpus(DIRECTORY)
    maker = SongMaker(corpus, work, seconds=SECONDS)
    cases = list(maker.make_song(SEED, codecs=("mp3_128",), kinds=KINDS))
    used = {part["source"] for case in cases for part in case["truth"]}
    used |= {row["stem"] for case in cases for row in case["manifest"]["placements"]}
    hidden = {case["violation"]["source"] for case in cases if case["violation"]}
    stems = sorted(used & set(corpus.stems)) + sorted(set(corpus.stems) - used)
    keys = [f"stem:{stem}" for stem in stems[:MAX_INDEXED_STEMS]]
    references = sorted(set(corpus.references), key=lambda name: (name not in hidden, name))
    keys += [f"reference:{name}" for name in references[:MAX_INDEXED_REFERENCES]]
    limits = DecodingLimits()
    build_segment(
        work / "segment",
        (
            (
                key,
                fingerprint_recording(
                    decode_audio(corpus.get_path(key.partition(":")[2]), limits=limits)
                ),
            )
            for key in keys
        ),
    )
    index = open_index([work / "segment"])
    found = {}
    for case in cases:
        evidence = verify_song(
            song=Path(case["audio"]),
            placements=parse_manifest(case["manifest"]),
            stem_files={stem: corpus.get_path(stem) for stem in corpus.stems},
            reference_files={name: corpus.get_path(name) for name in corpus.references},
            index=index,
            vocal=Path(case["vocal"]),
            limits=limits,
        )
        found[case["kind"], case["level_db"]] = (case, evidence, decide_verdict(evidence))
    return found


def test_a_clean_song_is_approved(reports):
    _, _, verdict = reports["clean", 0]
    assert verdict.outcome is Outcome.APPROVED, verdict.reasons


@pytest.mark.parametrize("level_db", [-12, -18])
def test_a_hidden_foreign_recording_is_named(reports, level_db):
    case, _, verdict = reports["reference", level_db]
    named = [one for one in verdict.reasons if one.reference == case["violation"]["source"]]
    assert verdict.outcome is Outcome.REJECTED
    assert named[0].start_s == pytest.approx(case["violation"]["heard_start_s"], abs=0.5)


def test_an_undeclared_stem_is_named(reports):
    case, _, verdict = reports["undeclared_stem", -6]
    names = {one.stem for one in verdict.reasons}
    names |= {key.partition(":")[2] for one in verdict.reasons for key in one.siblings}
    assert verdict.outcome is Outcome.REJECTED
    assert case["violation"]["source"] in names


def test_a_recording_no_index_knows_is_not_approved(reports):
    _, _, verdict = reports["unseen", -6]
    assert verdict.outcome is not Outcome.APPROVED


@pytest.mark.parametrize("kind", ["absent", "swapped"])
def test_a_declared_stem_that_is_not_heard_is_named(reports, kind):
    case, _, verdict = reports[kind, 0]
    absent = {one.placement for one in verdict.reasons if one.code == "audio.declared_absent"}
    assert verdict.outcome is Outcome.REJECTED
    assert case["violation"]["placement"] in absent


def test_a_whole_foreign_recording_is_identified(reports):
    case, _, verdict = reports["entire", 0]
    identified = {one.reference for one in verdict.reasons if one.code == "audio.identity"}
    assert verdict.outcome is Outcome.REJECTED
    assert identified == {case["violation"]["source"]}
