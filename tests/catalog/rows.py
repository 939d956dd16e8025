"""Rows made the way the business makes them: through the services."""

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import soundfile

from catalog.models import Agreement, Grant, Stem
from catalog.rights.intended_use import IntendedUse
from catalog.services.agreements import activate_grant, add_cap, add_grant, create_agreement
from catalog.services.ingest import import_stems
from catalog.services.parties import get_or_add_party

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SAMPLE_RATE_HZ = 8000


def write_tone(path: Path, *, seed: int = 0, n_samples: int = 800) -> Path:
    samples = np.random.default_rng(seed).normal(0, 0.1, n_samples).astype("float32")
    soundfile.write(path, samples, SAMPLE_RATE_HZ, subtype="PCM_16")
    return path


def make_row(number: int, **changes) -> dict[str, str]:
    fields = {
        "external_id": f"stem-{number}",
        "title": f"Stem {number}",
        "artist": "Ana Sol",
        "role": "drums",
        "file": f"{number}.wav",
    }
    return fields | changes


def write_csv(path: Path, rows: list[dict[str, str]], *, encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def add_stems(folder: Path, n_stems: int = 1, **changes) -> list[Stem]:
    """Import stems with audio of their own; they wait in review."""
    folder.mkdir(exist_ok=True)
    rows = []
    for number in range(1, n_stems + 1):
        write_tone(folder / f"{number}.wav", seed=number)
        rows.append(make_row(number, **changes))
    report = import_stems(rows=rows, audio_dir=folder)
    assert report.ok, report.errors
    return list(Stem.objects.order_by("external_id"))


def add_agreement(number: str = "AGR-1", **changes) -> Agreement:
    fields = {
        "licensor": get_or_add_party(name="Ana Sol"),
        "licensee": get_or_add_party(name="Songs Inc.", kind="company"),
        "signed_on": date(2026, 1, 1),
        **changes,
    }
    return create_agreement(number=number, **fields)


def add_draft(agreement: Agreement, *, stems, by=None, cap: int | None = None, **changes) -> Grant:
    fields = {
        "sides": ["master", "publishing", "voice"],
        "uses": ["download", "event"],
        "territories": "Worldwide except US",
        "valid_from": date(2026, 1, 1),
        "valid_until": date(2028, 1, 1),
        **changes,
    }
    grant = add_grant(
        agreement=agreement, stems=[stem.external_id for stem in stems], by=by, **fields
    )
    if cap is not None:
        add_cap(grant=grant, limit=cap)
    return grant


def add_license(*, stems, number: str = "AGR-1", **changes) -> Grant:
    """Enter an agreement with one grant and put it in force."""
    grant = add_draft(add_agreement(number), stems=stems, **changes)
    return activate_grant(grant=grant, by=None, now=NOW)


def make_intent(**changes) -> IntendedUse:
    fields = {
        "territories": frozenset({"DE", "FR"}),
        "uses": frozenset({"download"}),
        "starts_on": date(2026, 12, 1),
        "ends_on": date(2027, 1, 1),
        **changes,
    }
    return IntendedUse(**fields)
