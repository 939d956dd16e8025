"""The index follows the catalog; whatever breaks on the way, what was found before is found, and nothing is lost."""

import datetime as dt
import shutil

import numpy as np
import pytest
import soundfile
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from catalog.models import Stem
from catalog.services.ingest import import_stems
from compliance.audio.fingerprinting import compute_chromaprint
from compliance.audio.landmarks import RATE_HZ
from compliance.audio.segment import InvalidSegment
from compliance.models import AudioFingerprint, Collection, IndexGeneration
from compliance.services import index_publication, indexing, segment_files
from compliance.services.index_publication import publish_fingerprints, remove_unused_segments
from compliance.services.indexing import open_current_index, tidy_index, update_index
from tests.compliance.audio.sounds import make_stem

pytestmark = pytest.mark.django_db
SOUNDS = {
    seed: make_stem(seed, seconds=16).samples[::4, :1].repeat(2, axis=1) for seed in range(12)
}


@pytest.fixture
def add(tmp_path):
    """Import a stem made of a seed; again with another seed, its audio is replaced."""

    def add_stem(name: str, seed: int) -> None:
        soundfile.write(tmp_path / f"{name}.wav", SOUNDS[seed], RATE_HZ)
        row = {
            "external_id": name, "title": name, "artist": "Ann", "role": "keys", "file": f"{name}.wav",
        }  # fmt: skip
        assert not import_stems(rows=[row], audio_dir=tmp_path).errors

    return add_stem


@pytest.fixture
def object_storage(settings):
    backend = {"BACKEND": "tests.object_storage.ObjectStorage"}
    settings.STORAGES = settings.STORAGES | {"default": backend}


def find(seed: int) -> list[str]:
    """Return the keys under which a sound is known."""
    words = compute_chromaprint(SOUNDS[seed][:, 0], rate_hz=RATE_HZ)
    current = open_current_index()
    assert current.n_missing == 0
    return [one.key for one in current.index.search_identity(words, max_bit_error_rate=0.1)]


def test_a_new_stem_is_found_and_a_removed_one_no_more(add):
    add("a", 1)
    assert find(1) == ["stem:a"]
    add("b", 2)
    assert (find(1), find(2)) == (["stem:a"], ["stem:b"])
    Stem.objects.get(external_id="a").delete()
    assert (find(1), find(2)) == ([], ["stem:b"])


def test_replaced_audio_is_found_in_place_of_the_old_and_back_again(add):
    add("a", 1)
    assert find(1) == ["stem:a"]
    add("a", 2)
    assert (find(1), find(2)) == ([], ["stem:a"])
    add("a", 1)
    assert (find(1), find(2)) == (["stem:a"], [])


def test_a_replaced_stem_is_hidden_before_it_is_fingerprinted_anew(add, monkeypatch):
    add("a", 1)
    assert find(1) == ["stem:a"]
    monkeypatch.setattr(indexing, "MAX_CATCH_UP", 0)
    add("a", 2)
    current = open_current_index()
    assert current.n_missing == 1
    assert current.index.list_keys() == ()


@pytest.mark.slow
def test_small_segments_are_merged_and_the_old_ones_removed_later(add):
    for seed in range(5):
        add(f"s{seed}", seed)
        update_index()
    add("s0", 7)
    Stem.objects.get(external_id="s1").delete()
    update_index()
    before = IndexGeneration.objects.first()
    assert len(before.segments) == 6
    now = timezone.now()
    tidy_index(now=now)
    after = IndexGeneration.objects.first()
    assert len(after.segments) == 1
    assert [find(seed) for seed in (0, 1, 2, 4, 7)] == [
        [], [], ["stem:s2"], ["stem:s4"], ["stem:s0"],
    ]  # fmt: skip
    live = AudioFingerprint.objects.filter(segment=after.segments[0])
    assert sorted(live.values_list("key", flat=True)) == [
        "stem:s0",
        "stem:s2",
        "stem:s3",
        "stem:s4",
    ]
    assert remove_unused_segments(now=now) == 0
    add("s9", 9)
    update_index()
    # The two newest generations keep their segments, however old they are.
    assert remove_unused_segments(now=now + dt.timedelta(hours=2)) == 6
    assert (find(2), find(9)) == (["stem:s2"], ["stem:s9"])


def test_large_segments_are_left_alone():
    count = index_publication._count_mergeable
    assert count([1000], [1000]) == 1
    assert count([1000, 100], [1000, 100]) == 1
    assert count([1000, 100, 20], [1000, 100, 20]) == 2
    assert count([900, 100, 20], [900, 100, 20]) == 3
    assert count([100_000, 9, 1, 1], [100_000, 9, 1, 1]) == 3
    assert count([200_000, 100_000], [200_000, 100_000]) == 1  # more items than a segment may have


class Crash(BaseException):
    """The process is gone."""


def crash(*args, **kwargs):
    raise Crash


