"""A table of signs or short texts: rows against columns."""

from collections.abc import Mapping
from textwrap import fill

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

from pactlab.charts.canvas import canvas
from pactlab.charts.style import ACCENT, INK, LIGHT, MUTED

MOST_LETTERS = 14
"""Letters in a line of an upright column label."""


def _letter(letter: str) -> Path:
    """Return the outline of a letter, centred; a marker such as "$?$" would be parsed as a formula each time."""
    outline = TextPath((0, 0), letter, size=10, prop=FontProperties(family="DejaVu Sans"))
    box = outline.get_extents()
    return Affine2D().translate(-(box.x0 + box.x1) / 2, -(box.y0 + box.y1) / 2).transform_path(outline)


SIGNS = {
    "yes": {"marker": "o", "s": 70, "facecolor": ACCENT, "edgecolor": ACCENT},
    "no": {"marker": "_", "s": 70, "color": MUTED, "linewidth": 1.6},
    "unclear": {"marker": _letter("?"), "s": 90, "facecolor": INK, "edgecolor": INK, "linewidth": 0.2},
    "part": {"marker": "o", "s": 70, "facecolor": "white", "edgecolor": ACCENT, "linewidth": 1.4},
}
"""What a cell can say, and the sign that says it: filled, dash, question mark, ring; none depends on colour."""


def matrix(
    table: pd.DataFrame,
    *,
    signs: Mapping[str, str] | None = None,
    rotate: int = 55,
    height: float | None = None,
    margins: tuple[float, float, float, float] | None = None,
) -> Axes:
    """Draw a frame of words as signs (filled dot, dash, question mark, ring), one row and one column as in the frame.

    table: cells hold words. signs: word of the table to one of "yes", "no", "unclear", "part"; words that are not in it
    are written into the cell as text; missing cells stay empty. rotate: angle of the column labels in degrees.

    >>> table = pd.DataFrame({"first": ["yes", "no"], "second": ["no", "unclear"]}, index=["norms", "5G"])
    >>> axes = matrix(table, signs={"yes": "yes", "no": "no", "unclear": "unclear"})
    >>> [label.get_text() for label in axes.texts]
    ['norms', '5G', 'first', 'second']
    """
    signs = signs or {}
    rows, columns = [str(name) for name in table.index], [str(name) for name in table.columns]
    _, axes = canvas(height or 1.5 + 0.3 * len(rows), margins=margins)
    cells = [
        (column, row, word)
        for row, words in enumerate(table.itertuples(index=False))
        for column, word in enumerate(words)
        if pd.notna(word)
    ]
    for word, sign in signs.items():
        places = [(column, row) for column, row, text in cells if text == word]
        if places:
            axes.scatter(*zip(*places, strict=True), **{"linewidth": 1.0, **SIGNS[sign]}, zorder=3)
    for column, row, word in cells:
        if word not in signs:
            axes.text(column, row, str(word), ha="center", va="center", fontsize=11)
    axes.hlines([edge + 0.5 for edge in range(len(rows) - 1)], -0.5, len(columns) - 0.5, color=LIGHT, linewidth=0.8)
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    # Plain texts: matplotlib's ticks, with their lines and grids, take long to draw, and a control waits for it.
    axes.set(xticks=[], yticks=[])
    beside = {"textcoords": "offset points", "annotation_clip": False, "fontsize": 11, "rotation_mode": "anchor"}
    for row, name in enumerate(rows):
        axes.annotate(name, (-0.5, row), xytext=(-6, 0), ha="right", va="center", **beside)
    for column, name in enumerate(columns):
        # Upright labels are broken into lines so that neighbours do not touch; slanted ones stay whole.
        label = name if rotate else fill(name, MOST_LETTERS, break_long_words=False)
        axes.annotate(
            label,
            (column, -0.5),
            xytext=(0, 6),
            ha="left" if rotate else "center",
            va="bottom",
            rotation=rotate,
            **beside,
        )
    axes.spines[:].set_visible(False)
    return axes
