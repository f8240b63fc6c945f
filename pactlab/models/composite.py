"""One score from several indicators, and how far its ranking hangs on the weights."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from pactlab.errors import KitError
from pactlab.models.numbers import amounts, floats, label

MIN_MAX, NONE = "min-max", "none"
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def composite(
    frame: pd.DataFrame, weights: Mapping[str, float] | pd.Series, scale: Literal["min-max", "none"] = MIN_MAX
) -> pd.Series:
    """Return the weighted mean of each row's indicators.

    frame: one row a state, one numeric column an indicator, in all of them more is better (turn the others first).
    weights: column to weight, 0 or more, one for each column; they are divided by their sum. scale: "min-max" brings
    each column to 0 (its smallest value) to 1 (its largest) over the rows that have one, so a row's score depends on
    which rows stand beside it; "none" takes the columns as they are. A row with a missing value has no score. Raises
    KitError for columns without weight and weights without column, weights that are negative or all 0, a cell that is
    no number, and with "min-max" a column whose values are all the same. Source: OECD and JRC (2008), Handbook on
    Constructing Composite Indicators.

    >>> scores = pd.DataFrame({"laws": [90, 50, 70], "skills": [1, 3, 2]}, index=["IND", "JPN", "AUS"])
    >>> composite(scores, {"laws": 3, "skills": 1}).to_dict()
    {'IND': 0.75, 'JPN': 0.25, 'AUS': 0.5}
    """
    scaled = _scaled(frame, scale, "composite")
    given = pd.Series(weights, dtype=object) if isinstance(weights, Mapping) else weights
    if not isinstance(given, pd.Series):
        raise KitError('composite: give the weights by column, such as {"laws": 3, "skills": 1}')
    if not given.index.is_unique or set(given.index) != set(frame.columns):
        columns = ", ".join(str(column) for column in frame.columns)
        raise KitError(f"composite: give one weight (0 is one) to each column, and to no other: {columns}")
    shares = amounts(given.loc[list(frame.columns)], "composite")
    if not shares.sum() > 0:
        raise KitError("composite: the weights add up to 0; give at least one above 0")
    return pd.Series((scaled * shares / shares.sum()).sum(axis=1), index=frame.index)


def rank_stability(
    frame: pd.DataFrame,
    draws: int = 1000,
    seed: int = 2008,
    scale: Literal["min-max", "none"] = MIN_MAX,
    quantiles: Sequence[float] = QUANTILES,
) -> pd.DataFrame:
    """Return which ranks each row gets when the weights of a composite are drawn at random.

    frame, scale: as in `composite`. draws: how many sets of weights; each is drawn from a flat Dirichlet distribution,
    so every set that adds up to 1 is as likely as any other. seed: the same seed gives the same table. Returns one row
    a state and one column a quantile (0.05 to 0.95): the rank that this part of the draws does not exceed. 1 is the
    best rank; equal scores share the better one; a row with a missing value has no rank, and the others are ranked
    without it. Raises KitError as `composite` does, and for draws below 1 or quantiles outside 0 to 1. Source: Saisana,
    Saltelli and Tarantola (2005).

    >>> scores = pd.DataFrame({"laws": [90, 80, 10], "skills": [1, 3, 0]}, index=["IND", "JPN", "FJI"])
    >>> rank_stability(scores, quantiles=[0.05, 0.95])
         0.05  0.95
    IND     1     2
    JPN     1     2
    FJI     3     3
    """
    scaled = _scaled(frame, scale, "rank_stability")
    if draws < 1:
        raise KitError(f"rank_stability: draws is {draws}; ask for 1 or more")
    if not all(0 <= quantile <= 1 for quantile in quantiles):
        raise KitError(f"rank_stability: quantiles are {list(quantiles)}; each must lie between 0 and 1")
    weights = np.random.default_rng(seed).dirichlet(np.ones(scaled.shape[1]), size=draws)
    # Rounded, so that rows with the same numbers stay equal whatever the order of the sum.
    scores = pd.DataFrame((scaled @ weights.T).round(12))
    places = scores.rank(method="min", ascending=False).to_numpy()
    # "inverted_cdf" gives a rank that was drawn; the usual way would make halves of whole ranks.
    found = np.quantile(places, quantiles, axis=1, method="inverted_cdf").T
    return pd.DataFrame(found, index=frame.index, columns=list(quantiles)).astype("Int64")


def _scaled(frame: pd.DataFrame, scale: str, caller: str) -> np.ndarray:
    if scale not in (MIN_MAX, NONE):
        raise KitError(f'{caller}: scale is {scale!r}; write "{MIN_MAX}" or "{NONE}"')
    values = floats(frame, caller)
    if not values.size:
        raise KitError(f"{caller}: the frame is empty; give at least one row and one column")
    if not frame.columns.is_unique:
        raise KitError(f"{caller}: column {label(frame.columns[frame.columns.duplicated()][0])} stands there twice")
    empty = np.isnan(values).all(axis=0)
    if empty.any():
        raise KitError(f"{caller}: column {label(frame.columns[empty.argmax()])} has no value at all; leave it out")
    if scale == NONE:
        return values
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    if (low == high).any():
        flat = frame.columns[(low == high).argmax()]
        raise KitError(f"{caller}: column {label(flat)} is the same in every row and tells none apart; leave it out")
    return (values - low) / (high - low)
