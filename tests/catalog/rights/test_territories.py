import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.rights.territories import (
    ALL_TERRITORIES,
    InvalidTerritory,
    describe_territories,
    expand_territories,
    parse_territories,
)


@pytest.mark.parametrize(
    ("text", "signed", "leaves"),
    [
        ("DE", "+DE", {"DE"}),
        ("de at ch", "+AT +CH +DE", {"DE", "AT", "CH"}),
        ("Germany; France", "+DE +FR", {"DE", "FR"}),
        ("UK", "+GB", {"GB"}),
        ("Worldwide", "+Worldwide", ALL_TERRITORIES),
        ("Worldwide except US, CA", "+Worldwide -CA -US", ALL_TERRITORIES - {"US", "CA"}),
        ("World (excluding Japan)", "+Worldwide -JP", ALL_TERRITORIES - {"JP"}),
        ("+Worldwide -US", "+Worldwide -US", ALL_TERRITORIES - {"US"}),
        ("Bolivia, Plurinational State of", None, None),
        ("Trinidad and Tobago", "+TT", {"TT"}),
    ],
)
def test_expressions_come_down_to_countries(text, signed, leaves):
    if signed is None:
        with pytest.raises(InvalidTerritory):
            parse_territories(text)
        return
    expression = parse_territories(text)
    assert expression.signed == signed
    assert expression.leaves == leaves


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Narnia", "Narnia"),
        ("", "nothing that is included"),
        ("except US", "nothing that is included"),
        ("DE except US", "never included"),
        ("DE except DE", "no territory at all"),
    ],
)
def test_an_expression_without_meaning_is_refused(text, problem):
    with pytest.raises(InvalidTerritory, match=problem):
        parse_territories(text)


def test_worldwide_is_expanded_and_an_unknown_code_refused():
    assert expand_territories(["Worldwide"]) == ALL_TERRITORIES
    with pytest.raises(InvalidTerritory):
        expand_territories(["DE", "XX"])


@settings(deadline=None)
@given(st.frozensets(st.sampled_from(sorted(ALL_TERRITORIES)), min_size=1))
def test_what_is_described_reads_back_as_the_same_countries(codes):
    assert parse_territories(describe_territories(codes)).leaves == codes


@settings(deadline=None)
@given(st.frozensets(st.sampled_from(sorted(ALL_TERRITORIES)), min_size=1, max_size=20))
def test_the_signed_form_is_stable(codes):
    signed = parse_territories(" ".join(codes)).signed
    assert parse_territories(signed).signed == signed