@pytest.mark.slow
@pytest.mark.parametrize(
    "step",
    [
        "compliance.services.indexing.fingerprint_recording",
        "compliance.services.index_publication.build_segment",
        "compliance.audio.segment_building._SegmentWriter.finish",
        "compliance.services.index_publication.publish_segment",
        "compliance.services.index_publication._add_generation",
    ],
)
def test_a_crash_while_building_loses_nothing(add, monkeypatch, step):
    add("a", 1)
    assert find(1) == ["stem:a"]
    add("b", 2)
    with monkeypatch.context() as broken:
        broken.setattr(step, crash)
        with pytest.raises(Crash):
            update_index()
    assert indexing._open(IndexGeneration.objects.first()).index.list_keys() == ("stem:a",)
    assert (find(1), find(2)) == (["stem:a"], ["stem:b"])
    remove_unused_segments(now=timezone.now() + dt.timedelta(hours=2))
    assert (find(1), find(2)) == (["stem:a"], ["stem:b"])


@pytest.mark.slow
@pytest.mark.parametrize("step", ["merge_segments", "publish_segment", "_add_generation"])
def test_a_crash_while_merging_loses_nothing(add, monkeypatch, step):
    for seed in range(3):
        add(f"s{seed}", seed)
        update_index()
    with monkeypatch.context() as broken:
        broken.setattr(index_publication, step, crash)
        with pytest.raises(Crash):
            tidy_index(now=timezone.now())
    assert [find(seed) for seed in range(3)] == [["stem:s0"], ["stem:s1"], ["stem:s2"]]
    tidy_index(now=timezone.now())
    assert len(IndexGeneration.objects.first().segments) == 1
    assert [find(seed) for seed in range(3)] == [["stem:s0"], ["stem:s1"], ["stem:s2"]]


@pytest.mark.slow
def test_of_two_builders_the_slower_one_gives_way(add, monkeypatch):
    add("a", 1)
    update_index()
    add("b", 2)
    build = index_publication.build_segment

    def build_slowly(folder, items):
        monkeypatch.setattr(index_publication, "build_segment", build)
        add("c", 3)
        update_index()  # the other builder
        return build(folder, items)

    monkeypatch.setattr(index_publication, "build_segment", build_slowly)
    update_index()
    assert IndexGeneration.objects.count() == 2
    assert [find(seed) for seed in (1, 2, 3)] == [["stem:a"], ["stem:b"], ["stem:c"]]


def test_an_index_of_another_version_is_not_opened_but_made_anew(add):
    add("a", 1)
    update_index()
    IndexGeneration.objects.update(stamp="1.1")
    shutil.rmtree(segment_files.fetch_segment(IndexGeneration.objects.first().segments[0]))
    assert find(1) == ["stem:a"]


def test_everything_starts_over_and_is_searchable_meanwhile(add):
    add("a", 1)
    update_index()
    indexing.drop_fingerprints()
    assert indexing._open(IndexGeneration.objects.first()).index.list_keys() == ("stem:a",)
    assert find(1) == ["stem:a"]
    assert IndexGeneration.objects.count() == 2


@pytest.mark.slow
@pytest.mark.usefixtures("object_storage")
def test_machines_pull_the_index_from_a_storage_without_paths(add, settings, tmp_path):
    for seed in range(3):
        add(f"s{seed}", seed)
        update_index()
    for machine in ("one", "two"):
        settings.DATA_DIR = tmp_path / machine
        indexing._open_cached.cache_clear()
        index_publication.open_generation.cache_clear()
        assert find(1) == ["stem:s1"]
    tidy_index(now=timezone.now())
    (merged,) = IndexGeneration.objects.first().segments
    assert find(2) == ["stem:s2"]
    cached = settings.DATA_DIR / segment_files.CACHE_FOLDER
    assert len(list(cached.iterdir())) == 4
    later = timezone.now() + dt.timedelta(hours=2)
    add("s9", 9)
    update_index()
    index_publication.prune_segment_cache(now=later)
    assert merged in {path.name for path in cached.iterdir()}
    assert len(list(cached.iterdir())) == 1
    assert remove_unused_segments(now=later) == 3
    assert (find(2), find(9)) == (["stem:s2"], ["stem:s9"])


@pytest.mark.usefixtures("object_storage")
def test_a_segment_that_arrives_damaged_is_not_kept(add, settings):
    add("a", 1)
    update_index()
    (name,) = IndexGeneration.objects.first().segments
    path = f"{segment_files.FOLDER}/{name}/chroma.bin"
    content = bytearray(default_storage.open(path).read())
    content[5] ^= 1
    default_storage.delete(path)
    default_storage.save(path, ContentFile(bytes(content)))
    with pytest.raises(InvalidSegment):
        segment_files.fetch_segment(name)
    assert not (settings.DATA_DIR / segment_files.CACHE_FOLDER / name).exists()


def test_an_empty_catalog_has_an_index():
    assert open_current_index().index.list_keys() == ()
    words = np.arange(100, dtype=np.uint32)
    assert not open_current_index().index.search_identity(words, max_bit_error_rate=0.1)


def test_publishing_twice_changes_nothing(add):
    add("a", 1)
    update_index()
    current = {"stem:a": Stem.objects.get().file_sha256}
    assert publish_fingerprints(collection=Collection.RECORDINGS, current=current) is None
    assert IndexGeneration.objects.count() == 1
