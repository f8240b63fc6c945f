"""How often two states take the same position in roll calls."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from pactlab.errors import KitError
from pactlab.models.numbers import label

LEFT_OUT, AS_A_POSITION = "left out", "as a position"
POSITIONS = ("yes", "no", "abstain")


class Agreement(NamedTuple):
    """Shares of equal positions, and what each rests on."""

    share: pd.DataFrame
    """Share from 0 to 1 for each pair of states; missing where no roll call counts."""

    roll_calls: pd.DataFrame
    """Number of roll calls counted for each pair."""


def agreement(
    votes: pd.DataFrame,
    absences: Literal["left out", "as a position"] = LEFT_OUT,
    *,
    positions: Sequence[str] = POSITIONS,
    absent: str = "absent",
) -> Agreement:
    """Return for each two states the share of roll calls in which they took the same position.

    votes: one row a roll call, one column a state. A cell holds one of `positions`, or the word `absent`; an empty cell
    counts as absent, too. absences: "left out" counts the roll calls at which both states took a position; "as a
    position" counts all of them, so that two absent states agree and an absent one differs from every state that took a
    position. An absence is never read as an abstention, and a yes against an abstention is no agreement (Lijphart's
    index would give it one half). Returns two square frames, `share` and `roll_calls`. Raises KitError for an unknown
    word, in a cell or for `absences`, and when a state has two columns. Source: pairwise agreement after Beyle (1931);
    see Lijphart (1963) for votes in the General Assembly.

    >>> votes = pd.DataFrame({"IND": ["yes", "yes", "yes"], "JPN": ["yes", "no", "absent"]})
    >>> share, roll_calls = agreement(votes)
    >>> float(share.loc["IND", "JPN"]), int(roll_calls.loc["IND", "JPN"])
    (0.5, 2)
    >>> share, roll_calls = agreement(votes, absences="as a position")
    >>> round(float(share.loc["IND", "JPN"]), 2), int(roll_calls.loc["IND", "JPN"])
    (0.33, 3)
    """
    if absences not in (LEFT_OUT, AS_A_POSITION):
        raise KitError(f'agreement: absences is {absences!r}; write "{LEFT_OUT}" or "{AS_A_POSITION}"')
    if absent in positions:
        raise KitError(f'agreement: "{absent}" stands among the positions; an absence is none, take it out')
    if not votes.columns.is_unique:
        twice = votes.columns[votes.columns.duplicated()][0]
        raise KitError(f"agreement: {twice} has two columns; give each state one")
    cells = votes.astype(object).where(votes.notna(), absent).to_numpy()
    _refuse_unknown(votes, cells, [*positions, absent])
    counted = np.ones(cells.shape, dtype=int) if absences == AS_A_POSITION else (cells != absent).astype(int)
    roll_calls = counted.T @ counted
    equal = np.zeros_like(roll_calls)
    for word in [*positions, absent]:
        took = (cells == word).astype(int) * counted
        equal += took.T @ took
    share = np.divide(equal, roll_calls, out=np.full(equal.shape, np.nan), where=roll_calls > 0)
    return Agreement(
        pd.DataFrame(share, index=votes.columns, columns=votes.columns),
        pd.DataFrame(roll_calls, index=votes.columns, columns=votes.columns),
    )


def _refuse_unknown(votes: pd.DataFrame, cells: np.ndarray, words: list[str]) -> None:
    """Raise KitError for the first cell that is none of the words: a slip of the pen would count as a position."""
    for row, column in np.argwhere(~np.isin(cells, np.array(words, dtype=object))):
        place = f"row {label(votes.index[row])}, column {label(votes.columns[column])}"
        raise KitError(
            f"agreement: {place} is {cells[row, column]!r}; use one of {', '.join(words)}, or leave it empty"
        )
