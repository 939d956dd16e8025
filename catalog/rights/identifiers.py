"""Industry identifiers: validated, stored normalized, shown as people write them.

Each kind has one normal form (what the database holds and compares) and one display form. python-stdnum checks ISRC, ISNI
and the ISO 7064 part of a DPID; ISWC and IPI have no checker there, so theirs are written out here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stdnum import isni, isrc
from stdnum.iso7064 import mod_37_36

# Weights of the two check digits of the ISO 15707 family: the constant added before the weighted sum.
ISWC_CONSTANT: Final = 1
IPI_BASE_CONSTANT: Final = 2
IPI_NAME_DIGITS: Final = 11


class IdentifierKind(StrEnum):
    """What an identifier names."""

    ISRC = "isrc"  # a recording
    ISWC = "iswc"  # a work
    IPI_NAME = "ipi_name"  # a name of a rights holder
    IPI_BASE = "ipi_base"  # a rights holder
    ISNI = "isni"  # a public identity
    DPID = "dpid"  # a party in DDEX messages


class InvalidIdentifier(ValueError):
    """The text is not an identifier of this kind."""

    def __init__(self, *, kind: IdentifierKind, text: str, expected: str) -> None:
        """Keep the facts and say what was expected."""
        super().__init__(f"{text!r} is not a valid {LABELS[kind]}: {expected}")
        self.kind = kind
        self.text = text
        self.expected = expected


LABELS: Final = {
    IdentifierKind.ISRC: "ISRC",
    IdentifierKind.ISWC: "ISWC",
    IdentifierKind.IPI_NAME: "IPI name number",
    IdentifierKind.IPI_BASE: "IPI base number",
    IdentifierKind.ISNI: "ISNI",
    IdentifierKind.DPID: "DPID",
}


def compute_weighted_digit(digits: str, *, constant: int) -> int:
    """Return the check digit of nine digits by the ISWC rule (IPI base numbers use another constant)."""
    total = constant + sum(position * int(digit) for position, digit in enumerate(digits, start=1))
    return (10 - total % 10) % 10


def compute_ipi_name_check(digits: str) -> str:
    """Return the two check digits of the first nine digits of an IPI name number."""
    total = sum(int(digit) * (10 - index) for index, digit in enumerate(digits)) % 101
    return f"{(101 - total) % 100 if total else 0:02d}"


def _is_isrc(value: str) -> bool:
    return re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}\d{7}", value) is not None and isrc.is_valid(value)


def _is_iswc(value: str) -> bool:
    if re.fullmatch(r"T\d{10}", value) is None:
        return False
    return compute_weighted_digit(value[1:10], constant=ISWC_CONSTANT) == int(value[10])


def _is_ipi_base(value: str) -> bool:
    if re.fullmatch(r"I-\d{9}-\d", value) is None:
        return False
    return compute_weighted_digit(value[2:11], constant=IPI_BASE_CONSTANT) == int(value[12])


def _is_ipi_name(value: str) -> bool:
    if re.fullmatch(rf"\d{{{IPI_NAME_DIGITS}}}", value) is None or not value.strip("0"):
        return False
    return compute_ipi_name_check(value[:9]) == value[9:]


def _is_isni(value: str) -> bool:
    return re.fullmatch(r"\d{15}[\dX]", value) is not None and isni.is_valid(value)


def _is_dpid(value: str) -> bool:
    return re.fullmatch(r"PADPIDA\d{10}[0-9A-Z]", value) is not None and mod_37_36.is_valid(value)


def _compact(text: str) -> str:
    return re.sub(r"[\s\-.\u2010-\u2015]", "", text).upper()


def _compact_ipi_base(text: str) -> str:
    compact = _compact(text)
    if re.fullmatch(r"I\d{10}", compact):
        return f"I-{compact[1:10]}-{compact[10]}"
    return compact


def _compact_ipi_name(text: str) -> str:
    compact = _compact(text)
    return compact.zfill(IPI_NAME_DIGITS) if compact.isdigit() else compact


def _strip_prefix(prefix: str) -> Callable[[str], str]:
    def compact(text: str) -> str:
        return _compact(text).removeprefix(prefix).removeprefix(":")

    return compact


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifierRule:
    """How one kind is normalized, checked and shown."""

    normalize: Callable[[str], str]
    is_valid: Callable[[str], bool]
    display: Callable[[str], str]
    expected: str


RULES: Final = {
    IdentifierKind.ISRC: IdentifierRule(
        normalize=_strip_prefix("ISRC"),
        is_valid=_is_isrc,
        display=lambda v: f"{v[:2]}-{v[2:5]}-{v[5:7]}-{v[7:]}",
        expected="two letters, three letters or digits, seven digits, as in US-S1Z-99-00001",
    ),
    IdentifierKind.ISWC: IdentifierRule(
        normalize=_strip_prefix("ISWC"),
        is_valid=_is_iswc,
        display=lambda v: f"T-{v[1:4]}.{v[4:7]}.{v[7:10]}-{v[10]}",
        expected="T, nine digits and a check digit, as in T-034.524.680-1",
    ),
    IdentifierKind.IPI_NAME: IdentifierRule(
        normalize=_compact_ipi_name,
        is_valid=_is_ipi_name,
        display=lambda v: v,
        expected="eleven digits of which the last two check the others, as in 00014107338",
    ),
    IdentifierKind.IPI_BASE: IdentifierRule(
        normalize=_compact_ipi_base,
        is_valid=_is_ipi_base,
        display=lambda v: v,
        expected="I, nine digits and a check digit, as in I-000000229-7",
    ),
    IdentifierKind.ISNI: IdentifierRule(
        normalize=_strip_prefix("ISNI"),
        is_valid=_is_isni,
        display=lambda v: f"{v[:4]} {v[4:8]} {v[8:12]} {v[12:]}",
        expected="fifteen digits and a check character, as in 0000 0001 2150 090X",
    ),
    IdentifierKind.DPID: IdentifierRule(
        normalize=_compact,
        is_valid=_is_dpid,
        display=lambda v: f"PA-DPIDA-{v[7:17]}-{v[17]}",
        expected="PADPIDA, ten digits and a check character, as in PA-DPIDA-2013020802-I",
    ),
}


def normalize_identifier(text: str, *, kind: IdentifierKind) -> str:
    """Return the normal form of an identifier however people wrote it.

    Raises
    ------
    InvalidIdentifier : if the pattern or the check digit is wrong
    """
    rule = RULES[kind]
    value = rule.normalize(text)
    if not rule.is_valid(value):
        raise InvalidIdentifier(kind=kind, text=text, expected=rule.expected)
    return value


def is_valid_identifier(text: str, *, kind: IdentifierKind) -> bool:
    """Tell whether the text is an identifier of this kind, in any usual spelling."""
    rule = RULES[kind]
    return rule.is_valid(rule.normalize(text))


def format_identifier(value: str, *, kind: IdentifierKind) -> str:
    """Return a normalized identifier as people write it; an empty one stays empty."""
    return RULES[kind].display(value) if value else ""
