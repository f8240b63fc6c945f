"""What recipes share: read an upstream CSV or R data file, take the command line, write beside the place and rename."""

import argparse
import csv
import sys
import warnings
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pandas as pd

from pactlab import files as whole
from pactlab.errors import KitError


def rows_of(
    upstream: Path, columns: set[str], fewest: int, expected: str, above: Sequence[list[str]] = ()
) -> pd.DataFrame:
    """Read an upstream CSV file as text: every cell a string, a missing value an empty one.

    `columns` must be among its columns, `fewest` is the number of rows below which it is taken for a truncated
    copy, `expected` ends the message ("expected the ..."). `above` are the lines that must stand above the header,
    empty ones left out. A missing, different or truncated file is a KitError.
    """
    try:
        with open(upstream, encoding="utf-8-sig", newline="") as file:
            # Strict, and not pandas' reader: that one fills up a row that ends early.
            lines = [line for line in csv.reader(file, strict=True) if line]
    except FileNotFoundError:
        raise KitError(f"{upstream}: no such file; {expected}") from None
    except (OSError, ValueError, csv.Error) as fault:
        raise KitError(f"{upstream}: cannot be read ({fault}); {expected}, complete") from None
    for number, (line, wanted) in enumerate(zip_longest(lines[: len(above)], above), 1):
        if line != wanted:
            raise KitError(f"{upstream}: line {number} is {','.join(line or [])!r}; {expected}")
    header, *body = lines[len(above) :] or [[]]
    lacking = sorted(columns - set(header))
    if lacking:
        raise KitError(f"{upstream}: has no column {', '.join(lacking)}; {expected}")
    if len(body) < fewest:
        raise KitError(f"{upstream}: {len(body)} rows, a truncated copy; expected at least {fewest}")
    for number, line in enumerate(body, 1):
        if len(line) != len(header):
            raise KitError(f"{upstream}: row {number} has {len(line)} of {len(header)} cells; {expected}, complete")
    return pd.DataFrame(body, columns=header, dtype=str)


def refuse(upstream: Path, rows: pd.DataFrame, wrong: pd.Series, column: str, expected: str) -> None:
    """Raise KitError for the first row that `wrong` (boolean, the index of `rows`) marks; none marked: nothing.

    `rows` comes from `rows_of`, with its index unchanged: row 1 of the message is the first below the header.
    """
    if wrong.any():
        first = wrong.idxmax()
        raise KitError(
            f"{upstream}: row {first + 1}, column {column}: found {rows[column][first]!r}; expected {expected}"
        )


def r_object(upstream: Path, names: list[str], expected: str) -> Any:
    """Read one object of an R data file (.rda, .RData): a data frame as one of pandas, a list as a dict.

    `names` are the names it may have, `expected` ends the message ("expected the ..."). A missing or damaged file, one
    that is not R data and one without such an object are a KitError.
    """
    import rdata  # only recipes that read R data need it, and it is slow to import

    try:
        with warnings.catch_warnings():
            # A class that only R packages know comes as the plain list or frame below it, which is all we want.
            warnings.filterwarnings("ignore", "Missing constructor for R class", UserWarning)
            found = dict(rdata.read_rda(upstream))
    except FileNotFoundError:
        raise KitError(f"{upstream}: no such file; {expected}") from None
    except Exception as fault:  # the parser promises no kind of error: a cut-off file may end as a lost index
        raise KitError(f"{upstream}: cannot be read as R data ({fault}); {expected}, complete") from None
    for name in names:
        if name in found:
            return found[name]
    raise KitError(f"{upstream}: holds {', '.join(found) or 'nothing'} and no {' or '.join(names)}; {expected}")


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as the CSV that the kit ships: UTF-8, LF, true and false in small letters, no index."""
    told = {True: "true", False: "false"}
    plain = table.assign(**{name: table[name].map(told) for name in table.select_dtypes(bool)})
    return plain.to_csv(index=False, lineterminator="\n").encode()


def make(
    page: str,
    files: dict[str, str],
    build: Callable[..., Any],
    arguments: list[str] | None = None,
    *,
    packed: Callable[[Any], bytes] = csv_bytes,
    told: Callable[[Any], str] = lambda table: f"{len(table)} rows",
) -> None:
    """Take the command line, build, write beside the place and rename: a reader never sees half a file.

    `page` is the docstring of the recipe: what it does, a blank line, its command, whose last word is the place.
    `files` gives name and meaning of each upstream file; `build` takes their paths in that order. `packed` turns
    what it returns into bytes, `told` into a few words. A KitError ends the command with its message, and leaves
    what stands at the place as it was.
    """
    summary, place = page.splitlines()[0], page.rsplit(maxsplit=1)[-1]
    parser = argparse.ArgumentParser(description=summary)
    for name, meaning in files.items():
        parser.add_argument(name, type=Path, help=meaning)
    parser.add_argument("--to", type=Path, required=True, help=f"the file to write, {place}")
    chosen = parser.parse_args(arguments)
    try:
        built = build(*(getattr(chosen, name) for name in files))
    except KitError as fault:
        sys.exit(str(fault))
    whole.replace(chosen.to, packed(built))
    print(f"{chosen.to}: {told(built)}")
