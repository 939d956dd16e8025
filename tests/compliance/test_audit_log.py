"""The audit log in the database: appended by many at once, and verified by the command."""

import hashlib
import json
import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from compliance.audit import GENESIS_HASH, canonicalize
from compliance.models import Event
from compliance.services.audit_log import InvalidCheckpoint, read_checkpoint
from compliance.services.events import record_event
from compliance.services.sealing import seal_all_events
from compliance.tasks import sweep_jobs

pytestmark = pytest.mark.django_db(transaction=True)


def record(number: int = 1, **changes) -> Event:
    fields = {"subject": f"thing:{number}", "actor": "tests", "data": {"n": number, "share": 0.1}}
    event = record_event(kind="thing.made", **(fields | changes))
    if not connection.in_atomic_block:
        event.refresh_from_db()
    return event


def verify(*arguments) -> str:
    out = StringIO()
    call_command("verify_audit_log", *arguments, stdout=out)
    return out.getvalue()


def find_faults(*arguments) -> str:
    """What the command prints about a log that is not sound; it ends with exit code 1."""
    out = StringIO()
    with pytest.raises(CommandError, match="Faults") as refusal:
        call_command("verify_audit_log", *arguments, stdout=out)
    assert refusal.value.returncode == 1
    return out.getvalue()


def tamper(sql: str, *parameters) -> None:
    """Do what only somebody with the database in hand can: get past the guards."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE compliance_event DISABLE TRIGGER USER")
            cursor.execute(sql, parameters)
            cursor.execute("ALTER TABLE compliance_event ENABLE TRIGGER USER")
            return
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'compliance_event'"
        )
        triggers = cursor.fetchall()
        assert len(triggers) == 2
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        try:
            cursor.execute(sql, parameters)
        finally:
            for _, create in triggers:
                cursor.execute(create)


def tamper_with_third(column: str, value: str) -> None:
    tamper(f"UPDATE compliance_event SET {column} = %s WHERE sequence = 3", value)  # noqa: S608


def export(path) -> None:
    call_command("export_audit_checkpoint", "--out", str(path))


def test_the_first_event_starts_the_chain_and_each_next_one_names_the_one_before():
    first, second = record(1), record(2)
    assert (first.sequence, first.prev_hash) == (1, GENESIS_HASH)
    assert (second.sequence, second.prev_hash) == (2, first.hash)


def test_an_event_hashes_alike_before_and_after_the_database_had_it():
    data = {
        "floats": [1.0, 0.1, 1e20, 5.988603919584106e16, -0.0, 1e-7],
        "tuple": (1, 2),
        "text": "é\n\U0001f600",
    }
    record(data=data)
    assert "No event is altered" in verify()


def test_anybody_can_recompute_a_hash_from_the_columns():
    event = record()
    columns = {
        "sequence": 1, "event": event.public_id, "kind": "thing.made", "subject": "thing:1", "generator": "",
        "actor": "tests", "data": {"n": 1, "share": 0.1}, "prev_hash": GENESIS_HASH,
        "created_at": event.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }  # fmt: skip
    text = json.dumps(columns, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == Event.objects.get().hash


def test_an_event_that_is_rolled_back_leaves_no_gap():
    record(1)
    with transaction.atomic():
        record(2)
        transaction.set_rollback(True)
    assert record(3).sequence == 2
    assert "2 events" in verify()


def test_many_writers_at_once_make_one_chain():
    barrier = threading.Barrier(6)

    def write(writer: int) -> None:
        try:
            barrier.wait()
            for number in range(10):
                with transaction.atomic():
                    record(writer * 100 + number)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sequences = Event.objects.order_by("sequence").values_list("sequence", flat=True)
    assert list(sequences) == list(range(1, 61))
    assert "60 events" in verify()


def test_an_empty_log_is_sound():
    assert f"0 events, head {GENESIS_HASH}" in verify()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "thing.unmade"), ("subject", "thing:7"), ("actor", "somebody else"), ("generator_id_text", "gen_x"),
        ("data", '{"n": 3}'), ("created_at", "2020-01-01 00:00:00"), ("public_id", "evt_other"),
    ],
)  # fmt: skip
def test_a_changed_column_is_found_and_the_event_is_named(column, value):
    for number in range(5):
        record(number)
    tamper_with_third(column, value)
    lines = find_faults().splitlines()
    assert [line for line in lines if "event 3:" in line and line.startswith("altered")]
    assert len([line for line in lines if " event " in line]) == 1


@pytest.mark.parametrize("value", ["2026-99-99 00:00:00", "x"])
def test_a_row_made_unreadable_is_found_and_named(value):
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL refuses such values")
    for number in range(5):
        record(number)
    tamper_with_third("created_at", value)
    found = find_faults()
    assert "altered event 3:" in found
    assert found.count(" event ") == 1


def test_a_deleted_event_is_found():
    for number in range(5):
        record(number)
    tamper("DELETE FROM compliance_event WHERE sequence = 2")
    assert "missing event 2: entries 2 to 2 are missing" in find_faults()


def test_two_exchanged_events_are_found():
    for number in range(5):
        record(number)
    for old, new in ((2, 99), (4, 2), (99, 4)):
        tamper("UPDATE compliance_event SET sequence = %s WHERE sequence = %s", new, old)
    found = find_faults()
    assert "altered event 2:" in found
    assert "altered event 4:" in found


def test_a_cut_off_end_is_found_only_with_a_checkpoint(tmp_path):
    for number in range(5):
        record(number)
    export(tmp_path / "checkpoint.json")
    assert "No event is altered" in verify("--checkpoint", str(tmp_path / "checkpoint.json"))
    tamper("DELETE FROM compliance_event WHERE sequence > 3")
    assert "3 events" in verify()
    found = find_faults("--checkpoint", str(tmp_path / "checkpoint.json"))
    assert "entries 4 to 5, which the checkpoint saw, are missing" in found


def test_a_log_that_grew_still_fits_its_checkpoint(tmp_path):
    record(1)
    export(tmp_path / "checkpoint.json")
    record(2)
    assert "2 events" in verify("--checkpoint", str(tmp_path / "checkpoint.json"))


def test_a_checkpoint_is_one_line_of_canonical_json(tmp_path):
    head = record(1)
    export(tmp_path / "checkpoint.json")
    text = (tmp_path / "checkpoint.json").read_bytes()
    found = json.loads(text)
    assert (found["size"], found["head_hash"]) == (1, head.hash)
    assert text == canonicalize(found) + b"\n"


@pytest.mark.parametrize(
    ("name", "value"), [("size", 9), ("head_hash", "0" * 64)], ids=["size", "head"]
)
def test_a_checkpoint_stands_by_its_signature_alone(tmp_path, name, value):
    record(1)
    path = tmp_path / "checkpoint.json"
    export(path)
    written = json.loads(path.read_text())
    path.write_text(json.dumps(written | {name: value}))
    assert (read_checkpoint(path).size, read_checkpoint(path).head_hash) == (
        1,
        written["head_hash"],
    )
    altered = written["token"][:-6] + "AAAAAA"
    path.write_text(json.dumps(written | {"token": altered}))
    with pytest.raises(InvalidCheckpoint, match="signature"):
        read_checkpoint(path)


# -- Sealing -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def nobody_seals(monkeypatch):
    """Writers die right after their commit."""
    monkeypatch.setattr("compliance.services.events.seal_committed_events", lambda: None)


def test_an_event_is_sealed_as_soon_as_it_is_committed():
    with transaction.atomic():
        event = record(1)
        assert event.sequence is None
    event.refresh_from_db()
    assert event.sequence == 1


def test_what_nobody_sealed_is_sealed_by_the_sweep_in_order(nobody_seals):
    events = [record(number) for number in range(3)]
    assert [event.sequence for event in events] == [None] * 3
    sweep_jobs()
    assert list(Event.objects.order_by("id").values_list("sequence", flat=True)) == [1, 2, 3]
    assert "3 events" in verify()


def test_writers_do_not_wait_for_one_another():
    """While one transaction with an event is open, another one writes, commits and is sealed."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time, whatever it writes")
    written, go_on = threading.Event(), threading.Event()

    def hold_open() -> None:
        try:
            with transaction.atomic():
                record(1)
                written.set()
                go_on.wait(10)
        finally:
            connection.close()

    thread = threading.Thread(target=hold_open)
    thread.start()
    assert written.wait(10)
    second = record(2)
    assert second.sequence == 1  # in the order of commits
    go_on.set()
    thread.join()
    assert Event.objects.get(subject="thing:1").sequence == 2
    assert "2 events" in verify()


