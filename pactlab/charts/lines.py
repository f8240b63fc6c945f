"""Lines over the years, named at their ends, with every break in the counting drawn."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pactlab.charts.canvas import canvas
from pactlab.charts.style import ACCENT, INK, LIGHT, MUTED

APART = 0.062
"""Least distance of two names, as a share of the axis's height, for a figure 3.6 inches high."""
DASHES = ["-", "--", "-.", ":"]


def _spread(wanted: np.ndarray, least: float) -> np.ndarray:
    """Move places apart, each as little as the order allows, until none is nearer than `least` to the next."""
    order = np.argsort(wanted, kind="stable")
    blocks: list[list[float]] = []  # middle and number of names that stand together
    for place in wanted[order]:
        blocks.append([place, 1])
        while len(blocks) > 1:
            (low, some), (high, more) = blocks[-2:]
            if high - low >= least * (some + more) / 2:
                break
            blocks[-2:] = [[(low * some + high * more) / (some + more), some + more]]
    spread = [middle + least * (step - (many - 1) / 2) for middle, many in blocks for step in range(int(many))]
    placed = np.empty(len(wanted))
    placed[order] = spread
    return placed


def lines(
    table: pd.DataFrame,
    *,
    ylabel: str,
    highlight: Sequence[str] = (),
    breaks: Mapping[float, str] | None = None,
    zero: bool = True,
    ax: Axes | None = None,
    height: float = 3.6,
    margins: tuple[float, float, float, float] | None = None,
) -> Axes:
    """Draw one line for each column over the index, its name at its right end.

    table: numbers; the index holds years or other numbers in order, a missing value leaves a gap, a single value
    between two gaps is a dot. ylabel: what is measured, with its unit. highlight: columns drawn dark, each with a
    dash of its own, the rest light; none named means all. breaks: place on the index to a word on what changed
    there; a dotted line. zero: the scale begins at 0. ax: axes to draw into, otherwise new ones of `height`.

    >>> axes = lines(pd.DataFrame({"A": [1, 2], "B": [2, 1]}, index=[2000, 2001]), ylabel="Ships")
    >>> [text.get_text() for text in axes.texts]
    ['A', 'B']
    """
    axes = canvas(height, margins=margins)[1] if ax is None else ax
    dark = [name for name in table.columns if not highlight or name in highlight]
    values = table.astype(float)
    for name in sorted(table.columns, key=lambda name: name in dark):
        style = {"color": LIGHT, "linewidth": 1.4}
        if name in dark:
            place = dark.index(name)
            style = {"color": [ACCENT, INK, MUTED][place % 3], "linewidth": 2.2, "linestyle": DASHES[place % 4]}
        alone = values[name].notna() & values[name].shift().isna() & values[name].shift(-1).isna()
        axes.plot(values.index, values[name], marker="o", markersize=4, markevery=alone.to_numpy().tolist(), **style)
    if zero:
        axes.set_ylim(bottom=min(0, float(values.min().min())))
    low, high = axes.get_ylim()
    named = [name for name in dark if values[name].notna().any()]
    ends = [values[name].dropna() for name in named]
    wanted = np.array([(end.iloc[-1] - low) / (high - low) for end in ends])
    tall = axes.get_figure().get_size_inches()[1] * axes.get_position().height
    for name, end, place in zip(named, ends, _spread(wanted, APART * 2.8 / tall), strict=True):
        x = max(end.index[-1], values.index[-1] - 0.02 * (values.index[-1] - values.index[0]))
        axes.annotate(
            name, (x, place), xycoords=("data", "axes fraction"), xytext=(6, 0), textcoords="offset points",
            va="center", fontsize=11, color=INK, annotation_clip=False,
        )  # fmt: skip
    for place, word in (breaks or {}).items():
        axes.axvline(place, color=MUTED, linewidth=1, linestyle=":")
        axes.annotate(
            word, (place, 1), xycoords=("data", "axes fraction"), xytext=(4, -2), textcoords="offset points",
            va="top", fontsize=10, color=MUTED,
        )  # fmt: skip
    axes.set_ylabel(ylabel)
    axes.xaxis.get_major_locator().set_params(integer=True, nbins=6 if len(axes.get_figure().axes) == 1 else 3)
    return axes
