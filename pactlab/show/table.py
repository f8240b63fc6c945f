"""A table of words: whole sentences in its cells, flush left."""

import html
import re
from dataclasses import dataclass, field

import pandas as pd

DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")
"""Browsers break a line at its hyphens."""


@dataclass(frozen=True)
class Table:
    """A frame as a page shows it; pandas' own display cuts a cell after fifty letters."""

    frame: pd.DataFrame = field(repr=False)
    """What is shown."""
    caption: str
    """What the table holds, in one line."""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        # JupyterLab sets cells flush right. The style holds where outputs are trusted, and is dropped elsewhere.
        left = ' style="text-align:left"'
        shown = self.frame.astype(object).where(self.frame.notna(), "")
        shown = shown.map(lambda cell: f"{cell:%Y-%m-%d}" if isinstance(cell, pd.Timestamp) else str(cell))
        head = "".join(f'<th scope="col"{left}>{html.escape(str(name))}</th>' for name in shown.columns)
        one_line = ' style="text-align:left;white-space:nowrap"'
        rows = "".join(
            "<tr>"
            + "".join(f"<td{one_line if DATE.fullmatch(cell) else left}>{html.escape(cell)}</td>" for cell in row)
            + "</tr>"
            for row in shown.itertuples(index=False)
        )
        table = f"<caption>{html.escape(self.caption)}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
        plain = "\n".join(" | ".join(row) for row in shown.itertuples(index=False))
        return {"text/html": f"<table>{table}</table>", "text/plain": f"{self.caption}\n{plain}"}


def table(frame: pd.DataFrame, *, caption: str) -> Table:
    """Show every word of a frame, without its index.

    frame: cells hold words, numbers or dates; missing cells are shown empty. caption: one line.
    """
    return Table(frame, caption)
