"""Parses, calls, prints: every command is one short function; the work is done in the other rooms."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pactlab.cli.classroom import app as classroom_app
from pactlab.cli.data import app as data_app
from pactlab.cli.pack import app as pack_app
from pactlab.cli.web import app as web_app
from pactlab.errors import KitError

# The other rooms are imported inside the commands: `pactlab --help` answers at once.
app = typer.Typer(
    help="A Jupyter teaching kit on Indo-Pacific cybersecurity policy.",
    no_args_is_help=True,
    add_completion=False,
)
app.add_typer(data_app, name="data")
app.add_typer(web_app, name="web")
app.add_typer(classroom_app)
app.add_typer(pack_app)
console = Console(highlight=False, soft_wrap=True)

Lessons = Annotated[list[str] | None, typer.Argument(help="Name, number or path of a lesson; none means all.")]


def _paths(names: list[str] | None) -> list[Path]:
    from pactlab.show.lesson import find, folder

    return [find(name) for name in names] if names else sorted(folder().glob("[0-9][0-9]_*.ipynb"))


@app.command()
def lab(
    lesson: Annotated[str, typer.Argument(help="Name or number of the lesson to open.")] = "00_start_here",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
    port: Annotated[int, typer.Option(help="Port to serve on; when it is taken, the next free one.")] = 8888,
) -> None:
    """Open the kit in JupyterLab at its first lesson, or at the lesson named."""
    from pactlab.cli.lab import serve

    raise typer.Exit(serve(_paths([lesson])[0], browser=browser, port=port, say=console.print))


@app.command()
def check(
    lessons: Lessons = None,
    workers: Annotated[int, typer.Option("--workers", "-n", help="Lessons checked at the same time.")] = 1,
) -> None:
    """Run lessons and compare what comes with what is stored."""
    from pactlab.lessons.check import Result
    from pactlab.lessons.check import check as run_check

    def say(result: Result) -> None:
        verdict = "[green]holds[/]" if result.ok else f"[red]fails in {len(result.failures)}[/]"
        counted = f"{result.cells} cells run, {result.compared} compared"
        console.print(f"{result.name}: {verdict} ({counted}, {result.seconds:.1f} s)")
        for failure in result.failures:
            console.print(f"  {failure}".replace("\n", "\n  "), markup=False)

    paths = _paths(lessons)
    with console.status(f"Checking {len(paths)} lessons"):
        results = run_check(paths, workers=workers, on_progress=say)
    raise typer.Exit(0 if all(result.ok for result in results) else 1)


@app.command()
def refresh(lessons: Lessons = None) -> None:
    """Run lessons and store their outputs, and write the glossary's page; what is unchanged gives no difference."""
    from pactlab import files
    from pactlab.lessons import glossary
    from pactlab.lessons.refresh import refresh as run_refresh
    from pactlab.show.lesson import folder

    if files.replace(folder() / glossary.PAGE, glossary.page().encode()):
        console.print(f"{glossary.PAGE}: written")
    for path in _paths(lessons):
        with console.status(f"Running {path.stem}"):
            changed = run_refresh(path)
        console.print(f"{path.stem}: {'outputs stored' if changed else 'unchanged'}")


@app.command()
def figures() -> None:
    """Write every figure of the lessons to figures/, with its gallery page."""
    from pactlab.data import root
    from pactlab.lessons.gallery import published, write

    found = []
    for path in _paths(None):
        with console.status(f"Running {path.stem}"):
            found += published(path)
    changed = write(found, root().parent / "figures")
    console.print(f"{len(found)} figures; changed: {', '.join(path.name for path in changed) or 'none'}")


def main() -> None:
    """Run the command; bad input ends in one line and exit status 2."""
    try:
        app()
    except KitError as problem:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"[bold]pactlab:[/] {escape(str(problem))}")
        sys.exit(2)
