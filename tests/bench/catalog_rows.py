"""A large catalog for the benchmark, the same every time: recordings with stems, works, shares, agreements, grants, caps."""

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Final

from django.db import connection, transaction
from tqdm import tqdm

from catalog.models import (
    Agreement,
    Cap,
    CapBalance,
    Grant,
    GrantTarget,
    Party,
    Recording,
    Share,
    Stem,
    TerritorySet,
    Work,
)
from catalog.models.music import StemRole
from catalog.rights.territories import ALL_TERRITORIES
from catalog.services.availability import refresh_availability
from tests.catalog.rows import add_agreement

NOW: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
BATCH: Final = 5_000
STEMS_PER_RECORDING: Final = 4
GRANTS_PER_STEM: Final = 3
KEYS: Final = [f"{note} {mode}" for note in "ABCDEFG" for mode in ("major", "minor")]
USES: Final = (
    "ai_output_generation",
    "personalised_song_stream",
    "download",
    "share_social_organic",
)
PREFIX: Final = "bulk"


def fill(*, n_stems: int) -> None:
    """Write the catalog in bulk, a batch a transaction: drafts first, then activated in one update."""
    chance = random.Random(n_stems)
    party = Party.objects.get_or_create(name="Bulk Artist")[0]
    world = TerritorySet.objects.get_for("Worldwide")
    regions = make_regions(chance)
    for start in tqdm(range(0, n_stems, BATCH), desc="filling the catalog", unit="batch"):
        numbers = range(start, min(start + BATCH, n_stems))
        with transaction.atomic():
            stems = add_stems(numbers, party=party, world=world, chance=chance)
            add_grants(stems, number=f"BULK-{start}", world=world, regions=regions, chance=chance)
            refresh_availability(stem_ids=[stem.pk for stem in stems])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def make_regions(chance: random.Random) -> list[TerritorySet]:
    codes = sorted(ALL_TERRITORIES)
    texts = ["Worldwide except US", "Worldwide except US, CA", "DE, AT, CH", "US, CA", "GB, IE"]
    texts += [", ".join(chance.sample(codes, chance.randint(3, 120))) for _ in range(35)]
    return [TerritorySet.objects.get_for(text) for text in texts]


def add_stems(
    numbers: Iterable[int], *, party: Party, world: TerritorySet, chance: random.Random
) -> list[Stem]:
    """Write stems in fours with a recording, its work, and shares of both."""
    numbers = list(numbers)
    songs = range(len(numbers) // STEMS_PER_RECORDING + 1)
    works = Work.objects.bulk_create([Work(title=f"Song {numbers[0]}-{song}") for song in songs])
    recordings = Recording.objects.bulk_create(
        [Recording(title=work.title, artist=party) for work in works]
    )
    through = Recording.works.through
    through.objects.bulk_create(
        [
            through(recording_id=recording.pk, work_id=work.pk)
            for recording, work in zip(recordings, works, strict=True)
        ]
    )
    whole = {"party": party, "percent": 100, "territory": world}
    Share.objects.bulk_create(
        [
            *(Share(recording=one, right_type="master", **whole) for one in recordings),
            *(
                Share(work=work, right_type=f"publishing_{right}", **whole)
                for work in works
                for right in ("performance", "mechanical")
            ),
        ]
    )
    return Stem.objects.bulk_create(
        [
            Stem(
                external_id=f"{PREFIX}-{number:07d}",
                title=f"Stem {number}",
                artist=party,
                recording=recordings[place // STEMS_PER_RECORDING],
                status="active" if chance.random() < 0.95 else "in_review",
                role=chance.choice(StemRole.values),
                genre=f"genre-{chance.randrange(50)}",
                key=chance.choice(KEYS),
                bpm=chance.randint(60, 199),
                audio_sha256="0" * 64,
                file_sha256="0" * 64,
                audio="stems/none.wav",
            )
            for place, number in enumerate(numbers)
        ]
    )


def add_grants(
    stems: list[Stem],
    *,
    number: str,
    world: TerritorySet,
    regions: list[TerritorySet],
    chance: random.Random,
) -> None:
    """Write three grants a stem: a main one, one of a region, and one of anything; some are capped, some forbid."""
    agreement = add_agreement(number)
    grants = Grant.objects.bulk_create(
        [
            Grant(
                agreement=agreement,
                number=index * GRANTS_PER_STEM + place + 1,
                **terms,
            )
            for index in range(len(stems))
            for place, terms in enumerate(
                (
                    make_terms(chance, territory=chance.choice([world, *regions[:2]])),
                    make_terms(chance, territory=chance.choice(regions)),
                    make_terms(chance, territory=chance.choice(regions))
                    | chance.choice(
                        [{"effect": "prohibition", "uses": ("broadcast",)}, {"brand": "Other"}, {}]
                    ),
                )
            )
        ]
    )
    GrantTarget.objects.bulk_create(
        [
            GrantTarget(grant=grant, stem=stems[index // GRANTS_PER_STEM])
            for index, grant in enumerate(grants)
        ]
    )
    caps = Cap.objects.bulk_create(
        [Cap(grant=grant, limit=1000) for grant in grants if chance.random() < 0.2]
    )
    CapBalance.objects.bulk_create(
        [CapBalance(cap=cap, held=chance.randint(0, 900)) for cap in caps]
    )
    Grant.objects.filter(agreement=agreement).update(status="active", activated_at=NOW)
    Agreement.objects.filter(pk=agreement.pk).update(status="active")


def make_terms(chance: random.Random, *, territory: TerritorySet) -> dict[str, Any]:
    starts = date(chance.choice([2024, 2025, 2026]), chance.randint(1, 12), 1)
    return {
        "sides": ("master", "publishing"),
        "uses": tuple(USES[: chance.randint(1, 4)]),
        "territory": territory,
        "valid_from": starts,
        "valid_until": chance.choice([None, date(2027, 6, 30), date(2028, 12, 31)]),
    }
