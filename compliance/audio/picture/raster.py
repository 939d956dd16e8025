"""Turn a drawn timeline into pixels: for letters, tickets and programs that show no SVG."""

import resvg_py

# Pixels for each unit of the drawing: sharp on paper and on dense screens.
ZOOM = 2.0


def render_png(svg: str) -> bytes:
    """Return an SVG of ours as PNG, on white, whatever the reader's color scheme; fonts are the machine's."""
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg, zoom=ZOOM, background="#ffffff", sans_serif_family="DejaVu Sans"
        )
    )
