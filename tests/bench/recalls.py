"""What a recall costs: `python -m tests.bench.recalls [--songs 100000]`.

Builds approved songs on one grant in a database of its own (DATABASE_URL, or SQLite in a temporary folder), shows the damage,
ends the grant, moves every song and acknowledges all of them. Prints wall time, CPU time of this process and its peak memory.
"""

import argparse
import datetime as dt
import os
import resource
import tempfile
import time
from collections.abc import Callable
from typing import Any

from tests.bench.machine import describe_machine

N_STEMS = 6
N_GENERATORS = 4
BATCH = 5000
WRITE = frozenset({"recalls:write"})
ACKNOWLEDGED_AT_ONCE = 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DATA_DIR"] = folder
        os.environ["LOG_LEVEL"] = "ERROR"
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        import django

        django.setup()
        from django.db import connection

        name = connection.creation.create_test_db(verbosity=0, serialize=False)
        try:
            print(
                f"{describe_machine()}\n{connection.vendor}, {options.songs:,} songs of {N_STEMS} stems on one grant"
            )
            run(n_songs=options.songs)
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)


def run(*, n_songs: int) -> None:
    from django.utils import timezone

    from catalog.queries.stopped import get_grant_source
    from catalog.services.agreements import end_grant
    from compliance.certificates.status_list import LIST_SIZE
    from compliance.models import Approval, Event, Recall, RecallSong
    from compliance.services.acknowledgements import Acknowledgement, acknowledge_songs
    from compliance.services.actors import Actor, as_generator
    from compliance.services.recall_batches import apply_chunk, finish_recall
    from compliance.services.recall_previews import preview_recall
    from compliance.services.recall_telling import tell_chunk
    from compliance.services.recalls import open_due_recalls
    from compliance.services.sealing import seal_all_events
    from compliance.services.status_lists import make_status_list

    now = timezone.now()
    grant = measure("build", n_songs, lambda: build(n_songs=n_songs, now=now))
    source = get_grant_source(label=grant.label, on=now.date())
    legal = Actor(label="user:legal", has_perm=lambda _: True)
    seen = measure(
        "dry run", n_songs,
        lambda: preview_recall(source=source, measure="takedown", effective_at=now, actor=legal),
    )  # fmt: skip
    assert seen.n_songs == n_songs
    end_grant(grant=grant, ends_on=now.date(), by=None, now=now)
    measure("open", n_songs, lambda: open_due_recalls(now=now))
    recall = Recall.objects.get()

    def apply() -> None:
        while apply_chunk(recall_id=recall.pk, now=timezone.now()):
            pass

    def tell() -> None:
        while tell_chunk(recall_id=recall.pk, now=timezone.now()):
            pass
        finish_recall(recall_id=recall.pk, now=timezone.now())

    measure("move every song", n_songs, apply)
    number = recall.songs.last().approval.submission_id // LIST_SIZE
    measure(
        "make a status list", n_songs, lambda: make_status_list(number=number, now=timezone.now())
    )
    measure("events and messages of every song", n_songs, tell)
    assert Approval.objects.filter(status="revoked").count() == n_songs
    measure("seal the events that are left", n_songs, seal_all_events)
    assert Event.objects.filter(kind="approval.revoked").count() == n_songs

    def acknowledge() -> None:
        for notice in recall.notices.select_related("generator"):
            songs = RecallSong.objects.filter(recall=recall, generator=notice.generator)
            names = list(songs.values_list("approval__public_id", flat=True))
            for start in range(0, len(names), ACKNOWLEDGED_AT_ONCE):
                acknowledge_songs(
                    recall_id=recall.public_id, generator=notice.generator, now=timezone.now(),
                    actor=as_generator(notice.generator, scopes=WRITE),
                    items=[
                        Acknowledgement(approval=name, action="taken_down", at=now)
                        for name in names[start : start + ACKNOWLEDGED_AT_ONCE]
                    ],
                )  # fmt: skip

    measure("acknowledge, 500 at a time", n_songs, acknowledge)
    recall.refresh_from_db()
    assert recall.status == "closed"
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def measure(what: str, n_songs: int, work: Callable[[], Any]) -> Any:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{what:34} {wall:7.1f} s  {cpu:7.1f} s of CPU  {n_songs / wall:9,.0f} songs/s")
    return result


def build(*, n_songs: int, now: dt.datetime):
    """Return the grant that the songs rest on."""
    from catalog.models import Stem
    from catalog.services.agreements import activate_grant, add_grant, create_agreement
    from catalog.services.parties import get_or_add_party
    from compliance.models import Generator

    artist, today = get_or_add_party(name="Marigold Transit"), now.date()
    stems = [
        Stem.objects.create(
            external_id=f"stem-{n}", title=f"Stem {n}", artist=artist, status="active", audio_sha256=f"{n:064d}"
        )
        for n in range(N_STEMS)
    ]  # fmt: skip
    agreement = create_agreement(
        number="A-1", licensor=artist, licensee=get_or_add_party(name="Brand"), signed_on=today
    )
    grant = add_grant(
        agreement=agreement, sides=["master", "publishing"], uses=["ai_output_generation"], territories="Worldwide",
        stems=[stem.external_id for stem in stems], valid_from=today - dt.timedelta(days=9),
    )  # fmt: skip
    activate_grant(grant=grant, by=None, now=now)
    generators = [Generator.objects.create(name=f"Generator {n}") for n in range(N_GENERATORS)]
    for start in range(0, n_songs, BATCH):
        add_songs(range(start, min(n_songs, start + BATCH)), generators, stems, grant, now=now)
    return grant


def add_songs(numbers: range, generators, stems, grant, *, now: dt.datetime) -> None:
    """Add approved songs as their services would have left them."""
    from compliance.models import Approval, ApprovalBasis, Clearance, Submission

    intent = {
        "territories": ["DE", "FR", "US"], "uses": ["ai_output_generation"],
        "starts_on": now.date().isoformat(), "ends_on": (now.date() + dt.timedelta(days=90)).isoformat(),
    }  # fmt: skip
    rights = {"valid": {"territories": ["DE", "FR", "US"], "until": None}, "grants": [grant.pk]}
    names = [stem.external_id for stem in stems]
    clearances = Clearance.objects.bulk_create(
        Clearance(
            generator=generators[n % len(generators)], status="cleared", message="m", stems=names, intent=intent,
            rights=rights, expires_at=now,
        )
        for n in numbers
    )  # fmt: skip
    songs = Submission.objects.bulk_create(
        Submission(
            generator=clearance.generator, clearance=clearance, status="approved", audio="a", audio_sha256="a" * 64,
            audio_bytes=1, manifest={"placements": []}, cap_subject=clearance.cap_subject, decided_at=now,
        )
        for clearance in clearances
    )  # fmt: skip
    approvals = Approval.objects.bulk_create(
        Approval(
            submission=song, valid_from=now, valid_to=now + dt.timedelta(days=90), certificate="c" * 1200
        )
        for song in songs
    )  # fmt: skip
    ApprovalBasis.objects.bulk_create(
        [
            ApprovalBasis(approval=approval, stem=stem, grant=grant)
            for approval in approvals
            for stem in stems
        ],
        batch_size=BATCH,
    )


if __name__ == "__main__":
    main()
