import dataclasses
import hashlib
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.audit import (
    GENESIS_HASH,
    ChainVerification,
    Checkpoint,
    Entry,
    FaultKind,
    NotCanonical,
    canonicalize,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
contents = st.fixed_dictionaries(
    {"kind": texts, "subject": texts, "generator": texts, "actor": texts, "created_at": texts, "data": json_values}
)  # fmt: skip


def build_log(rows: list[dict]) -> list[Entry]:
    log: list[Entry] = []
    for number, row in enumerate(rows, start=1):
        entry = Entry(
            sequence=number, event=f"evt_{number}", prev_hash=log[-1].hash if log else GENESIS_HASH, **row
        )  # fmt: skip
        log.append(dataclasses.replace(entry, hash=entry.compute_hash()))
    return log


def find(log, checkpoint: Checkpoint | None = None) -> list:
    return list(ChainVerification(checkpoint=checkpoint).find_faults(log))


def make_checkpoint(log) -> Checkpoint:
    return Checkpoint(size=len(log), head_hash=log[-1].hash, created_at="")


logs = st.lists(contents, min_size=1, max_size=8).map(build_log)


@given(logs)
def test_an_untouched_log_has_no_fault(log):
    verification = ChainVerification(checkpoint=make_checkpoint(log))
    assert not list(verification.find_faults(log))
    assert (verification.size, verification.head_hash) == (len(log), log[-1].hash)


@given(logs, st.data())
def test_any_changed_field_is_found_in_its_entry(log, data):
    index = data.draw(st.integers(0, len(log) - 1))
    name = data.draw(
        st.sampled_from(["event", "kind", "subject", "generator", "actor", "created_at"])
    )
    changed = dataclasses.replace(log[index], **{name: getattr(log[index], name) + "x"})
    faults = find([*log[:index], changed, *log[index + 1 :]])
    assert (FaultKind.ALTERED, index + 1) in {(fault.kind, fault.sequence) for fault in faults}


@given(logs, st.data())
def test_changed_data_are_found_in_their_entry(log, data):
    index = data.draw(st.integers(0, len(log) - 1))
    other = data.draw(
        json_values.filter(lambda value: canonicalize(value) != canonicalize(log[index].data))
    )
    faults = find([*log[:index], dataclasses.replace(log[index], data=other), *log[index + 1 :]])
    assert [(fault.kind, fault.sequence) for fault in faults] == [(FaultKind.ALTERED, index + 1)]


@given(logs, st.data())
def test_a_removed_entry_is_found_and_at_the_end_with_a_checkpoint(log, data):
    index = data.draw(st.integers(0, len(log) - 1))
    faults = find([*log[:index], *log[index + 1 :]], make_checkpoint(log))
    assert (FaultKind.MISSING, index + 1) in {(fault.kind, fault.sequence) for fault in faults}


@given(st.lists(contents, min_size=2, max_size=8).map(build_log), st.data(), st.booleans())
def test_two_swapped_entries_are_found_with_or_without_their_numbers(log, data, renumbered):
    first, second = sorted(data.draw(st.sets(st.integers(0, len(log) - 1), min_size=2, max_size=2)))
    swapped = list(log)
    swapped[first], swapped[second] = log[second], log[first]
    if renumbered:
        swapped = [
            dataclasses.replace(entry, sequence=n) for n, entry in enumerate(swapped, start=1)
        ]
    assert {fault.sequence for fault in find(swapped)} & {first + 1, second + 1}


@given(logs, st.data())
def test_an_entry_rewritten_with_a_fitting_hash_breaks_the_link_or_the_checkpoint(log, data):
    index = data.draw(st.integers(0, len(log) - 1))
    changed = dataclasses.replace(log[index], actor=log[index].actor + "x")
    changed = dataclasses.replace(changed, hash=changed.compute_hash())
    forged = [*log[:index], changed, *log[index + 1 :]]
    faults = find(forged, make_checkpoint(log))
    expected = FaultKind.MISPLACED if index + 1 < len(log) else FaultKind.DIVERGED
    assert expected in {fault.kind for fault in faults}


@given(st.lists(contents, min_size=2, max_size=8), st.data())
def test_a_log_rewritten_from_some_entry_on_is_found_only_by_the_checkpoint(rows, data):
    index = data.draw(st.integers(0, len(rows) - 1))
    log = build_log(rows)
    forged = build_log(
        [*rows[:index], rows[index] | {"actor": rows[index]["actor"] + "x"}, *rows[index + 1 :]]
    )
    assert not find(forged)
    assert [fault.kind for fault in find(forged, make_checkpoint(log))] == [FaultKind.DIVERGED]


@given(json_values)
def test_canonical_json_reads_back_as_the_same_value(value):
    text = canonicalize(value)
    assert json.loads(text, parse_int=float) == value
    assert canonicalize(json.loads(text)) == text


def test_the_order_of_keys_does_not_matter_and_the_hash_can_be_had_without_our_code():
    entry = Entry(
        sequence=1, event="evt_1", kind="k", subject="s", generator="", actor="é", data={"b": 1.0, "a": [True, None]},
        created_at="2026-01-01T00:00:00.000000Z", prev_hash=GENESIS_HASH,
    )  # fmt: skip
    by_hand = (
        '{"actor":"é","created_at":"2026-01-01T00:00:00.000000Z","data":{"a":[true,null],"b":1},"event":"evt_1",'
        f'"generator":"","kind":"k","prev_hash":"{GENESIS_HASH}","sequence":1,"subject":"s"}}'
    )
    assert entry.compute_hash() == hashlib.sha256(by_hand.encode()).hexdigest()
    assert (
        dataclasses.replace(entry, data={"a": [True, None], "b": 1}).compute_hash()
        == entry.compute_hash()
    )


# The samples of RFC 8785, appendix B: the double's bits and what is written.
RFC_8785_NUMBERS = [
    ("0000000000000000", "0"), ("8000000000000000", "0"), ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"), ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"), ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"), ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"), ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"), ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"), ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"), ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"), ("becbf647612f3696", "-0.0000033333333333333333"),
]  # fmt: skip


@pytest.mark.parametrize(("bits", "text"), RFC_8785_NUMBERS)
def test_numbers_are_written_as_the_rfc_writes_them(bits, text):
    assert canonicalize(struct.unpack(">d", bytes.fromhex(bits))[0]).decode() == text


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 2**53 + 1, 10**400, {1: 2}, "\ud800", {1, 2}, b"bytes"],
    ids=repr,
)
def test_what_has_no_canonical_json_is_refused(value):
    with pytest.raises(NotCanonical):
        canonicalize(value)


def test_keys_are_sorted_by_utf_16_code_units():
    assert (
        canonicalize({"\ufb33": 1, "\U0001f600": 2, "a": 3}).decode()
        == '{"a":3,"\U0001f600":2,"\ufb33":1}'
    )
