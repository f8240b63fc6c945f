"""Count the states of the world by GCI score, in steps of five points, in each edition.

python data/recipes/gci_distribution.py gci.csv --to data/gci_distribution.csv
"""

from pathlib import Path

import _files
import pandas as pd
from cyber_indices import FEWEST, gci_scores

STEP = 5  # points; a tier of the publisher (20, 55, 85, 95) then begins where a step begins


def build(upstream: Path, fewest: int = FEWEST["GCI"]) -> pd.DataFrame:
    """Build the table from the list of GCI scores, one state a row.

    `fewest` is the number of rows below which it is taken for a truncated copy. Returns columns edition (year),
    low and high (points of 100) and n (states with low <= score < high; the last step holds 100 too), every step
    of every edition, sorted. What `cyber_indices.gci_scores` refuses raises KitError.
    """
    scores = gci_scores(upstream, fewest)
    low = (scores["score_0_100"] // STEP * STEP).clip(upper=100 - STEP).astype(int).rename("low")
    steps = pd.MultiIndex.from_product([scores["edition"].unique(), range(0, 100, STEP)], names=["edition", "low"])
    table = scores.groupby(["edition", low]).size().reindex(steps, fill_value=0).reset_index(name="n")
    table.insert(2, "high", table["low"] + STEP)
    return table


def main(arguments: list[str] | None = None) -> None:
    """Write the table from the command line."""
    _files.make(__doc__, {"file": "scores of the Global Cybersecurity Index, CSV"}, build, arguments)


if __name__ == "__main__":
    main()
