"""The audit log as a hash chain: each entry's hash covers all it says and the hash of the entry before it.

An entry is hashed over its canonical JSON (RFC 8785: sorted keys, no spaces, UTF-8, numbers as ECMAScript writes them), so
that anybody can recompute it in any language. The format is a promise: a log of ten years ago must verify.
"""

import hashlib
import hmac
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from enum import StrEnum
from json.encoder import encode_basestring
from typing import Any

# What the first entry names as the hash before it.
GENESIS_HASH = "0" * 64
# Which numbers ECMAScript writes without an exponent: 1e-6 <= |x| < 1e21. Source: ECMA-262, Number::toString.
MAX_PLAIN_EXPONENT = 21
MIN_PLAIN_EXPONENT = -6
# Above it not every whole number is a double. Source: ECMA-262, Number.MAX_SAFE_INTEGER + 1.
MAX_EXACT_INTEGER = 2**53


class NotCanonical(Exception):
    """A value has no canonical JSON."""


def canonicalize(value: Any) -> bytes:
    """Return the canonical JSON of a value.

    Raises
    ------
    NotCanonical : if it is no JSON value, not finite, or an integer that no double holds

    References
    ----------
    A. Rundgren, B. Jordan, S. Erdtman, JSON Canonicalization Scheme (JCS), RFC 8785, 2020.
    """
    try:
        return _write(value).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical(f"text with half a character: {error}") from error


