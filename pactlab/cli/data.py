"""The commands `pactlab data ...`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(help="List, describe and verify the tables.", no_args_is_help=True)
console = Console(highlight=False, soft_wrap=True)

Tables = Annotated[list[str] | None, typer.Argument(help="Names of tables; none means all.")]


@app.command("list")
def list_tables() -> None:
    """List the tables: name, rows, what one row is."""
    from rich.table import Table

    from pactlab import data

    shown = Table("Table", "Rows", "One row is", box=None, pad_edge=False)
    for name in data.tables():
        card = data.card(name)
        shown.add_row(name, str(card.rows), card.row)
    Console(highlight=False).print(shown)


@app.command()
def card(name: Annotated[str, typer.Argument(help="Name of a table.")]) -> None:
    """Show a table's data card: what one row is, who counted, what must not be done with it."""
    from pactlab import data

    console.print(data.card(name)._repr_mimebundle_()["text/plain"], markup=False)


@app.command()
def cite(source_id: Annotated[str, typer.Argument(help="Id of a source in data/sources.csv.")]) -> None:
    """Print the link that cites a source in a lesson's prose."""
    from pactlab import data

    console.print(data.cite(source_id), markup=False)


@app.command()
def verify(names: Tables = None) -> None:
    """Check tables against their schema, keys, sources and hashes; one line for each fault."""
    from pactlab import data

    faults = data.verify(names)
    for fault in faults:
        console.print(str(fault), markup=False)
    if faults:
        raise typer.Exit(1)
    console.print(f"{len(names or data.tables())} tables hold.")


@app.command()
def rebuild(
    name: Annotated[str, typer.Argument(help="Name of a derived table.")],
    upstream: Annotated[
        list[Path], typer.Option("--from", metavar="PATH", help="Upstream file; once for each that the recipe reads.")
    ],
) -> None:
    """Make a derived table again from its upstream files, then seal it; a fault leaves everything as it was."""
    from pactlab import data

    console.print(data.rebuild(name, upstream), markup=False)


@app.command()
def seal(names: Tables = None) -> None:
    """Write the hash of changed tables into datapackage.json, after every other check has passed."""
    from pactlab import data

    data.seal(names)
    console.print("Sealed.")