@pytest.mark.parametrize(
    ("column", "value"), [("actor", "somebody else"), ("data", '{"n": 7}'), ("created_at", "2020-01-01 00:00:00")]
)  # fmt: skip
def test_an_event_altered_before_it_is_sealed_is_found_and_never_sealed(
    nobody_seals, column, value
):
    first = record(1)
    record(2)
    tamper(f"UPDATE compliance_event SET {column} = %s WHERE id = {first.pk}", value)  # noqa: S608
    assert f"altered event: {first.public_id}, not sealed yet" in find_faults()
    assert seal_all_events() == 1
    assert list(Event.objects.order_by("id").values_list("sequence", flat=True)) == [None, 1]
    assert first.public_id in find_faults()


def test_an_event_written_under_a_key_since_replaced_is_sealed(nobody_seals, settings):
    record(1)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another"  # noqa: S105 - of this test
    assert seal_all_events() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"sequence": 7}, {"hash": "0" * 64}, {"prev_hash": "0" * 64}, {"hash": None, "sequence": None, "prev_hash": None},
        {"mac": ""},
    ],
    ids=str,
)  # fmt: skip
def test_the_database_refuses_to_seal_twice(change):
    record(1)
    with pytest.raises(DatabaseError, match="sealed once"), transaction.atomic():
        Event.objects.update(**change)


def test_the_database_refuses_to_alter_while_sealing(nobody_seals):
    record(1)
    seal = {"sequence": 1, "hash": "0" * 64, "prev_hash": "0" * 64}
    with pytest.raises(DatabaseError, match="sealed once"), transaction.atomic():
        Event.objects.update(**seal, actor="somebody else")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "other"}'])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InvalidCheckpoint):
        read_checkpoint(tmp_path / "x.json")
    with pytest.raises(CommandError, match="checkpoint"):
        verify("--checkpoint", str(tmp_path / "x.json"))
