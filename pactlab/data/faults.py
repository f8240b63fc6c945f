"""What is wrong with a table, said in one line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a data file; `str()` gives one line that says where and what to do."""

    file: str
    """The file as a reader knows it, such as `data/countries.csv`."""

    row: int | None
    """The line in the file as an editor counts it (the header is 1); None when the whole file is meant."""

    column: str | None
    """The column's name; None when the whole row or file is meant."""

    found: str
    """What stands there; the cell's own text is in double quotes."""

    expected: str
    """What should stand there, or what to do."""

    def __str__(self) -> str:
        """Join the five parts to one line."""
        row = "" if self.row is None else f", row {self.row}"
        column = "" if self.column is None else f", column {self.column}"
        return f"{self.file}{row}{column}: found {self.found}, expected {self.expected}"


def quoted(text: str, longest: int = 80) -> str:
    """Put a cell's text in double quotes, on one line and not too long."""
    short = text if len(text) <= longest else text[: longest - 3] + "..."
    return json.dumps(short, ensure_ascii=False)


def nearest(word: str, known: list[str], most: int = 3) -> str:
    """Say which known words look most like a mistyped one: `; nearest: a, b`, or nothing."""
    spelt = {one.lower(): one for one in known}
    close = get_close_matches(word.strip().lower(), spelt, n=most, cutoff=0.6)
    return f"; nearest: {', '.join(spelt[one] for one in close)}" if close else ""