def _write(value: Any) -> str:
    match value:
        case str():
            return encode_basestring(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return _write_integer(value)
        case float():
            return _write_double(value)
        case list() | tuple():
            return f"[{','.join(_write(item) for item in value)}]"
        case dict():
            if not all(isinstance(key, str) for key in value):
                raise NotCanonical(f"keys must be text, got {list(value)!r}")
            # RFC 8785 sorts by UTF-16 code units, which differs from code points beyond U+FFFF.
            keys = (
                sorted(value)
                if all(map(str.isascii, value))
                else sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
            )
            return "{" + ",".join(f"{_write(key)}:{_write(value[key])}" for key in keys) + "}"
    raise NotCanonical(f"not a JSON value: {value!r}")


def _write_integer(value: int) -> str:
    if abs(value) <= MAX_EXACT_INTEGER:
        return str(value)
    try:
        text = _write_double(float(value))
    except OverflowError as error:
        raise NotCanonical(f"no double holds {value}") from error
    # A double such as 5.988603919584106e16 comes back from a database as the integer that its shortest digits spell.
    if value not in (int(float(value)), int(Decimal(text))):
        raise NotCanonical(f"no double holds {value}")
    return text


def _write_double(value: float) -> str:
    """Write a double as ECMAScript does; a database that turns 1e20 into an integer changes nothing."""
    if not math.isfinite(value):
        raise NotCanonical(f"not a finite number: {value}")
    if value == 0:
        return "0"
    _, digit_tuple, exponent = Decimal(repr(abs(value))).normalize().as_tuple()
    digits = "".join(map(str, digit_tuple))
    point = len(digits) + int(exponent)  # where the decimal point stands, counted from the left
    if MIN_PLAIN_EXPONENT < point <= MAX_PLAIN_EXPONENT:
        if point <= 0:
            text = "0." + "0" * -point + digits
        elif point >= len(digits):
            text = digits + "0" * (point - len(digits))
        else:
            text = f"{digits[:point]}.{digits[point:]}"
    else:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        text = f"{digits[0]}{fraction}e{point - 1:+d}"
    return f"-{text}" if value < 0 else text


# What an entry has only once it is in the chain.
PLACE = ("sequence", "prev_hash", "hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the log. `hash` covers every other field; before it is sealed it has the sequence 0 and no hashes."""

    sequence: int
    event: str
    kind: str
    subject: str
    generator: str
    actor: str
    data: Any
    created_at: str
    prev_hash: str
    hash: str = ""

    def seal(self, *, sequence: int, prev_hash: str) -> "Entry":
        """Return the entry in its place in the chain."""
        placed = replace(self, sequence=sequence, prev_hash=prev_hash)
        return replace(placed, hash=placed.compute_hash())

    def compute_mac(self, *, key: bytes) -> str:
        """Return the HMAC-SHA256 of what the entry says, wherever its place will be, as 64 hexadecimal digits.

        Raises
        ------
        NotCanonical : if the data have no canonical JSON
        """
        content = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in PLACE
        }
        return hmac.new(key, canonicalize(content), hashlib.sha256).hexdigest()

    def compute_hash(self) -> str:
        """Return the SHA-256 of the canonical JSON of everything but the hash itself, as 64 hexadecimal digits.

        Raises
        ------
        NotCanonical : if the data have no canonical JSON
        """
        content = {
            field.name: getattr(self, field.name) for field in fields(self) if field.name != "hash"
        }
        return hashlib.sha256(canonicalize(content)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What somebody outside keeps to hold the log to: how long it was, the hash of its last entry, and when."""

    size: int
    head_hash: str
    created_at: str


class FaultKind(StrEnum):
    """What can be wrong with a log."""

    ALTERED = "altered"  # the entry no longer has the hash it was written with
    MISSING = "missing"  # entries are gone
    MISPLACED = "misplaced"  # the entry does not follow the one before it
    DIVERGED = "diverged"  # whole and linked, but another log than the checkpoint saw


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault, and the entry in which it shows."""

    kind: FaultKind
    sequence: int
    text: str


class ChainVerification:
    """Walk a log in order of its sequence and find every fault; afterwards `size` and `head_hash` say where it ended."""

    def __init__(self, *, checkpoint: Checkpoint | None = None) -> None:
        self.checkpoint = checkpoint
        self.size = 0
        self.last_sequence = 0
        self.head_hash = GENESIS_HASH

    def find_faults(self, entries: Iterable[Entry]) -> Iterator[Fault]:
        """Yield the faults of the log in order."""
        for entry in entries:
            yield from self._find_misplacement(entry)
            yield from _find_alteration(entry)
            if self.checkpoint is not None and entry.sequence == self.checkpoint.size:
                yield from self._find_divergence(entry)
            self.size += 1
            self.last_sequence = entry.sequence
            self.head_hash = entry.hash
        if self.checkpoint is not None and self.last_sequence < self.checkpoint.size:
            yield Fault(
                kind=FaultKind.MISSING, sequence=self.last_sequence + 1,
                text=f"entries {self.last_sequence + 1} to {self.checkpoint.size}, which the checkpoint saw, are missing",
            )  # fmt: skip

    def _find_misplacement(self, entry: Entry) -> Iterator[Fault]:
        expected = self.last_sequence + 1
        if entry.sequence > expected:
            yield Fault(
                kind=FaultKind.MISSING, sequence=expected,
                text=f"entries {expected} to {entry.sequence - 1} are missing before {entry.event}",
            )  # fmt: skip
        elif entry.sequence < expected:
            yield Fault(
                kind=FaultKind.MISPLACED, sequence=entry.sequence,
                text=f"{entry.event} has number {entry.sequence}, expected {expected}",
            )  # fmt: skip
        elif entry.prev_hash != self.head_hash:
            yield Fault(
                kind=FaultKind.MISPLACED, sequence=entry.sequence,
                text=f"{entry.event} follows {entry.prev_hash[:12]}, but the entry before it is {self.head_hash[:12]}",
            )  # fmt: skip

    def _find_divergence(self, entry: Entry) -> Iterator[Fault]:
        assert self.checkpoint is not None  # noqa: S101 - the caller asked
        if entry.hash != self.checkpoint.head_hash:
            yield Fault(
                kind=FaultKind.DIVERGED, sequence=entry.sequence,
                text=f"the checkpoint saw {self.checkpoint.head_hash[:12]} here, the log has {entry.hash[:12]}: rewritten",
            )  # fmt: skip


def _find_alteration(entry: Entry) -> Iterator[Fault]:
    try:
        actual = entry.compute_hash()
    except NotCanonical as error:
        actual = f"none ({error})"
    if actual != entry.hash:
        yield Fault(
            kind=FaultKind.ALTERED, sequence=entry.sequence,
            text=f"{entry.event} ({entry.kind} {entry.subject}) was written with {entry.hash[:12]}, now has {actual[:40]}",
        )  # fmt: skip
