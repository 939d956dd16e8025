import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.rights.identifiers import (
    RULES,
    IdentifierKind,
    InvalidIdentifier,
    compute_ipi_name_check,
    compute_weighted_digit,
    format_identifier,
    is_valid_identifier,
    normalize_identifier,
)

# Published examples (ISO 15706/15707, CISAC, isni.org, DDEX), as people write them.
SAMPLES = [
    (IdentifierKind.ISRC, "us-s1z-99-00001", "USS1Z9900001", "US-S1Z-99-00001"),
    (IdentifierKind.ISRC, "ISRC US-S1Z-99-00001", "USS1Z9900001", "US-S1Z-99-00001"),
    (IdentifierKind.ISWC, "T-034.524.680-1", "T0345246801", "T-034.524.680-1"),
    (IdentifierKind.IPI_BASE, "i 000000229 7", "I-000000229-7", "I-000000229-7"),
    (IdentifierKind.IPI_NAME, "14107338", "00014107338", "00014107338"),
    (IdentifierKind.ISNI, "0000 0001 2150 090x", "000000012150090X", "0000 0001 2150 090X"),
    (IdentifierKind.DPID, "PA-DPIDA-2013020802-I", "PADPIDA2013020802I", "PA-DPIDA-2013020802-I"),
]


@pytest.mark.parametrize(("kind", "written", "stored", "shown"), SAMPLES)
def test_identifiers_are_stored_normalized_and_shown_as_written(kind, written, stored, shown):
    assert normalize_identifier(written, kind=kind) == stored
    assert format_identifier(stored, kind=kind) == shown
    assert normalize_identifier(shown, kind=kind) == stored


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (IdentifierKind.ISRC, "US-S1Z-99-0001"),
        (IdentifierKind.ISRC, "1S-S1Z-99-00001"),
        (IdentifierKind.ISWC, "T-034.524.680-2"),
        (IdentifierKind.ISWC, "T-034.524.68"),
        (IdentifierKind.IPI_BASE, "I-000000229-8"),
        (IdentifierKind.IPI_NAME, "00014107339"),
        (IdentifierKind.IPI_NAME, "00000000000"),
        (IdentifierKind.ISNI, "0000 0001 2150 0909"),
        (IdentifierKind.DPID, "PADPIDA2013020802J"),
        (IdentifierKind.DPID, ""),
    ],
)
def test_a_wrong_identifier_is_refused_with_what_was_expected(kind, text):
    with pytest.raises(InvalidIdentifier) as caught:
        normalize_identifier(text, kind=kind)
    assert caught.value.text == text
    assert RULES[kind].expected in str(caught.value)


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=10**9 - 1), st.integers(min_value=1, max_value=9))
def test_changing_the_check_digit_of_an_iswc_makes_it_invalid(number, change):
    digits = f"{number:09d}"
    check = compute_weighted_digit(digits, constant=1)
    assert is_valid_identifier(f"T{digits}{check}", kind=IdentifierKind.ISWC)
    assert not is_valid_identifier(f"T{digits}{(check + change) % 10}", kind=IdentifierKind.ISWC)


@settings(deadline=None)
@given(st.integers(min_value=1, max_value=10**9 - 1), st.integers(min_value=1, max_value=99))
def test_changing_the_check_digits_of_an_ipi_name_makes_it_invalid(number, change):
    digits = f"{number:09d}"
    check = compute_ipi_name_check(digits)
    assert is_valid_identifier(digits + check, kind=IdentifierKind.IPI_NAME)
    other = f"{(int(check) + change) % 100:02d}"
    assert not is_valid_identifier(digits + other, kind=IdentifierKind.IPI_NAME)


@settings(deadline=None)
@given(st.text(max_size=30), st.sampled_from(IdentifierKind))
def test_any_text_is_either_valid_or_refused_and_normalizing_twice_changes_nothing(text, kind):
    if is_valid_identifier(text, kind=kind):
        stored = normalize_identifier(text, kind=kind)
        assert normalize_identifier(stored, kind=kind) == stored
        assert normalize_identifier(format_identifier(stored, kind=kind), kind=kind) == stored
