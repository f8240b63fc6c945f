"""Reads what a caller gives as an array of numbers, or says in one line which entry is not one."""

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd

from pactlab.errors import KitError

Numbers = Sequence[float] | np.ndarray | pd.Series
Table = Sequence[Sequence[float]] | np.ndarray | pd.DataFrame


def floats(values: Numbers | Table, caller: str) -> np.ndarray:
    """Return the values as floats, missing ones as NaN; text and infinite numbers raise KitError."""
    try:
        if isinstance(values, pd.Series | pd.DataFrame):
            array = values.to_numpy(dtype=float, na_value=np.nan)
        else:
            array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as problem:
        cells = np.atleast_1d(np.asarray(values, dtype=object))
        wrong = ~np.frompyfunc(_is_number, 1, 1)(cells).astype(bool)
        if not wrong.any():
            raise KitError(f"{caller}: give numbers only ({type(values).__name__} given)") from problem
        found = cells[tuple(np.argwhere(wrong)[0])]
        raise KitError(f"{caller}: {entry(values, wrong)} is {found!r}; give numbers only") from problem
    if np.isinf(array).any():
        raise KitError(f"{caller}: {entry(values, np.isinf(array))} is infinite; every number must be finite")
    return array


def amounts(values: Numbers | Table, caller: str) -> np.ndarray:
    """Return the values as floats; a missing or negative one raises KitError that says where it stands."""
    array = floats(values, caller)
    if np.isnan(array).any():
        where = entry(values, np.isnan(array))
        raise KitError(f"{caller}: {where} is missing; drop it, or fill it in and say why")
    if (array < 0).any():
        where = entry(values, array < 0)
        raise KitError(f"{caller}: {where} is {array[array < 0][0]:g}; no entry may be below 0")
    return array


def entry(values: Numbers | Table, wrong: np.ndarray) -> str:
    """Name the first wrong entry by its labels, or by its place from 0."""
    places = np.argwhere(wrong)[0]
    if isinstance(values, pd.Series):
        return f"entry {label(values.index[places[0]])}"
    if isinstance(values, pd.DataFrame):
        return f"row {label(values.index[places[0]])}, column {label(values.columns[places[1]])}"
    return f"entry {', '.join(str(place) for place in places)}"


def label(name: Hashable) -> str:
    """Write a label as a student would: text in quotation marks, a year as 2016 and not as np.int64(2016)."""
    return repr(str(name)) if isinstance(name, str) else str(name)


def _is_number(value: object) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return value is pd.NA or value is None
    return True
