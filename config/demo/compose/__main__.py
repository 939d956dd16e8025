"""Render the demo catalog: `python -m config.demo.compose`."""

import argparse
import sys
from pathlib import Path

from config.demo.compose.acoustics import Stereo, quantize
from config.demo.compose.encoding import write_ogg
from config.demo.compose.ferry import FERRY
from config.demo.compose.harbor import HARBOR
from config.demo.compose.lanterns import LANTERNS
from config.demo.compose.moonlit import MOONLIT, VOCAL
from config.demo.compose.rendering import render_mix, render_part
from config.demo.compose.static import STATIC
from config.demo.compose.tables import (
    REFERENCE_COLUMNS,
    STEM_COLUMNS,
    list_reference_rows,
    list_stem_rows,
    name_stem,
    write_table,
)

CATALOG = Path(__file__).parents[1] / "catalog"
# Where Debian's fluid-soundfont-gm puts it.
SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")

STEM_PIECES = (MOONLIT, LANTERNS, HARBOR)
REFERENCE_PIECES = (STATIC, FERRY)


def main() -> None:
    """Render every stem, reference and the vocal, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=CATALOG, help="catalog folder to write")
    parser.add_argument("--soundfont", type=Path, default=SOUNDFONT, help="FluidR3 GM soundfont")
    options = parser.parse_args()
    audio = options.out / "audio"
    audio.mkdir(parents=True, exist_ok=True)
    for piece in STEM_PIECES:
        for part in piece.parts:
            signal = render_part(part, piece=piece, soundfont=options.soundfont)
            _save(audio / f"{name_stem(piece, part)}.ogg", signal)
    for piece in REFERENCE_PIECES:
        _save(audio / f"{piece.slug}.ogg", render_mix(piece, soundfont=options.soundfont))
    vocal = render_part(VOCAL, piece=MOONLIT, soundfont=options.soundfont)
    _save(options.out / "vocal.ogg", vocal)
    write_table(options.out / "stems.csv", columns=STEM_COLUMNS, rows=list_stem_rows(STEM_PIECES))
    write_table(
        options.out / "references.csv",
        columns=REFERENCE_COLUMNS,
        rows=list_reference_rows(REFERENCE_PIECES),
    )


def _save(path: Path, signal: Stereo) -> None:
    """Write one recording and say so."""
    write_ogg(path, samples=quantize(signal))
    sys.stdout.write(f"{path.name}  {path.stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    main()
