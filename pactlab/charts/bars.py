"""Bars with their values written on them."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pactlab.charts.canvas import canvas
from pactlab.charts.style import ACCENT, LIGHT, MUTED, WIDTH

HATCH = "////"
UNKNOWN = "?"


def label_bars(axes: Axes, fmt: str = "{:,.0f}") -> Axes:
    """Write each bar's value at its end and drop the axis that the values replace.

    axes: holds bars, upright or lying. fmt: a format string for one number. Returns the same axes.
    """
    for container in axes.containers:
        axes.bar_label(container, fmt=fmt, padding=3)
        lying = container.orientation == "horizontal"
        axes.margins(**({"x": 0.15} if lying else {"y": 0.15}))
        axis, side = (axes.xaxis, "bottom") if lying else (axes.yaxis, "left")
        axis.set_ticks([])
        axes.spines[side].set_visible(False)
    return axes


def bars(
    values: pd.Series,
    *,
    xlabel: str,
    fmt: str = "{:,.0f}",
    highlight: Sequence[str] = (),
    hollow: Sequence[str] = (),
    height: float | None = None,
    margins: tuple[float, float, float, float] | None = None,
) -> Axes:
    """Draw one lying bar for each entry of a series, first entry on top, with the value at its end.

    values: numbers indexed by label; a missing one has no bar and a question mark. xlabel: what is counted, with its
    unit. highlight: labels drawn dark while the rest are light. hollow: labels drawn as an outline with hatching (for
    what is not in force, not certain, not counted). Raises ValueError when a label in highlight or hollow is not in
    the series.

    >>> axes = bars(pd.Series({"India": 6, "Australia": 12}), xlabel="Hours")
    >>> [text.get_text() for text in axes.texts]
    ['12', '6']
    """
    labels = [str(label) for label in values.index]
    unknown = [label for label in [*highlight, *hollow] if label not in labels]
    if unknown:
        raise ValueError(f"bars: no bar is called {unknown[0]!r}; the bars are {', '.join(labels)}")
    _, axes = canvas(height or 0.9 + 0.36 * len(labels), margins=margins)
    lengths = values.astype(float)[::-1]
    drawn = axes.barh(labels[::-1], lengths.fillna(0), height=0.68, color=ACCENT)
    for label, bar in zip(labels[::-1], drawn, strict=True):
        if label in hollow:
            bar.set(facecolor="white", edgecolor=ACCENT, hatch=HATCH, linewidth=1.2)
        elif highlight and label not in highlight:
            bar.set(facecolor=LIGHT)
    label_bars(axes, fmt)
    for text, length in zip(axes.texts, lengths, strict=True):
        if pd.isna(length):
            text.set_text(UNKNOWN)
    if values.min() < 0:
        axes.spines["left"].set_visible(False)
        axes.axvline(0, color=MUTED, linewidth=1)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(xlabel)
    return axes


def side_by_side(count: int = 2, *, height: float = 3.2) -> tuple[Figure, tuple[Axes, ...]]:
    """Return a figure with several axes in one row, each with its own scale: for measures that must not share an axis.

    >>> figure, (left, right) = side_by_side()
    """
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.get_layout_engine().set(wspace=0.08)
    return figure, tuple(figure.subplots(1, count, squeeze=False)[0])
