"""Find numbers by which states and banks know a person.

A number whose way of writing is unmistakable counts as it stands. One that could as well be a score or a telephone number
counts where the text names its kind just before it, and where its check digits, if it has any, are right (python-stdnum).
"""

import re
from collections.abc import Callable, Iterator

from stdnum.at import vnr
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.co import nit
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.gb import nhs
from stdnum.mx import curp
from stdnum.pt import nif

# Numbers with a way of writing of their own. Korean registration numbers have had no check digit since 2020.
_WRITTEN = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)",  # United States: social security
        r"\b(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b",  # United Kingdom: NI
        r"(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)",  # Brazil: CPF
        r"(?<!\d)\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}(?!\d)",  # Brazil: CNPJ
        r"(?<!\d)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-[1-8]\d{6}(?!\d)",  # Korea: resident registration
        r"\b[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d{2} ?\d{3} ?\d{3} ?\d{2}\b",  # France: social security
        r"(?<!\d)756\.\d{4}\.\d{4}\.\d{2}(?!\d)",  # Switzerland: AHV
        r"(?<!\d)\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}(?!\d)",  # Belgium: national number
        r"(?<!\d)(?:20|23|24|27|30|33|34)-\d{8}-\d(?!\d)",  # Argentina: CUIT
        r"(?<!\d)\d{1,2}\.\d{3}\.\d{3}-[\dk]\b",  # Chile: RUT
    )
)
# Letters and digits that could be a serial number: their check letter decides.
_CHECKED: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (re.compile(r"\b\d{8}[- ]?[A-Z]\b", re.IGNORECASE), dni.is_valid),  # Spain
    (
        re.compile(r"\b[XYZ][- ]?\d{7}[- ]?[A-Z]\b", re.IGNORECASE),
        nie.is_valid,
    ),  # Spain, foreigners
    (re.compile(r"\b[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z\d]\d\b", re.IGNORECASE), curp.is_valid),  # Mexico
)
_DIGITS = r"\d(?:[ .-]?\d){%d,%d}"
# Numbers that count after their name: the name, how many digits, and the check.
_NAMED: tuple[tuple[re.Pattern[str], Callable[[str], bool] | None], ...] = tuple(
    (re.compile(rf"\b(?:{name})\b\D{{0,20}}?({number})(?!\d)", re.IGNORECASE), check)
    for name, number, check in (
        (r"ssn|social(?: security)?(?: number)?", _DIGITS % (8, 8), None),
        (r"nhs", _DIGITS % (9, 9), nhs.is_valid),
        (r"sin|nas|social insurance", _DIGITS % (8, 8), sin.is_valid),
        (r"cpf", _DIGITS % (10, 10), cpf.is_valid),
        (r"nif|contribuinte", _DIGITS % (8, 8), nif.is_valid),
        (r"dni|documento", _DIGITS % (6, 7), None),
        (r"nit", _DIGITS % (8, 10), nit.is_valid),
        (r"c[ée]dula", _DIGITS % (6, 10), None),
        (r"steuer-?id\w*|steuer-?identifikations\w+|idnr", _DIGITS % (10, 10), idnr.is_valid),
        (r"svnr|sv-nummer|sozialversicherungs\w+", _DIGITS % (9, 9), vnr.is_valid),
        (r"passport|pasaporte|passaporte|passeport|reisepass\w*", r"[A-Z]{0,2}\d{6,9}", None),
        (
            (r"account number|bank account|kontonummer|cuenta corriente|n[úu]mero de cuenta|conta corrente"
            r"|n[úu]mero da conta|num[ée]ro de compte"),
            _DIGITS % (7, 17),
            None,
        ),
    )
)  # fmt: skip
_KOREAN_NAMED = re.compile(
    rf"(?:주민(?:등록)?번호|여권(?:번호)?|계좌(?:번호)?|면허번호)\D{{0,10}}?([A-Z]{{0,2}}{_DIGITS % (6, 15)})"
)


def find_identity_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yield the intervals of numbers that name a person."""
    for pattern in _WRITTEN:
        for match in pattern.finditer(text):
            yield match.span()
    for pattern, is_valid in _CHECKED:
        for match in pattern.finditer(text):
            if is_valid(match[0]):
                yield match.span()
    for pattern, check in _NAMED:
        for match in pattern.finditer(text):
            if check is None or check(match[1]):
                yield match.span(1)
    for match in _KOREAN_NAMED.finditer(text):
        yield match.span(1)
