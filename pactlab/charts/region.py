"""The region from the Red Sea to the Americas: coastlines and points, never borders."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from pactlab.charts.canvas import canvas
from pactlab.charts.style import ACCENT, INK, WIDTH
from pactlab.data import root

WEST, EAST, SOUTH, NORTH = 20, 288, -50, 60
STRETCH = 1 / np.cos(np.radians(15))
"""A degree of latitude is drawn this much longer than one of longitude: true at 15 degrees north and south."""
LEGEND = 0.65
"""Height in inches of the strip under the map."""
MOST_NAMES = 5
"""Stars carry their names up to this number; more would cover each other."""
SEA = "#dce8f0"
LAND = "#f3efe6"
COAST = "#8f9aa3"
MARKS = {
    "star": {"marker": "*", "s": 190, "facecolor": ACCENT, "edgecolor": "white", "linewidth": 0.8},
    "square": {"marker": "s", "s": 60, "facecolor": ACCENT, "edgecolor": "white", "linewidth": 0.8},
    "ring": {"marker": "o", "s": 42, "facecolor": "white", "edgecolor": INK, "linewidth": 1.3},
    "dot": {"marker": "o", "s": 14, "facecolor": INK, "edgecolor": INK, "linewidth": 0},
}
"""Marks that differ by shape and fill, so that the map can be read in grey."""


def _coast() -> list[np.ndarray]:
    """Return the outlines of land as arrays of longitude and latitude in degrees (see web/vendor/land)."""
    with np.load(root().parent / "web" / "vendor" / "land" / "land.npz") as land:
        outline = np.column_stack([land["lon"], land["lat"]])
        return np.split(outline, land["start"][1:])


def region_map(
    places: pd.DataFrame,
    *,
    kind: str,
    marks: Mapping[str, str],
) -> Axes:
    """Draw places as marks on a Pacific-centred map of coastlines; no border is drawn anywhere.

    places: one row a place with `name`, `lon` and `lat` in degrees. kind: column that decides the mark. marks:
    value of that column to one of "star", "square", "ring", "dot"; the legend follows their order and counts the
    places. Up to five stars carry their names. Places between 72 degrees west and 20 degrees east are off the map
    and are left out.
    """
    axes_width, axes_height = 0.98 * WIDTH, 0.98 * WIDTH * STRETCH * (NORTH - SOUTH) / (EAST - WEST)
    height = axes_height + LEGEND
    _, axes = canvas(height, margins=(0.01, 1 - 0.01 - axes_width / WIDTH, LEGEND / height, 0.0))
    # One compound path: an inland sea runs the other way round and stays empty.
    land = Path.make_compound_path(*[Path(ring, closed=True) for ring in _coast()])
    axes.add_patch(PathPatch(land, facecolor=LAND, edgecolor=COAST, linewidth=0.4, gid="background"))
    places = places.assign(east=places["lon"] % 360).query("@WEST <= east <= @EAST")
    for value, mark in marks.items():
        chosen = places[places[kind].eq(value)]
        if len(chosen):
            axes.scatter(chosen["east"], chosen["lat"], zorder=3, label=f"{value} ({len(chosen)})", **MARKS[mark])
        for place in chosen.itertuples() if mark == "star" and len(chosen) <= MOST_NAMES else ():
            axes.annotate(
                place.name, (place.east, place.lat), xytext=(0, -14), textcoords="offset points", fontsize=11,
                ha="center", va="center", zorder=4, path_effects=[withStroke(linewidth=2.5, foreground="white")],
            )  # fmt: skip
    axes.set(xlim=(WEST, EAST), ylim=(SOUTH, NORTH), xticks=[], yticks=[], facecolor=SEA)
    axes.spines[:].set_visible(False)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, handletextpad=0.2, columnspacing=1.2)
    return axes
