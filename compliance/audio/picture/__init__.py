"""Parts of the timeline: a canvas, its colors, the heading, curves and lanes."""
