"""Runs a lesson's cells in this process: no kernel, nothing stored."""

import ast
import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from pactlab.errors import KitError


@dataclass(frozen=True)
class Step:
    """One cell after it was run (a text cell is passed through)."""

    index: int
    """Place of the cell in the notebook, from 0."""
    cell: nbformat.NotebookNode
    """The cell as stored."""
    shown: Any
    """Value of the cell's last expression, which a notebook would show; None for text cells."""
    printed: str
    """What the cell printed."""
    names: dict[str, Any]
    """The names defined so far; the same dictionary for all steps."""


def read(path: Path) -> nbformat.NotebookNode:
    """Return a notebook; raises KitError when the file is no notebook."""
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.reader.NotJSONError) as problem:
        raise KitError(f"{path.name}: not a notebook that can be read ({problem})") from problem


def execute(source: str, names: dict[str, Any], filename: str) -> Any:
    """Run source code among names and return the value of its last expression, or None when it ends in a statement."""
    tree = ast.parse(source, filename)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, filename, "exec"), names)
    return eval(compile(ast.Expression(last.value), filename, "eval"), names) if last else None


def steps(path: Path) -> Iterator[Step]:
    """Yield each cell of a lesson in order, code cells after they were run in one namespace.

    Raises KitError that names lesson and cell when a cell fails; a cell tagged `raises-exception` is allowed to.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    for index, cell in enumerate(read(path).cells):
        printed, shown = io.StringIO(), None
        if cell.cell_type == "code":
            try:
                with contextlib.redirect_stdout(printed):
                    shown = execute(cell.source, names, f"{path.stem}, cell {index}")
            except Exception as problem:
                if "raises-exception" not in cell.metadata.get("tags", []):
                    raise KitError(f"{path.name}, cell {index}: {type(problem).__name__}: {problem}") from problem
        yield Step(index, cell, shown, printed.getvalue(), names)
