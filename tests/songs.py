"""A small licensed catalog, as legal staff would enter it: demo audio, one agreement, one ended grant."""

import datetime as dt
import io
import json

import numpy as np
import pytest
import soundfile
from django.utils import timezone

from catalog.services.agreements import activate_grant, add_cap, add_grant, create_agreement
from catalog.services.ingest import import_references, import_stems
from catalog.services.parties import get_or_add_party
from config.demo.story import CATALOG

AUDIO = CATALOG / "audio"
LICENSED = ("moonlit-drums", "moonlit-keys", "moonlit-guitar")
ENDED = "harbor-flute"
UNLICENSED = "lanterns-synth"
REFERENCE = "static"
SIDES = ("master", "publishing", "voice")
USES = ("ai_output_generation", "personalised_song_stream")
LOVING = "Happy birthday, dear mother. Thank you for everything."


@pytest.fixture
def grant(db):
    """A catalog of five stems and one reference; three stems are licensed in DE, AT and US; returns their grant."""
    now = timezone.now()
    today = now.date()
    stems = [
        {
            "external_id": name,
            "title": name,
            "artist": "Marigold Transit",
            "role": "other",
            "file": f"{name}.ogg",
        }
        for name in (*LICENSED, ENDED, UNLICENSED)
    ]
    references = [
        {
            "external_id": REFERENCE,
            "title": "Static",
            "artist": "Copper Minnows",
            "file": f"{REFERENCE}.ogg",
        }
    ]
    assert not import_stems(rows=stems, audio_dir=AUDIO).errors
    assert not import_references(rows=references, audio_dir=AUDIO).errors
    agreement = create_agreement(
        number="A-1", licensor=get_or_add_party(name="Marigold Transit"), licensee=get_or_add_party(name="Brand"),
        signed_on=today - dt.timedelta(days=30),
    )  # fmt: skip
    current = add_grant(
        agreement=agreement, sides=SIDES, uses=USES, territories="DE, AT, US", stems=LICENSED,
        valid_from=today - dt.timedelta(days=10), valid_until=today + dt.timedelta(days=400),
    )  # fmt: skip
    add_cap(grant=current, limit=5)
    past = add_grant(
        agreement=agreement, sides=SIDES, uses=USES, territories="DE, AT, US", stems=[ENDED],
        valid_from=today - dt.timedelta(days=10), valid_until=today - dt.timedelta(days=1),
    )  # fmt: skip
    for one in (current, past):
        activate_grant(grant=one, by=None, now=now)
    return current


def make_intent(**changes):
    today = timezone.now().date()
    return {
        "territories": ["DE", "US"],
        "uses": list(USES),
        "starts_on": today.isoformat(),
        "ends_on": (today + dt.timedelta(days=90)).isoformat(),
    } | changes


def ask(api, *, stems=LICENSED, message=LOVING, intent=None, **headers):
    body = {"message": message, "stems": list(stems), "intent": intent or make_intent()}
    return api.post("/api/v1/clearances", body, format="json", headers=headers)


def make_manifest(*stems: str, **changes):
    row = {
        "stem_start_s": 0.0,
        "song_start_s": 0.0,
        "length_s": 12.0,
        "gain_db": 0.0,
        "loop_s": None,
    }
    return {"placements": [row | {"stem": stem} | changes for stem in stems]}


def make_song(*stems: str, seconds: float = 12.0, file_format: str = "WAV") -> bytes:
    """The plain sum of the first seconds of some stems."""
    n = round(seconds * 44_100)
    mixed = sum(
        soundfile.read((AUDIO / stem).with_suffix(".ogg"), dtype="float32")[0][:n] for stem in stems
    )
    buffer = io.BytesIO()
    soundfile.write(
        buffer,
        (mixed * 0.5 / max(1.0, float(np.abs(mixed).max()))).astype("float32"),
        44_100,
        format=file_format,
    )
    return buffer.getvalue()


def make_silence(seconds: float) -> bytes:
    """Zeros, as WAV."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros((round(seconds * 44_100), 2), "float32"), 44_100, format="WAV")
    return buffer.getvalue()


def submit(api, *, clearance: str, audio: bytes, manifest, vocal: bytes | None = None, **headers):
    files = {"audio": io.BytesIO(audio)}
    files["audio"].name = "song.wav"
    if vocal is not None:
        files["vocal"] = io.BytesIO(vocal)
        files["vocal"].name = "vocal.wav"
    text = manifest if isinstance(manifest, str) else json.dumps(manifest)
    return api.post(
        "/api/v1/submissions",
        {"clearance": clearance, "manifest": text, **files},
        format="multipart",
        headers=headers,
    )


@pytest.fixture
def clearance(api, grant) -> str:
    """The id of a clearance of the three licensed stems."""
    answer = ask(api).json()
    assert answer["outcome"] == "cleared", answer
    return answer["id"]
