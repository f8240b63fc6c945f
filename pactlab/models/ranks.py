"""Places in a ranking, and how far two rankings agree."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from pactlab.errors import KitError
from pactlab.models.numbers import floats


class RankCorrelation(NamedTuple):
    """Spearman's coefficients, and what each rests on."""

    rho: pd.DataFrame
    """Coefficient from -1 to 1 for each pair of columns; missing where too few overlap or one is constant."""

    pairs: pd.DataFrame
    """Number of rows that have a value in both columns."""


def ranks(series: pd.Series, highest_first: bool = True) -> pd.Series:
    """Return each entry's place in the ranking, from 1; equal entries share the better place.

    series: numbers; a missing one has no place. After two in second place comes the fourth ("min" in pandas). Returns
    whole numbers with the same index. Raises KitError when an entry is no number. Source: standard competition ranking.

    >>> ranks(pd.Series({"India": 98, "Japan": 98, "Fiji": 40})).to_dict()
    {'India': 1, 'Japan': 1, 'Fiji': 3}
    """
    numbers = pd.Series(floats(series, "ranks"), index=series.index, name=series.name)
    return numbers.rank(method="min", ascending=not highest_first).astype("Int64")


def rank_correlation(frame: pd.DataFrame, fewest: int = 3) -> RankCorrelation:
    """Return Spearman's rank correlation for each two columns, over the rows that have a value in both.

    frame: one row a state, one numeric column a source. Ranks are taken anew within each overlap; ties get their mean
    rank. fewest: pairs needed, at least 3, since two pairs give 1 or -1 whatever the numbers. Returns two square
    frames, `rho` and `pairs`. Cells rest on different sets of states: read `pairs` first. Raises KitError when a cell
    is no number or `fewest` is below 3. Source: Spearman (1904); for ties Kendall (1948, chapter 3).

    >>> counts = pd.DataFrame({"one": [9, 7, 5, 1], "two": [80, 90, 20, None]})
    >>> rho, pairs = rank_correlation(counts)
    >>> float(rho.loc["one", "two"]), int(pairs.loc["one", "two"])
    (0.5, 3)
    """
    if fewest < 3:
        raise KitError(f"rank_correlation: fewest is {fewest}; two pairs always give 1 or -1, so ask for 3 or more")
    values = floats(frame, "rank_correlation")
    known = ~np.isnan(values)
    size = values.shape[1]
    rho = np.full((size, size), np.nan)
    for one in range(size):
        for two in range(one, size):
            both = known[:, one] & known[:, two]
            if both.sum() >= fewest:
                rho[one, two] = rho[two, one] = _spearman(values[both, one], values[both, two])
    pairs = known.astype(int).T @ known.astype(int)
    return RankCorrelation(
        pd.DataFrame(rho, index=frame.columns, columns=frame.columns),
        pd.DataFrame(pairs, index=frame.columns, columns=frame.columns),
    )


def _spearman(one: np.ndarray, two: np.ndarray) -> float:
    first, second = (pd.Series(values).rank().to_numpy() for values in (one, two))
    first, second = first - first.mean(), second - second.mean()
    spread = np.sqrt((first**2).sum() * (second**2).sum())
    return float(np.clip((first * second).sum() / spread, -1, 1)) if spread else np.nan
