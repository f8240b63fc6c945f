"""A table's data card: what one row is, how it was made, and what it cannot tell."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from textwrap import fill, shorten

from pactlab.data.package import Package, package
from pactlab.data.rows import Rows, read_sound

WIDTH = 88
LONGEST = 60  # characters of a sample's cell that a card shows


@dataclass(frozen=True)
class Card:
    """What a reader must know of a table before using it."""

    name: str
    """The name that `load` takes."""

    title: str
    """The table's title."""

    description: str
    """What the table is, in a sentence or two."""

    row: str
    """What one row is."""

    coverage: str
    """Which places, years and documents the table covers."""

    made: str
    """Who counted, and how."""

    bias: tuple[str, ...]
    """How the table is known to be one-sided."""

    avoid: tuple[str, ...]
    """What must not be done with it."""

    kind: str
    """`curated` (written down by hand from documents) or `derived` (computed from a published data set)."""

    recipe: str | None
    """The script that computes a derived table, inside the data folder; None for a curated one."""

    rows: int
    """How many rows the table has."""

    sample: dict[str, str]
    """One row as the file holds it, by column: the first of those with the fewest empty cells."""

    columns: dict[str, str]
    """What each column holds, by the column's name."""

    licence: str
    """The licence's title, or what is known of the terms."""

    licence_url: str
    """Where to read the licence; empty when there is no such page."""

    sources: tuple[tuple[str, str], ...]
    """Title and address of what the table rests on; an address may be empty."""

    sha256: str
    """The SHA-256 of the file as sealed in `datapackage.json`; empty before the first seal."""

    def __hash__(self) -> int:
        """Tell cards apart by table and content."""
        return hash((self.name, self.sha256, self.rows))

    def __deepcopy__(self, memo: dict) -> Card:
        """Return the card itself: pandas copies a frame's attrs at every step, and a card never changes."""
        return self

    def __str__(self) -> str:
        """Give the card as plain text, at most 88 characters wide."""
        return as_text(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Give a notebook the card as HTML and as plain text."""
        return {"text/html": as_html(self), "text/plain": as_text(self)}


def card(name: str) -> Card:
    """Return a table's data card; a notebook shows it as two small tables.

    An unknown name is a KitError with the nearest names.

    >>> from pactlab.data import card
    >>> countries = card("countries")
    >>> countries.name, countries.kind, countries.rows > 50
    ('countries', 'curated', True)
    """
    kit = package()
    kit.resource(name)
    return describe(kit, name, read_sound(kit, name))


def describe(kit: Package, name: str, rows: Rows) -> Card:
    """Make the card of a table from its entry and its rows, already checked."""
    entry = kit.resource(name)
    told, licence = entry["pactlab"], entry["licenses"][0]
    return Card(
        name=name,
        title=entry["title"],
        description=entry["description"],
        row=told["row"],
        coverage=told["coverage"],
        made=told["made"],
        bias=tuple(told["bias"]),
        avoid=tuple(told["avoid"]),
        kind=told["kind"],
        recipe=told.get("recipe"),
        rows=len(rows),
        sample=_fullest(rows),
        columns={field["name"]: field["description"] for field in entry["schema"]["fields"]},
        licence=licence["title"],
        licence_url=licence.get("path", ""),
        sources=tuple((source["title"], source.get("path", "")) for source in entry.get("sources", [])),
        sha256=entry.get("hash", "").removeprefix("sha256:"),
    )


def _fullest(rows: Rows) -> dict[str, str]:
    fullest = max(rows.tuples(tuple(rows.columns)), key=lambda row: sum(map(bool, row)), default=())
    return dict(zip(rows.columns, fullest, strict=False))


def _example(shown: Card, column: str) -> str:
    """Give a column's cell in the sample row, short enough for a card."""
    return shorten(shown.sample.get(column, ""), LONGEST, placeholder=" ...")


def _made(shown: Card) -> str:
    by = f" Computed by {shown.recipe}." if shown.recipe else ""
    return f"{shown.made}{by}"


def as_text(shown: Card) -> str:
    """Write a card as plain text, for terminals and for screen readers in them."""
    head = f"{shown.title} ({shown.name}): {shown.rows} rows, {len(shown.columns)} columns, {shown.kind}"
    parts = [
        ("", shown.description),
        ("One row", shown.row),
        ("Covers", shown.coverage),
        ("Made", _made(shown)),
        *(("Bias", line) for line in shown.bias),
        *(("Mind", line) for line in shown.avoid),
        ("Columns", ", ".join(shown.columns)),
        ("Such as", " | ".join(_example(shown, column) for column in shown.columns)),
        ("Licence", _with_address(shown.licence, shown.licence_url)),
        *(("Source", _with_address(title, address)) for title, address in shown.sources),
    ]
    return "\n".join([fill(head, WIDTH), *(_paragraph(label, text) for label, text in parts)])


def _paragraph(label: str, text: str) -> str:
    lead = f"{label}: " if label else ""
    # A long address stays whole, so that it can be copied.
    return fill(lead + text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _with_address(title: str, address: str) -> str:
    return f"{title}, {address}" if _on_the_web(address) else title


def as_html(shown: Card) -> str:
    """Write a card as a list of terms, its columns as a second list that opens.

    JupyterLab takes style, script, role and aria attributes out of untrusted output, and sets the cells of a table
    flush right; so there is none of the former, and no table.
    """
    about = [
        ("What it is", escape(shown.description)),
        ("One row", escape(shown.row)),
        ("Size", f"{shown.rows} rows, {len(shown.columns)} columns"),
        ("Coverage", escape(shown.coverage)),
        ("How it was made", f"{escape(_made(shown))} ({escape(shown.kind)} table)"),
        ("Known bias", _list([escape(line) for line in shown.bias])),
        ("What not to do with it", _list([escape(line) for line in shown.avoid])),
        ("Licence", _link(shown.licence, shown.licence_url)),
        ("Sources", _list([_link(title, address) for title, address in shown.sources])),
    ]
    columns = [
        (f"<code>{escape(column)}</code>", f"{escape(text)}{_such_as(shown, column)}")
        for column, text in shown.columns.items()
    ]
    return (
        f"<p><strong>Data card: {escape(shown.title)}</strong> (<code>{escape(shown.name)}</code>)</p>{_terms(about)}"
        f"<details><summary>The columns of <code>{escape(shown.name)}</code>, and one row</summary>{_terms(columns)}"
        "</details>"
    )


def _such_as(shown: Card, column: str) -> str:
    example = _example(shown, column)
    return f" Such as: <code>{escape(example)}</code>" if example else ""


def _terms(pairs: list[tuple[str, str]]) -> str:
    return f"<dl>{''.join(f'<dt>{term}</dt><dd>{text}</dd>' for term, text in pairs if text)}</dl>"


def _list(items: list[str]) -> str:
    if len(items) < 2:
        return "".join(items)
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _link(title: str, address: str) -> str:
    if not _on_the_web(address):
        return escape(title)
    return f'<a href="{escape(address)}">{escape(title)}</a>'


def _on_the_web(address: str) -> bool:
    """Say whether an address leads somewhere from a notebook; a path inside the project does not."""
    return address.startswith(("https://", "http://"))
