"""Colors of the timeline, for light and for dark, as one inline style sheet.

Colors are written out for both: converters to PDF and PNG know no CSS variables.
"""

from collections.abc import Mapping

# Light and dark.  Text has a contrast of at least 4.5 on its ground in both.
COLORS = {
    "paper": ("#ffffff", "#14171c"),
    "lane": ("#f4f6f8", "#1c2128"),
    "grid": ("#dde2e8", "#2d343d"),
    "ink": ("#1b2027", "#e8eaed"),
    "faint": ("#56606c", "#a3adb9"),
    "inverse": ("#ffffff", "#101418"),
    "present": ("#0f766e", "#3cc4b4"),
    "heard": ("#c9e6e2", "#1d4f4a"),
    "vocal": ("#6d4aa8", "#b79cf2"),
    "red": ("#b42318", "#ff8a80"),
    "red-ground": ("#fde6e4", "#43191b"),
    "amber": ("#a15c07", "#f5b54a"),
    "green": ("#15703a", "#5fd38d"),
    "gray": ("#7b8794", "#7b8794"),
    "gray-ground": ("#e4e8ec", "#333a44"),
    "level": ("#9fb1c5", "#52687f"),
    "curve": ("#2c4a68", "#b3cbe3"),
}
# What a class colors: (selector, property, color).
_COLORED = (
    (".paper", "fill", "paper"),
    (".lane", "fill", "lane"),
    (".grid", "stroke", "grid"),
    (".rule", "stroke", "gray"),
    ("text", "fill", "ink"),
    (".faint", "fill", "faint"),
    (".on-bar", "fill", "inverse"),
    (".on-badge", "fill", "inverse"),
    (".strip", "fill", "gray"),
    (".rejected.edge", "stroke", "red"),
    (".needs_review.edge", "stroke", "amber"),
    (".present", "fill", "present"),
    (".heard", "fill", "heard"),
    (".heard", "stroke", "present"),
    (".other", "fill", "gray-ground"),
    (".other", "stroke", "gray"),
    (".vocal", "fill", "vocal"),
    (".absent", "stroke", "red"),
    (".absent", "fill", "red-ground"),
    (".absent-stripes", "stroke", "red"),
    (".unverifiable", "stroke", "gray"),
    (".unverifiable", "fill", "gray-ground"),
    (".unverifiable-stripes", "stroke", "gray"),
    (".missing", "stroke", "gray"),
    (".rejected", "fill", "red"),
    (".needs_review", "fill", "amber"),
    (".approved", "fill", "green"),
    (".limit", "stroke", "red"),
    (".level", "fill", "level"),
    (".curve", "stroke", "curve"),
)
_SHAPES = """
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
.outcome,.heading{font-weight:700}
.name{font-weight:600}
.edge{stroke-opacity:.55}
.grid,.rule{stroke-width:1}
.absent-stripes,.unverifiable-stripes{stroke-width:20}
.thin{stroke-width:12}
.badge{rx:4px}
.absent-stripes{stroke-dasharray:2 5}
.unverifiable-stripes{stroke-dasharray:1 5}
.missing{fill:none;stroke-dasharray:4 4}
.limit{stroke-width:1.5;stroke-dasharray:6 4}
.curve{fill:none;stroke-width:1.75;stroke-linejoin:round}
.band{fill-opacity:.1}
.over{fill-opacity:.55}
"""


def build_style(font_sizes: Mapping[str, float]) -> str:
    """Return the style sheet, dark where the reader prefers dark."""
    sizes = "".join(f".{name}{{font-size:{size:g}px}}" for name, size in font_sizes.items())
    light, dark = (
        "".join(f"{where}{{{what}:{COLORS[name][number]}}}" for where, what, name in _COLORED)
        for number in (0, 1)
    )
    shapes = _SHAPES.replace("\n", "")
    return f"{light}{sizes}{shapes}@media (prefers-color-scheme:dark){{{dark}}}"
