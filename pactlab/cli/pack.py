"""The command `pactlab pack`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer()
console = Console(highlight=False, soft_wrap=True)


@app.command(rich_help_panel="Classroom")
def pack(
    names: Annotated[list[str], typer.Argument(metavar="LESSON...|all", help="Names or numbers of lessons, or all.")],
    to: Annotated[Path, typer.Option("--to", help="Folder to write to.")],
    zipped: Annotated[bool, typer.Option("--zip", help="Also a zip for each lesson, without the key.")] = False,
) -> None:
    """Write slides, handout, lesson as PDF, plan, rubric, role cards and key of lessons."""
    from pactlab.pack.packing import pack as write

    packed = write(names, to, zipped=zipped, say=_say)
    for one in packed:
        if one.fault:
            _say(f"{one.name}: not packed: {one.fault}")
        else:
            _say(f"{to / one.name}: {f'{one.files} files' if one.changed else 'unchanged'}")
    if any(one.fault for one in packed):
        raise typer.Exit(1)


def _say(text: str) -> None:
    console.print(text, markup=False)
