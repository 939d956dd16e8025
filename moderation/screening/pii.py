"""Find private details: telephone numbers, e-mail and postal addresses, accounts, cards.

Numbers are only findings when they pass the check their kind has (a telephone plan, IBAN's modulus 97, Luhn),
because dates, ages, scores and house numbers in memories are not private details.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import phonenumbers
from stdnum import iban, luhn

from moderation.screening.identity_numbers import find_identity_numbers

# Countries whose national number formats are tried, by language of the message.
REGIONS = {
    "en": ("US", "GB", "AU"),
    "es": ("ES", "MX", "AR", "CO", "CL"),
    "pt": ("BR", "PT"),
    "fr": ("FR", "BE", "CA"),
    "de": ("DE", "AT", "CH"),
    "ko": ("KR",),
    "other": ("US",),
}
_MIN_PHONE_DIGITS = 8

_EMAIL = re.compile(
    r"[\w.+-]{1,64}\s?(?:@|\(at\)|\[at\]|\sat\s)\s?[\w-]{2,}\s?(?:\.|\(dot\)|\[dot\]|\sdot\s)\s?(?!dot\b)[a-z]{2,10}(?:\.[a-z]{2,3})?\b",
    re.IGNORECASE,
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}", re.IGNORECASE)
_MIN_IBAN_LENGTH = 15
_CARD = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")
# Fewest digits of a number that names a person, and of one that can be called.
_HAS_NUMBER = re.compile(r"\d(?:\D{0,3}\d){5,}")
_HAS_PHONE = re.compile(r"\d(?:\D{0,3}\d){6,}")
_URL = re.compile(
    r"\b(?:https?://|www\.)\S+|\b[\w-]+\.(?:com|net|org|info|shop|xyz|ru|cn|io|me|biz|top|site|online|store|link|gg|ly)\b(?:/\S*)?",
    re.IGNORECASE,
)
# A street, a number and something that makes it a whole address (postal code, flat, floor, city after a comma).
_ADDRESSES = tuple(
    re.compile(pattern, re.IGNORECASE | re.VERBOSE)
    for pattern in (
        # English: 221 Baker Street, Flat 2, London NW1 6XE
        r"""\b\d{1,5}[a-z]?,?\s(?:[a-z][\w'.-]+\s){1,4}
            (?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|close|terrace|crescent|place)\b\.?
            (?:\s(?:north|south|east|west|[ns][ew]?|[ew])\b)?(?:,?\s(?:apt|apartment|flat|unit|\#)\.?\s?\w+)?(?:,\s?[\w\s.'-]+?)?
            ,?\s(?:(?:[a-z]{2}\s)?\d{5}|[a-z]{1,2}\d[a-z\d]?\s?\d[a-z]{2})\b""",
        # Spanish: Calle Mayor 12, piso 3; Carrera 7 # 12-34, apto 5
        r"""\b(?:calle|c/|avenida|av(?:da?)?\.?|plaza|paseo|carrera|cra\.?|jir[oó]n|jr\.?)\s[\w\s.'áéíóúñ-]{1,40}?[,\s]\s?
            (?:n[º°o]?\.?\s?|\#\s?)?\d{1,5}[\w\s-]{0,8},?\s
            (?:piso|depto\.?|departamento|apto\.?|int\.?|\d+[º°ªa]|cp\s?\d{4,5}|\d{5})\b""",
        # Portuguese: Rua das Flores, 123, apto 4
        r"""\b(?:rua|r\.|avenida|av\.|travessa|alameda|pra[çc]a)\s[\w\s.'áéíóúâêôãõç-]{2,40}?[,\s]\s?
            (?:n[º°o]?\.?\s?)?\d{1,5},?\s(?:-\s)?
            (?:apto\.?|ap\.|apartamento|bloco|casa|cep|bairro|\d{4,5}-\d{3}|\d+[º°])""",
        # French: 12 bis rue de la Paix, 75002
        r"""\b\d{1,4}(?:\s?(?:bis|ter))?,?\s
            (?:rue|avenue|av\.|boulevard|bd|place|chemin|impasse|all[ée]e|quai|route)\s
            [\w\s.'àâçéèêëîïôûùüÿœ-]{2,50}?,?\s\d{5}\b""",
        # German: Musterstraße 12, 10115
        r"""\b[a-zäöü][\w.-]{2,30}(?:stra(?:ß|ss)e|str\.|weg|gasse|platz|allee|ring|damm|ufer)\s
            \d{1,4}\s?[a-z]?,?\s(?:in\s)?\d{4,5}\b""",
        # German: Am Markt 5, 80331
        r"""\b(?:am|an\sder|im|in\sder|zum|zur|auf\sdem|unter\sden)\s[a-zäöüß][\w.-]{2,30}\s\d{1,4}\s?[a-z]?,\s\d{5}\b""",
        # Korean: 서울시 강남구 테헤란로 12, 101동 202호
        r"""[가-힣]{1,8}(?:시|도|군|구)\s[가-힣\d]{1,10}(?:로|길|동)\s?\d{1,4}(?:-\d{1,4})?(?:번지|번길|호)?,?\s?
            (?:\d{1,4}동\s?)?\d{1,4}호""",
        # Korean: 경기도 성남시 분당구 판교로 235
        r"""[가-힣]{1,8}(?:시|도)\s(?:[가-힣]{1,8}(?:시|군|구)\s){1,2}[가-힣\d]{1,10}(?:로|길)\s?\d{1,4}(?!\d|번째|년|월|일)""",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateDetail:
    """A private detail; start, end : offsets in the text that was searched."""

    kind: str
    start: int
    end: int


def find_private_details(text: str, *, language: str) -> Iterator[PrivateDetail]:
    """Yield the private details in a text, as written."""
    if "@" in text or " at " in text or "(at" in text or "[at" in text:
        for match in _EMAIL.finditer(text):
            if "@" in match[0] or "dot" in match[0]:
                yield PrivateDetail(kind="email", start=match.start(), end=match.end())
    for pattern in _ADDRESSES:
        for match in pattern.finditer(text):
            yield PrivateDetail(kind="address", start=match.start(), end=match.end())
    if not _HAS_NUMBER.search(text):
        return
    for match in _IBAN.finditer(text):
        # The words behind an IBAN look like more of it; its check digits tell where it ends.
        for end in range(match.end(), match.start() + _MIN_IBAN_LENGTH - 1, -1):
            if text[end - 1].isalnum() and iban.is_valid(text[match.start() : end]):
                yield PrivateDetail(kind="iban", start=match.start(), end=end)
                break
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if luhn.is_valid(digits) and digits[0] in "23456":
            yield PrivateDetail(kind="card", start=match.start(), end=match.end())
    for start, end in dict.fromkeys(find_identity_numbers(text)):
        yield PrivateDetail(kind="identity_number", start=start, end=end)
    if not _HAS_PHONE.search(text):
        return
    seen: set[tuple[int, int]] = set()
    for region in REGIONS.get(language, ("US",)):
        for number in phonenumbers.PhoneNumberMatcher(text, region):
            interval = (number.start, number.end)
            n_digits = sum(char.isdigit() for char in number.raw_string)
            if interval not in seen and n_digits >= _MIN_PHONE_DIGITS:
                seen.add(interval)
                yield PrivateDetail(kind="phone", start=number.start, end=number.end)


def find_links(text: str) -> Iterator[tuple[int, int]]:
    """Yield the intervals of web addresses."""
    for match in _URL.finditer(text):
        yield match.start(), match.end()
