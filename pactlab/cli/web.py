"""The commands `pactlab web ...`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(help="Build and show the web edition.", no_args_is_help=True)
console = Console(highlight=False, soft_wrap=True)

Folder = Annotated[Path | None, typer.Option("--to", help="The site's folder.", show_default="site/")]


def _folder(named: Path | None) -> Path:
    from pactlab.data import root

    return named or root().parent / "site"


@app.command()
def build(to: Folder = None) -> None:
    """Make the site from the lessons' stored outputs; a fault leaves the site that was there."""
    import time

    from pactlab.web.build import build as run_build

    began = time.perf_counter()
    with console.status("Building the site"):
        built = run_build(_folder(to), say=console.print)
    seconds = time.perf_counter() - began
    console.print(f"{built.folder}: {built.pages} pages, {built.bytes / 1e6:.1f} MB, in {seconds:.1f} s", markup=False)


@app.command()
def serve(
    to: Folder = None,
    port: Annotated[int, typer.Option(help="Port to serve on; when it is taken, the next free one.")] = 8000,
) -> None:
    """Show the site on this machine, with its search; it is built first where it is missing or stale."""
    from pactlab.cli.lab import free_port
    from pactlab.web.build import build as run_build
    from pactlab.web.build import stale
    from pactlab.web.serving import serve as run_serve

    folder = _folder(to)
    if stale(folder):
        with console.status("Building the site"):
            run_build(folder, say=console.print)
    run_serve(folder, port=free_port(port), say=console.print)
