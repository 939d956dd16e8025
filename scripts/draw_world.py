"""Draw the outlines of countries for the catalog's maps: `python scripts/draw_world.py FOLDER`.

FOLDER holds `countries-110m.json` and `countries-10m.json` of the package world-atlas 2.0.2 (ISC; the outlines are those of
Natural Earth, in the public domain). Writes catalog/admin/world.json: by ISO 3166-1 code either an SVG path or, for what is
too small to be drawn, the place of a dot. Equal Earth projection, 1000 units wide.
"""

import json
import math
import sys
from itertools import pairwise
from pathlib import Path

import pycountry

TARGET = Path(__file__).parent.parent / "catalog" / "admin" / "world.json"
WIDTH = 1000
# The far south has no country in it that anybody licenses.
SOUTHERNMOST_DEG = -58.0
# Outlines shorter than this many points after rounding are no outlines.
MIN_POINTS = 4
# Parts of other countries in Natural Earth, or missing there: longitude and latitude.
PLACES = {
    "BQ": (-68.3, 12.2), "BV": (3.4, -54.4), "CC": (96.8, -12.2), "CX": (105.6, -10.5), "GF": (-53.1, 3.9), "GP": (-61.6, 16.3),
    "MQ": (-61.0, 14.6), "RE": (55.5, -21.1), "SJ": (16.0, 78.5), "TK": (-171.8, -9.2), "YT": (45.2, -12.8),
}  # fmt: skip


def project(longitude: float, latitude: float) -> tuple[float, float]:
    """Return x and y in units of the drawing (B. Šavrič, T. Patterson, B. Jenny: The Equal Earth map projection, 2018)."""
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    theta = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(latitude)))
    slope = 9 * a4 * theta**8 + 7 * a3 * theta**6 + 3 * a2 * theta**2 + a1
    x = 2 * math.sqrt(3) * math.radians(longitude) * math.cos(theta) / (3 * slope)
    y = theta * (a1 + a2 * theta**2 + theta**6 * (a3 + a4 * theta**2))
    scale = WIDTH / (2 * 2.70663)  # x at 180 degrees on the equator
    return WIDTH / 2 + x * scale, 243.5 - y * scale


def read_countries(path: Path) -> dict[str, list[list[tuple[float, float]]]]:
    """Return the outer rings of each country, by its two-letter code."""
    topology = json.loads(path.read_text())
    (kx, ky), (dx, dy) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            points.append((x * kx + dx, y * ky + dy))
        arcs.append(points)

    def join(indices: list[int]) -> list[tuple[float, float]]:
        ring: list[tuple[float, float]] = []
        for index in indices:
            points = arcs[index] if index >= 0 else arcs[~index][::-1]
            ring += points[1 if ring else 0 :]
        return ring

    countries: dict[str, list[list[tuple[float, float]]]] = {}
    for shape in topology["objects"]["countries"]["geometries"]:
        country = pycountry.countries.get(numeric=str(shape.get("id", "")).zfill(3))
        if country is None or not shape.get("arcs"):
            continue
        polygons = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
        countries.setdefault(country.alpha_2, []).extend(join(rings[0]) for rings in polygons)
    return countries


def split_ring(ring: list[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Return a ring that crosses the antimeridian as two, one on each side."""
    jumps = (abs(a[0] - b[0]) for a, b in pairwise(ring))
    if max(jumps, default=0) <= 180:
        return [ring]
    return [[point for point in ring if point[0] > 0], [point for point in ring if point[0] < 0]]


def draw_ring(ring: list[tuple[float, float]]) -> str:
    """Return a ring as a path of whole units, nothing if it is too small."""
    points: list[tuple[int, int]] = []
    for longitude, latitude in ring:
        x, y = project(longitude, max(latitude, SOUTHERNMOST_DEG))
        if not points or points[-1] != (round(x), round(y)):
            points.append((round(x), round(y)))
    if len(points) < MIN_POINTS:
        return ""
    steps = " ".join(
        f"{x - before_x} {y - before_y}" for (before_x, before_y), (x, y) in pairwise(points[:-1])
    )
    return f"M{points[0][0]} {points[0][1]}l{steps}z".replace(" -", "-")


def find_middle(rings: list[list[tuple[float, float]]]) -> tuple[float, float]:
    """Return the middle of the longest ring."""
    ring = max(rings, key=len)
    return tuple(sum(axis) / len(ring) for axis in zip(*ring, strict=True))  # type: ignore[return-value]


def main() -> None:
    """Draw every country."""
    folder = Path(sys.argv[1])
    coarse = read_countries(folder / "countries-110m.json")
    fine = read_countries(folder / "countries-10m.json")
    world: dict[str, object] = {}
    for country in sorted(pycountry.countries, key=lambda country: country.alpha_2):
        code = country.alpha_2
        if code == "AQ":
            continue
        rings = [part for ring in coarse.get(code, []) for part in split_ring(ring)]
        path = "".join(draw_ring(ring) for ring in rings)
        if path and code not in PLACES:
            world[code] = path
        else:
            place = PLACES.get(code) or find_middle(fine[code])
            world[code] = [round(value) for value in project(*place)]
    TARGET.write_text(json.dumps(world, separators=(",", ":")) + "\n")
    print(f"{TARGET.name}: {len(world)} countries, {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
