import json

import pytest

from compliance.audio.manifest import MAX_PLACEMENTS, InvalidManifest, parse_manifest

GOOD = {"stem": "drums-1", "song_start_s": 0, "length_s": 12.5}


def list_errors(data):
    with pytest.raises(InvalidManifest) as caught:
        parse_manifest(data)
    return [(error.pointer, error.code) for error in caught.value.errors]


def test_parse_manifest_fills_in_defaults():
    (placement,) = parse_manifest({"placements": [GOOD]})
    assert placement.stem == "drums-1"
    assert placement.song_end_s == 12.5
    assert (placement.stem_start_s, placement.gain_db, placement.loop_s) == (0.0, 0.0, None)
    assert (placement.speed, placement.tempo, placement.pitch_cents) == (1.0, 1.0, 0.0)


def test_parse_manifest_keeps_every_given_value():
    row = GOOD | {
        "stem_start_s": 3.5,
        "gain_db": -4,
        "loop_s": 2.0,
        "speed": 1.05,
        "tempo": 0.9,
        "pitch_cents": -200,
    }
    (placement,) = parse_manifest({"placements": [row]})
    assert placement.loop_s == 2.0
    assert placement.gain_db == -4.0
    assert (placement.speed, placement.tempo, placement.pitch_cents) == (1.05, 0.9, -200.0)


@pytest.mark.parametrize(
    ("data", "pointer", "code"),
    [
        pytest.param([], "", "manifest.not_object", id="list"),
        pytest.param({}, "/placements", "manifest.missing", id="empty"),
        pytest.param({"placements": {}}, "/placements", "manifest.not_list", id="object"),
        pytest.param({"placements": []}, "/placements", "manifest.size", id="no placement"),
        pytest.param(
            {"placements": [GOOD] * (MAX_PLACEMENTS + 1)},
            "/placements",
            "manifest.size",
            id="too many",
        ),
        pytest.param(
            {"placements": [GOOD], "a/b": 1}, "/a~1b", "manifest.unknown_field", id="unknown"
        ),
        pytest.param({"placements": ["x"]}, "/placements/0", "manifest.not_object", id="row"),
    ],
)
def test_parse_manifest_refuses_a_wrong_frame(data, pointer, code):
    assert (pointer, code) in list_errors(data)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        pytest.param("stem", 7, "manifest.not_string", id="stem number"),
        pytest.param("stem", " ", "manifest.bad_name", id="stem blank"),
        pytest.param("stem", "a\0b", "manifest.bad_name", id="stem control"),
        pytest.param("stem", "x" * 201, "manifest.bad_name", id="stem long"),
        pytest.param("song_start_s", True, "manifest.not_number", id="bool"),
        pytest.param("song_start_s", "1", "manifest.not_number", id="string"),
        pytest.param("song_start_s", None, "manifest.not_number", id="null"),
        pytest.param("song_start_s", float("nan"), "manifest.not_finite", id="nan"),
        pytest.param("length_s", float("inf"), "manifest.not_finite", id="inf"),
        pytest.param("song_start_s", -0.1, "manifest.out_of_range", id="negative"),
        pytest.param("length_s", 0, "manifest.out_of_range", id="zero length"),
        pytest.param("length_s", 10**400, "manifest.out_of_range", id="huge integer"),
        pytest.param("loop_s", 0, "manifest.out_of_range", id="zero loop"),
        pytest.param("speed", 0.49, "manifest.out_of_range", id="slow"),
        pytest.param("tempo", 2.01, "manifest.out_of_range", id="fast"),
        pytest.param("pitch_cents", 1201, "manifest.out_of_range", id="pitch"),
        pytest.param("gain", 1, "manifest.unknown_field", id="unknown field"),
    ],
)
def test_parse_manifest_names_the_wrong_field(field, value, code):
    assert list_errors({"placements": [GOOD | {field: value}]}) == [
        (f"/placements/0/{field}", code)
    ]


def test_parse_manifest_collects_every_error():
    rows = [{"stem": "a"}, GOOD | {"length_s": -1, "x": 0}]
    assert list_errors({"placements": rows}) == [
        ("/placements/0/song_start_s", "manifest.missing"),
        ("/placements/0/length_s", "manifest.missing"),
        ("/placements/1/x", "manifest.unknown_field"),
        ("/placements/1/length_s", "manifest.out_of_range"),
    ]


def test_parse_manifest_reads_what_json_makes_of_nan():
    assert list_errors(
        json.loads('{"placements": [{"stem": "a", "song_start_s": NaN, "length_s": 1}]}')
    )
