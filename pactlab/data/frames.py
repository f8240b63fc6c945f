"""Load a table as a typed frame."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pactlab.data.cards import describe
from pactlab.data.package import Package, package
from pactlab.data.rows import read_sound

if TYPE_CHECKING:
    import pandas as pd


def load(name: str) -> pd.DataFrame:
    """Load a table of the kit as a frame whose columns have the types that `datapackage.json` states.

    One row is what the table's card says. Dates are datetime64, whole numbers and years Int64, other numbers
    float64, true/false is boolean, a text with a fixed list of values is an ordered category in that list's
    order, other text is str; an empty cell is a missing value. `df.attrs["card"]` is the table's card.

    Raises KitError, in one line: an unknown name gets the nearest names, a bad file gets row and column.

    >>> from pactlab.data import load
    >>> countries = load("countries")
    >>> countries.loc[countries["iso3"] == "JPN", "name"].to_list()
    ['Japan']
    """
    kit = package()
    path = kit.path(name)
    # A copy each time: whoever changes a table changes their own. A file that is not there has its own message below.
    return _parsed(kit, name, path.read_bytes() if path.is_file() else None).copy()


@lru_cache(maxsize=64)
def _parsed(kit: Package, name: str, content: bytes | None) -> pd.DataFrame:
    """Parse a table once for each content: exercises load the same one again and again."""
    # Here and not above: the rest of this room, and the commands that use it, start without pandas.
    import pandas as pd

    rows = read_sound(kit, name, content)
    fields = kit.resource(name)["schema"]["fields"]
    frame = pd.DataFrame({field["name"]: _typed(rows.columns[field["name"]], field) for field in fields})
    frame.attrs["card"] = describe(kit, name, rows)
    return frame


def _typed(cells: list[str], field: dict) -> object:
    """Turn a column of text, already checked, into an array of the field's type."""
    import numpy as np
    import pandas as pd

    filled = [cell or None for cell in cells]
    kind = field["type"]
    enum = field.get("constraints", {}).get("enum")
    if kind == "string" and enum:
        return pd.Categorical(filled, categories=enum, ordered=True)
    if kind == "date":
        return np.array([cell or "NaT" for cell in cells], dtype="datetime64[us]")
    if kind in {"integer", "year"}:
        return pd.array([pd.NA if cell is None else int(cell) for cell in filled], dtype="Int64")
    if kind == "number":
        return np.array([np.nan if cell is None else float(cell) for cell in filled], dtype="float64")
    if kind == "boolean":
        return pd.array([pd.NA if cell is None else cell == "true" for cell in filled], dtype="boolean")
    # Named in full: plain "str" means Python objects in pandas 2, and would turn a missing value into text.
    return pd.array(filled, dtype=pd.StringDtype(na_value=np.nan))
