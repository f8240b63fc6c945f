"""The one chart style: large type, few lines, colours that stay apart in grey."""

import matplotlib

WIDTH = 6.0
"""Width of every figure in inches; with type of 11 points or more it can be read when a page is 360 pixels wide."""

INK = "#1b1f24"
MUTED = "#5b6570"
LIGHT = "#d5dae0"
ACCENT = "#0b5394"
SECOND = "#e08a00"

STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.grid": False,
    "axes.labelcolor": INK,
    "axes.labelsize": 12,
    "axes.prop_cycle": matplotlib.cycler(color=[ACCENT, SECOND, MUTED, INK]),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 13,
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 12,
    "grid.color": LIGHT,
    "legend.frameon": False,
    "savefig.facecolor": "white",
    # Equal bytes on every run: ids in the SVG come from this salt, and letters are drawn as paths.
    "svg.fonttype": "path",
    "svg.hashsalt": "pactlab",
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 11,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 11,
}

# A named matplotlib style can change or vanish between releases; these settings cannot. They are set once, on import,
# so that a lesson's own `frame.plot(ax=...)` looks like the rest.
matplotlib.rcParams.update(STYLE)
