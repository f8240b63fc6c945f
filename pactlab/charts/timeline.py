"""Events on a time axis, one lane for each theme."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, YearLocator

from pactlab.charts.canvas import canvas
from pactlab.charts.style import ACCENT, INK, LIGHT, MUTED

DOT = 0.014
"""Width of a dot as a share of the time axis: nearer events in a lane are stacked so that each can be counted."""
STEP = 0.2
"""Height of one dot in a stack, as a share of a lane."""


def _stacked(dates: pd.Series, row: pd.Series) -> pd.Series:
    """Return how far each event is lifted in its lane so that it hides none before it."""
    near, lift = (dates.max() - dates.min()) * DOT, pd.Series(0.0, index=dates.index)
    for _, lane in dates.groupby(row):
        last, level = None, 0
        for event, day in lane.sort_values(kind="stable").items():
            level = level + 1 if last is not None and day - last < near else 0
            last, lift[event] = day, level * STEP
    return lift


def timeline(
    events: pd.DataFrame,
    *,
    date: str = "date",
    lane: str = "theme",
    precision: str | None = None,
    mark: dict[str, str] | None = None,
    height: float | None = None,
    margins: tuple[float, float, float, float] | None = None,
) -> Axes:
    """Draw each event as a dot in the lane of its theme, stacked where dots would meet.

    An event known to the month or the year only is hollow. events: one row an event. date: column of dates. lane:
    column that names the lane; the order of its categories is the order from the top. precision: column with "day",
    "month" or "year", or None. mark: dates (as text) drawn as upright lines, with the label each carries. Returns
    the axes.

    >>> events = pd.DataFrame({"date": pd.to_datetime(["2012-11-01", "2022-03-19"]), "theme": ["talks", "texts"]})
    >>> [lane.get_text() for lane in timeline(events).get_yticklabels()]
    ['talks', 'texts']
    """
    lanes = list(events[lane].cat.categories) if isinstance(events[lane].dtype, pd.CategoricalDtype) else None
    lanes = lanes or list(dict.fromkeys(events[lane]))
    _, axes = canvas(height or 1.2 + 0.55 * len(lanes), margins=margins)
    row = events[lane].map({name: place for place, name in enumerate(lanes)}).astype(int)
    exact = events[precision].eq("day") if precision else pd.Series(True, index=events.index)
    place = row - _stacked(events[date], row)
    axes.hlines(range(len(lanes)), events[date].min(), events[date].max(), color=LIGHT, linewidth=1)
    for known, face in ((exact, ACCENT), (~exact, "white")):
        axes.scatter(
            events.loc[known, date],
            place[known],
            s=52,
            facecolor=face,
            edgecolor=ACCENT,
            linewidth=1.3,
            zorder=3,
        )
    for number, (day, text) in enumerate((mark or {}).items()):
        axes.axvline(pd.Timestamp(day), color=INK, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.annotate(
            text, (pd.Timestamp(day), 1), xycoords=("data", "axes fraction"), xytext=(-4 if number == 0 else 4, 3),
            textcoords="offset points", ha="right" if number == 0 else "left", va="bottom", fontsize=11,
        )  # fmt: skip
    axes.set_yticks(range(len(lanes)), lanes)
    axes.set_ylim(len(lanes) - 0.5, -0.75)
    years = (events[date].max() - events[date].min()).days / 365.25
    axes.xaxis.set_major_locator(YearLocator(5 if years > 12 else 2))
    axes.xaxis.set_major_formatter(DateFormatter("%Y"))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_color(MUTED)
    return axes
