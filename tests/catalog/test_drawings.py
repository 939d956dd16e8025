"""Drawings say in colors what their words say."""

import re

import pytest

from catalog.admin.drawings import FAINT, GREEN, RED, draw_world, read_world
from catalog.rights.territories import ALL_TERRITORIES


def count_colors(drawing: str) -> dict[str, int]:
    return {color: drawing.count(f'<g fill="{color}">') for color in (GREEN, RED, FAINT)}


def test_every_country_but_antarctica_is_on_the_map():
    assert set(read_world()) == ALL_TERRITORIES - {"AQ"}


@pytest.mark.parametrize(
    ("allowed", "forbidden", "green", "red"),
    [
        ((), (), 0, 0),
        ({"DE", "AT"}, (), 2, 0),
        ({"DE", "AT"}, {"AT", "US"}, 1, 2),
        (ALL_TERRITORIES, (), 248, 0),
    ],
    ids=["nothing", "two countries", "one of them forbidden", "everywhere"],
)
def test_a_country_is_green_where_it_is_allowed_and_red_where_it_is_forbidden(
    allowed, forbidden, green, red
):
    colors = count_colors(draw_world(allowed, forbidden=forbidden))
    assert colors == {GREEN: green, RED: red, FAINT: 248 - green - red}


def test_the_map_says_the_same_in_words():
    drawing = draw_world({"DE", "AT"}, forbidden={"US"})
    assert 'aria-label="Map: AT, DE; forbidden: US"' in drawing
    assert "<title>Germany: included</title>" in drawing


@pytest.mark.parametrize("shape", read_world().values(), ids=read_world())
def test_outlines_stay_on_the_map(shape):
    if not isinstance(shape, str):
        assert 0 <= shape[0] <= 1000
        assert 0 <= shape[1] <= 436
        return
    for ring in shape.split("M")[1:]:
        start, steps = ring.rstrip("z").split("l")
        x, y = map(int, start.split())
        for dx, dy in re.findall(r"(-?\d+) ?(-?\d+)", steps):
            x, y = x + int(dx), y + int(dy)
            assert 0 <= x <= 1000
            assert 0 <= y <= 436
