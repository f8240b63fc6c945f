"""How far a total is in few hands: Herfindahl-Hirschman index, Lorenz curve, Gini coefficient, largest share."""

import numpy as np
import pandas as pd

from pactlab.errors import KitError
from pactlab.models.numbers import Numbers, amounts


def herfindahl(shares_or_counts: Numbers) -> float:
    """Return the Herfindahl-Hirschman index (HHI): the sum of the squared shares.

    shares_or_counts: one number a holder (supplier, firm, state), 0 or more, in any unit; each is divided by their sum,
    so list all holders, also the small ones. The index runs from 1/n (n equal holders) to 1 (a single one). Competition
    authorities write it with shares in percent, from 0 to 10,000: multiply by 10,000. It knows neither who the largest
    holder is nor how hard that one is to replace. Raises KitError when an entry is missing, negative or no number, and
    when the sum is 0. Source: Hirschman (1945); Herfindahl (1950).

    >>> round(herfindahl([0.4, 0.3, 0.2, 0.1]), 2)
    0.3
    >>> round(herfindahl([30, 30, 20, 20]) * 10_000)
    2600
    """
    return float((_shares(shares_or_counts, "herfindahl") ** 2).sum())


def largest_share(shares_or_counts: Numbers) -> float:
    """Return the share of the largest holder, from 1/n to 1.

    shares_or_counts and errors: as in `herfindahl`. Read both: the index can fall while this share rises. Source: the
    one-firm concentration ratio, CR1 (Hall and Tideman, 1967, compare such measures).

    >>> largest_share([6, 3, 1])
    0.6
    """
    return float(_shares(shares_or_counts, "largest_share").max())


def lorenz(counts: Numbers) -> pd.DataFrame:
    """Return the Lorenz curve: which share of the total the smallest holders have together.

    counts: one number a holder, 0 or more. The frame has a row more than there are holders, from (0, 0) to (1, 1);
    columns `holders` and `total` are cumulative shares from 0 to 1, smallest holder first. If all had the same, both
    would be equal in every row. Errors: as in `herfindahl`. Source: Lorenz (1905).

    >>> lorenz([5, 1, 4]).round(2)
       holders  total
    0     0.00    0.0
    1     0.33    0.1
    2     0.67    0.5
    3     1.00    1.0
    """
    shares = np.sort(_shares(counts, "lorenz"))
    total = np.append(0.0, shares.cumsum())
    total[-1] = 1.0  # a sum of rounded shares may end a hair beside it
    return pd.DataFrame({"holders": np.linspace(0, 1, len(total)), "total": total})


def gini(counts: Numbers) -> float:
    """Return the Gini coefficient: twice the area between the Lorenz curve and the line of equal shares.

    counts and errors: as in `lorenz`. It runs from 0 (all equal) to (n - 1) / n (one of n holders has everything);
    it is not corrected for small n, so do not compare lists of very different length. Source: Gini (1912).

    >>> gini([1, 2, 3, 4])
    0.25
    """
    curve = lorenz(_shares(counts, "gini"))
    steps, heights = np.diff(curve["holders"]), curve["total"].to_numpy()
    return max(0.0, float(1 - (steps * (heights[1:] + heights[:-1])).sum()))


def _shares(values: Numbers, caller: str) -> np.ndarray:
    given = amounts(values, caller)
    if given.ndim != 1:
        raise KitError(f"{caller}: give one list of numbers, such as one column; this has {given.ndim} dimensions")
    if not given.sum() > 0:
        raise KitError(f"{caller}: the numbers add up to 0, so there are no shares; give at least one above 0")
    return given / given.sum()
