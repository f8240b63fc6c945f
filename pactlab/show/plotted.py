"""A short hash of what a figure plots, the same on every machine even where its picture is not."""

import hashlib
from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter

BACKGROUND = "background"
"""An artist with this `gid` is scenery (a coastline), not data."""


def _numbers(values: object) -> list[str]:
    return [f"{number:.6g}" for number in np.ma.filled(np.ma.asarray(values, dtype=float), np.nan).ravel()]


def _values(axes: Axes) -> Iterator[str]:
    for artist in axes.get_children():
        if artist.get_gid() == BACKGROUND or not artist.get_visible():
            continue
        if isinstance(artist, Line2D):
            yield from ["line", *_numbers(artist.get_xydata())]
        elif isinstance(artist, Rectangle) and artist is not axes.patch:
            yield from [
                "bar",
                *_numbers([artist.get_x(), artist.get_y(), artist.get_width(), artist.get_height()]),
            ]
        elif isinstance(artist, Collection):
            yield from ["points", *_numbers(artist.get_offsets())]
            yield from (number for path in artist.get_paths() for number in _numbers(path.vertices))
        elif isinstance(artist, Text) and artist.get_text():
            yield from ["text", artist.get_text()]
    for axis in (axes.xaxis, axes.yaxis):
        yield axis.get_label_text()
        # Only labels that were set by hand are data; the numbers matplotlib chooses may change between releases.
        if isinstance(axis.get_major_formatter(), FixedFormatter):
            yield from axis.get_major_formatter().seq


def plotted(figure: Figure) -> str:
    """Return twelve hexadecimal digits that change when a plotted value, label or text changes.

    figure: any matplotlib figure; values count to six significant digits, colours and sizes do not count.
    """
    said = [text for axes in figure.axes for text in _values(axes)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:12]
