"""The manifest: what a generator declares to have placed where in the song."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# More placements than this in one song are refused.
MAX_PLACEMENTS = 500
# A song and a stem are shorter than a day, in seconds.
MAX_TIME_S = 86_400.0
MAX_GAIN_DB = 60.0
MIN_RATIO, MAX_RATIO = 0.5, 2.0
MAX_PITCH_CENTS = 1200.0
# A loop shorter than this is a tone, not a loop, in seconds.
MIN_LOOP_S = 0.02
MAX_STEM_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One stretch of a stem in the song.

    Seconds `stem_start_s` to `stem_start_s + length_s` of the stem sound from `song_start_s` on.
    With `loop_s`, the stretch `[stem_start_s, stem_start_s + loop_s)` is repeated instead until
    `length_s` is filled.  Times count in the stem after speed, tempo and pitch were applied.
    `gain_db` is a hint only.
    """

    stem: str
    song_start_s: float
    length_s: float
    stem_start_s: float = 0.0
    gain_db: float = 0.0
    loop_s: float | None = None
    speed: float = 1.0
    tempo: float = 1.0
    pitch_cents: float = 0.0

    @property
    def song_end_s(self) -> float:
        """Return where the placement ends in the song, in seconds."""
        return self.song_start_s + self.length_s


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestError:
    """One thing that is wrong, at a JSON pointer."""

    pointer: str
    code: str
    text: str


class InvalidManifest(Exception):
    """The manifest cannot be used; `errors` holds everything that is wrong with it."""

    def __init__(self, errors: tuple[ManifestError, ...]) -> None:
        """Keep every error."""
        super().__init__("; ".join(f"{one.pointer or '/'}: {one.text}" for one in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberField:
    """What a numeric field may hold."""

    name: str
    lowest: float
    highest: float
    default: float | None = None
    is_nullable: bool = False
    excludes_lowest: bool = False

    @property
    def is_required(self) -> bool:
        """Tell whether the field must be given."""
        return self.default is None and not self.is_nullable


NUMBER_FIELDS = (
    NumberField(name="stem_start_s", lowest=0.0, highest=MAX_TIME_S, default=0.0),
    NumberField(name="song_start_s", lowest=0.0, highest=MAX_TIME_S),
    NumberField(name="length_s", lowest=0.0, highest=MAX_TIME_S, excludes_lowest=True),
    NumberField(name="gain_db", lowest=-MAX_GAIN_DB, highest=MAX_GAIN_DB, default=0.0),
    NumberField(name="loop_s", lowest=MIN_LOOP_S, highest=MAX_TIME_S, is_nullable=True),
    NumberField(name="speed", lowest=MIN_RATIO, highest=MAX_RATIO, default=1.0),
    NumberField(name="tempo", lowest=MIN_RATIO, highest=MAX_RATIO, default=1.0),
    NumberField(name="pitch_cents", lowest=-MAX_PITCH_CENTS, highest=MAX_PITCH_CENTS, default=0.0),
)
PLACEMENT_FIELDS = frozenset({"stem", *(field.name for field in NUMBER_FIELDS)})

Report = Callable[[str, str, str], None]


def parse_manifest(data: object) -> tuple[Placement, ...]:
    """Return the placements of a manifest decoded from JSON.

    Raises
    ------
    InvalidManifest : with every error found, each with a JSON pointer
    """
    errors: list[ManifestError] = []

    def report(pointer: str, code: str, text: str) -> None:
        errors.append(ManifestError(pointer=pointer, code=code, text=text))

    placements = _parse_placements(data, report)
    if errors:
        raise InvalidManifest(tuple(errors))
    return placements


def _parse_placements(data: object, report: Report) -> tuple[Placement, ...]:
    if not isinstance(data, Mapping):
        report("", "manifest.not_object", f"expected an object, got {_name_type(data)}")
        return ()
    for name in data:
        if name != "placements":
            report(_point(name), "manifest.unknown_field", "is not a field of a manifest")
    if "placements" not in data:
        report("/placements", "manifest.missing", "is required")
        return ()
    rows = data["placements"]
    if not isinstance(rows, list):
        report("/placements", "manifest.not_list", f"expected a list, got {_name_type(rows)}")
        return ()
    if not 1 <= len(rows) <= MAX_PLACEMENTS:
        report(
            "/placements",
            "manifest.size",
            f"expected 1 to {MAX_PLACEMENTS} placements, got {len(rows)}",
        )
        return ()
    parsed = (_parse_placement(row, f"/placements/{n}", report) for n, row in enumerate(rows))
    return tuple(placement for placement in parsed if placement is not None)


def _parse_placement(row: object, pointer: str, report: Report) -> Placement | None:
    if not isinstance(row, Mapping):
        report(pointer, "manifest.not_object", f"expected an object, got {_name_type(row)}")
        return None
    for name in row:
        if name not in PLACEMENT_FIELDS:
            report(
                pointer + _point(name), "manifest.unknown_field", "is not a field of a placement"
            )
    stem = _parse_stem(row, f"{pointer}/stem", report)
    numbers: dict[str, float | None] = {}
    for field in NUMBER_FIELDS:
        parsed = _parse_number(row, field, f"{pointer}/{field.name}", report)
        if parsed is not _BAD:
            numbers[field.name] = parsed
    if stem is None or len(numbers) < len(NUMBER_FIELDS):
        return None
    return Placement(stem=stem, **numbers)  # type: ignore[arg-type]


def _parse_stem(row: Mapping[str, object], pointer: str, report: Report) -> str | None:
    if "stem" not in row:
        report(pointer, "manifest.missing", "is required")
        return None
    stem = row["stem"]
    if not isinstance(stem, str):
        report(pointer, "manifest.not_string", f"expected a string, got {_name_type(stem)}")
        return None
    if not stem.strip() or len(stem) > MAX_STEM_NAME or not stem.isprintable():
        report(
            pointer,
            "manifest.bad_name",
            f"expected 1 to {MAX_STEM_NAME} printable characters, got {stem[:40]!r}",
        )
        return None
    return stem


# Stands for a value that was reported; None is a value.
_BAD: float = math.nan


def _parse_number(
    row: Mapping[str, object], field: NumberField, pointer: str, report: Report
) -> float | None:
    if field.name not in row:
        if field.is_required:
            report(pointer, "manifest.missing", "is required")
            return _BAD
        return field.default
    value = row[field.name]
    if value is None and field.is_nullable:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        report(pointer, "manifest.not_number", f"expected a number, got {_name_type(value)}")
        return _BAD
    if isinstance(value, float) and not math.isfinite(value):
        report(pointer, "manifest.not_finite", f"expected a finite number, got {value}")
        return _BAD
    if not field.lowest <= value <= field.highest or (
        field.excludes_lowest and value == field.lowest
    ):
        above = "more than " if field.excludes_lowest else ""
        report(
            pointer,
            "manifest.out_of_range",
            f"expected {above}{field.lowest:g} to {field.highest:g}, got {_shorten(value)}",
        )
        return _BAD
    return float(value)


def _shorten(value: float) -> str:
    return str(value)[:20]


def _point(name: object) -> str:
    return "/" + str(name)[:60].replace("~", "~0").replace("/", "~1")


def _name_type(value: object) -> str:
    names = {dict: "object", list: "list", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number" if isinstance(value, int | float) else "other")
