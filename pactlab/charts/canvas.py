"""Empty figures outside pyplot: nothing is shown twice, nothing has to be closed."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pactlab.charts.style import WIDTH


def canvas(height: float = 3.6, *, margins: tuple[float, float, float, float] | None = None) -> tuple[Figure, Axes]:
    """Return an empty figure and its axes, ready for `frame.plot(ax=axes)`.

    height: in inches (the width is the same for all figures). margins: left, right, bottom and top as shares of the
    figure; with margins the axes stay where they are, which draws about twice as fast and keeps a control from jumping;
    without them matplotlib finds the room the labels need.

    >>> figure, axes = canvas(height=2)
    >>> [float(side) for side in figure.get_size_inches()]
    [6.0, 2.0]
    """
    if margins is None:
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        return figure, figure.subplots()
    left, right, bottom, top = margins
    figure = Figure(figsize=(WIDTH, height))
    return figure, figure.add_axes((left, bottom, 1 - left - right, 1 - bottom - top))
