"""What the audio of recordings says reaches the catalog, and from there the verdict."""

import numpy as np
import pytest
import soundfile
from django.utils import timezone

from catalog.models import Stem, StemTwin
from catalog.queries.audio_sources import list_kin
from catalog.services.ingest import import_references, import_stems
from compliance.audio.landmarks import RATE_HZ
from compliance.models import AudioFingerprint
from compliance.services.index_jobs import enqueue_index_build_if_behind
from compliance.services.indexing import tidy_index, update_index
from compliance.services.ingest_findings import list_uncompared
from tests.compliance.audio.sounds import make_stem

pytestmark = pytest.mark.django_db
SOUNDS = {seed: make_stem(seed, seconds=20).samples[::4] for seed in range(3)}


@pytest.fixture
def add(tmp_path):
    def add_recording(name: str, samples: np.ndarray, *, kind="stem", suffix="wav") -> None:
        soundfile.write(tmp_path / f"{name}.{suffix}", samples, RATE_HZ)
        row = {"external_id": name, "title": name, "artist": "Ann", "file": f"{name}.{suffix}"}
        if kind == "stem":
            report = import_stems(rows=[row | {"role": "keys"}], audio_dir=tmp_path)
        else:
            report = import_references(rows=[row], audio_dir=tmp_path)
        assert not report.errors

    return add_recording


def find_pairs() -> set[tuple[frozenset[str], str]]:
    update_index()
    tidy_index(now=timezone.now())
    return {
        (frozenset({twin.stem.external_id, twin.other.external_id}), twin.kind)
        for twin in StemTwin.objects.all()
    }


def test_the_loudness_of_a_stem_is_entered_once_it_is_fingerprinted(add):
    add("a", SOUNDS[0])
    update_index()
    stem = Stem.objects.get()
    assert -30 < stem.loudness_lufs < -8
    assert -20 < stem.true_peak_db < 3
    louder = SOUNDS[0] * 0.5
    add("a", louder)
    update_index()
    assert Stem.objects.get().loudness_lufs == pytest.approx(stem.loudness_lufs - 6.02, abs=0.1)


@pytest.mark.slow
def test_copies_and_shared_parts_are_found_and_others_are_not(add):
    add("first", SOUNDS[0])
    assert find_pairs() == set()
    add("encoded", SOUNDS[0], suffix="ogg")
    add("half", np.concatenate([SOUNDS[1][: 12 * RATE_HZ], SOUNDS[0][: 8 * RATE_HZ]]))
    add("other", SOUNDS[2])
    assert find_pairs() == {
        (frozenset({"encoded", "first"}), "near_identical"),
        (frozenset({"half", "first"}), "shares_audio"),
        (frozenset({"half", "encoded"}), "shares_audio"),
    }
    kin = list_kin(["stem:first", "stem:other"])
    assert set(kin) == {"stem:first"}
    assert kin["stem:first"].copies == {"stem:encoded"}
    assert kin["stem:first"].sharing == {"stem:half"}
    assert not list_uncompared().exists()


@pytest.mark.slow
def test_a_reference_that_comes_after_its_stem_is_entered_with_the_stem(add):
    add("stem", SOUNDS[0])
    assert find_pairs() == set()
    add("record", SOUNDS[0], kind="reference", suffix="ogg")
    assert find_pairs() == {(frozenset({"stem", "record"}), "near_identical")}
    assert list_kin(["reference:record"])["reference:record"].copies == {"stem:stem"}


def test_what_was_not_compared_yet_is_work_for_the_worker(add):
    add("a", SOUNDS[0])
    now = timezone.now()
    update_index()
    assert enqueue_index_build_if_behind(now=now)
    tidy_index(now=now)
    assert AudioFingerprint.objects.get().compared_at == now
    assert StemTwin.objects.count() == 0
