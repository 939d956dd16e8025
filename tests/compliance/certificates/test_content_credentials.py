"""What the manifest of a song says, before anybody signs it."""

import pytest

from compliance.certificates.content_credentials import Ingredient, build_manifest, get_media_type
from tests.compliance.certificates.test_certificate import make_certificate

DRUMS = Ingredient(
    stem="drums", title="북소리", artist="Zoë", isrc=None, file_sha256="ab" * 32, media_type="audio/ogg", grants=("A-1/1",)
)  # fmt: skip


def build(**changes) -> dict:
    facts = {
        "certificate": make_certificate(), "token": "a.b.c", "certificate_uri": "https://x.example/c",
        "ingredients": [DRUMS], "may_train": False, "generator": "Songsmith",
    }  # fmt: skip
    return build_manifest(**facts | changes)


def get_data(manifest: dict, label: str) -> dict:
    return next(each["data"] for each in manifest["assertions"] if each["label"] == label)


def test_a_song_with_stems_is_a_composite_and_one_without_is_not():
    created, placed = get_data(build(), "c2pa.actions.v2")["actions"]
    assert created["digitalSourceType"].endswith("/compositeWithTrainedAlgorithmicMedia")
    assert placed["parameters"]["ingredientIds"] == ["urn:cleartone:stem:drums"]
    (created,) = get_data(build(ingredients=[]), "c2pa.actions.v2")["actions"]
    assert created["digitalSourceType"].endswith("/trainedAlgorithmicMedia")


@pytest.mark.parametrize(("may_train", "word"), [(True, "allowed"), (False, "notAllowed")])
def test_training_follows_the_grants_and_the_rest_stays_forbidden(may_train, word):
    entries = get_data(build(may_train=may_train), "cawg.training-mining")["entries"]
    assert entries["cawg.ai_training"]["use"] == entries["cawg.ai_generative_training"]["use"]
    assert entries["cawg.ai_training"]["use"] == word
    assert entries["cawg.ai_inference"]["use"] == entries["cawg.data_mining"]["use"] == "notAllowed"


def test_an_identifier_that_is_not_known_is_not_written():
    (ingredient,) = build()["ingredients"]
    assert "isrc" not in ingredient["metadata"]["org.cleartone.license"]


def test_a_container_nobody_knows_has_a_media_type_all_the_same():
    assert get_media_type("amr") == "application/octet-stream"
