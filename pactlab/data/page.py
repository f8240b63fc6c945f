"""The page of the data folder: every table with its card, generated, never written by hand."""

from __future__ import annotations

from pactlab.data.cards import Card, card
from pactlab.data.package import tables

PAGE = "README.md"
HEAD = """# The tables

One CSV file a table (UTF-8, ISO dates, ISO 3166 alpha-3 codes, an empty cell is a missing value), described in
[datapackage.json](datapackage.json), a [Frictionless Data Package](https://specs.frictionlessdata.io/data-package/).
A *curated* table is written by hand from documents, and each row names its sources (listed in
[sources.csv](sources.csv)); a *derived* one is computed from a published data set by its [recipe](recipes), and
`uv run pactlab data rebuild NAME --from PATH` computes it again. This page is written by `uv run pactlab data seal`."""


def page() -> str:
    """Return the page as Markdown: a list of all tables, then their cards."""
    cards = [card(name) for name in tables()]
    listed = "\n".join(f"| [{one.name}](#{one.name}) | {one.title} | {one.rows:,} | {one.kind} |" for one in cards)
    head = f"{HEAD}\n\n| table | what it is | rows | kind |\n|---|---|--:|---|\n{listed}"
    return "\n\n".join([head, *(_section(one) for one in cards)]) + "\n"


def _section(one: Card) -> str:
    recipe = f" ([recipe]({one.recipe}))" if one.recipe else ""
    about = [
        ("One row", one.row),
        ("Coverage", one.coverage),
        ("How it was made", f"{one.made}{recipe}"),
        *(("Known bias", line) for line in one.bias),
        *(("What not to do with it", line) for line in one.avoid),
        ("Licence", _link(one.licence, one.licence_url)),
        *(("Source", _link(title, address)) for title, address in one.sources),
    ]
    columns = "\n".join(
        f"| `{name}` | {_cell(text)} | {_cell(one.sample.get(name, ''))} |" for name, text in one.columns.items()
    )
    return "\n\n".join(
        [
            f"## {one.name}",
            f"**{one.title}.** {one.description}",
            "\n".join(f"- {label}: {text}" for label, text in about),
            f"| column | what it holds | in one row |\n|---|---|---|\n{columns}",
        ]
    )


def _link(title: str, address: str) -> str:
    return f"[{title}]({address})" if address else title


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
