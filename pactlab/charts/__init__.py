"""Charts: each takes a frame and returns matplotlib axes, in one style that can be read on a telephone and in grey."""

from pactlab.charts.bars import bars, label_bars, side_by_side
from pactlab.charts.canvas import canvas
from pactlab.charts.lines import lines
from pactlab.charts.matrix import matrix
from pactlab.charts.region import region_map
from pactlab.charts.slope import slope
from pactlab.charts.style import ACCENT, INK, LIGHT, MUTED, SECOND, WIDTH
from pactlab.charts.timeline import timeline

__all__ = [
    "ACCENT",
    "INK",
    "LIGHT",
    "MUTED",
    "SECOND",
    "WIDTH",
    "bars",
    "canvas",
    "label_bars",
    "lines",
    "matrix",
    "region_map",
    "side_by_side",
    "slope",
    "timeline",
]
