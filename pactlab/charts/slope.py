"""Lines between two or more measures of the same things: who rises, who falls."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from pactlab.charts.canvas import canvas
from pactlab.charts.style import ACCENT, LIGHT, MUTED


def slope(
    table: pd.DataFrame,
    *,
    highlight: Sequence[str] = (),
    rank: bool = False,
    fmt: str = "{:g}",
    height: float = 4.2,
    margins: tuple[float, float, float, float] | None = None,
) -> Axes:
    """Draw one line for each row across the columns, with the row's name and value at both ends.

    table: numbers, rows to be compared, columns in reading order. highlight: rows drawn dark. rank: the numbers are
    ranks, so 1 stands on top. fmt: format of a value in the labels. Rows with a missing value at an end carry no
    label there.

    >>> axes = slope(pd.DataFrame({"count": [1, 2], "rate": [2, 1]}, index=["A", "B"]), rank=True)
    >>> axes.texts[0].get_text()
    'A 1 '
    """
    _, axes = canvas(height, margins=margins)
    places = range(len(table.columns))
    for name, values in table.iterrows():
        dark = not highlight or name in highlight
        axes.plot(
            places, values.to_numpy(dtype=float), marker="o", markersize=5, zorder=3 if dark else 2,
            color=ACCENT if dark else LIGHT, linewidth=2.2 if dark else 1.4,
        )  # fmt: skip
        for end, side in ((0, "right"), (-1, "left")):
            if pd.notna(values.iloc[end]):
                text = f"{name} {fmt.format(values.iloc[end])}"
                axes.annotate(
                    f"{text} " if side == "right" else f" {text}", (places[end], values.iloc[end]), ha=side,
                    va="center",
                    xytext=(-4 if side == "right" else 4, 0), textcoords="offset points", fontsize=11,
                    color="black" if dark else MUTED,
                )  # fmt: skip
    if rank:
        axes.invert_yaxis()
    axes.set_xticks(places, [str(name) for name in table.columns])
    axes.margins(x=0.45 if len(table.columns) == 2 else 0.25)
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    return axes
