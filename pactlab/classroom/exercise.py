"""An exercise as its source notebook has it: set-up, answers, checks, memo, and what is drawn for whom."""

from __future__ import annotations

import ast
import difflib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat

from pactlab import data
from pactlab.data.faults import nearest
from pactlab.errors import KitError

REGION = re.compile(r"^ *### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)^ *### END \1$\n?", re.DOTALL | re.MULTILINE)
"""What students never get, with its markers."""

STUDENT_ID = "student-id"
"""The cell in which a student writes an id; the grader writes it itself."""


@dataclass(frozen=True)
class Check:
    """A cell that decides on points."""

    cell_id: str
    source: str
    """Visible and hidden part."""
    points: float
    names: tuple[str, ...]
    """The answers it looks at; its messages name them in backticks."""

    @property
    def visible(self) -> str:
        """The part that students get."""
        return REGION.sub("", self.source)


@dataclass(frozen=True)
class Exercise:
    """One exercise, read from its source."""

    name: str
    """Its full name, as in 04_counting_incidents."""
    path: Path
    """Its source notebook."""
    notebook: nbformat.NotebookNode
    """The source, with the draws of its metadata written into the set-up."""

    @cached_property
    def cells(self) -> dict[str, nbformat.NotebookNode]:
        """Every cell by its id, in order."""
        return {cell.id: cell for cell in self.notebook.cells}

    @cached_property
    def answers(self) -> tuple[str, ...]:
        """The ids of the code cells that a student fills in."""
        return tuple(cell.id for cell in self.notebook.cells if cell.cell_type == "code" and _mark(cell, "solution"))

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """The cells that decide on points, in order."""
        found = [cell for cell in self.notebook.cells if cell.cell_type == "code" and _mark(cell, "grade")]
        return tuple(Check(cell.id, cell.source, float(_mark(cell, "points")), _asked(cell.source)) for cell in found)

    @cached_property
    def memos(self) -> dict[str, float]:
        """Points of the cells marked by hand, by cell id."""
        found = [cell for cell in self.notebook.cells if cell.cell_type == "markdown" and _mark(cell, "grade")]
        return {cell.id: float(_mark(cell, "points")) for cell in found}

    @property
    def max_points(self) -> float:
        """Points of all checks and memos."""
        return sum(check.points for check in self.checks) + sum(self.memos.values())

    @property
    def teacher(self) -> Path:
        """The folder with rubric, marked memos and specimens; never a student's."""
        return self.path.parent / "teacher"

    @property
    def tables(self) -> list[str]:
        """The tables it loads."""
        return list(self.notebook.metadata.pactlab.data)


def folder() -> Path:
    """Return the folder of the exercises: beside the data folder. Raises KitError in a kit that has none."""
    place = data.root().parent / "exercises"
    if not place.is_dir():
        raise KitError("this kit has no exercises/ (it is the students' edition); use the teachers' kit")
    return place


def names() -> list[str]:
    """Return the full name of each exercise, in order."""
    return [
        path.stem for path in sorted(folder().glob("[0-9][0-9]_*/[0-9][0-9]_*.ipynb")) if path.stem == path.parent.name
    ]


def find(name: str) -> Exercise:
    """Return an exercise by its name (`04_counting_incidents`) or number (`04`, `4`).

    Raises KitError with the nearest names when there is none, and when its source cannot be read.
    """
    known, stem = names(), Path(name).stem
    numbered = [one for one in known if stem.isdigit() and one.startswith(f"{int(stem):02d}_")]
    chosen = next(iter([one for one in known if one == stem] or numbered), None)
    if chosen is None:
        near = difflib.get_close_matches(stem, known, n=3, cutoff=0.4)
        raise KitError(
            f"no exercise is called {name!r}; {'the nearest: ' + ', '.join(near) if near else 'there are 00 to 20'}"
        )
    return read(folder() / chosen / f"{chosen}.ipynb")


def read(path: Path) -> Exercise:
    """Return the exercise in a source notebook; raises KitError when it is none."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.reader.NotJSONError) as problem:
        raise KitError(f"{path.name}: not a notebook that can be read ({problem})") from problem
    draws = _draws(path.stem, notebook)
    named: set[str] = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            where = f"{path.stem}, cell {cell.id}"
            try:
                cell.source = _with_draws(cell.source, draws, named, where)
            except SyntaxError as problem:
                raise KitError(f"{where}, line {problem.lineno}: this is not Python ({problem.msg})") from problem
    return Exercise(path.stem, path, notebook)


def _draws(name: str, notebook: nbformat.NotebookNode) -> dict[str, list]:
    """Return what is drawn from what; refuse what would fail in front of a student."""
    said = notebook.metadata.get("pactlab")
    if not isinstance(said, dict) or not isinstance(said.get("data"), list):
        raise KitError(f"{name}: the notebook's metadata, pactlab.data, do not list the tables it loads")
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    drawn = re.findall(r"classroom\.draw\(\s*\w+,\s*[\"']([^\"']+)[\"']", code)
    draws = said.get("draw", {})
    for what, options in draws.items():
        where = f"{name}: the notebook's metadata, pactlab.draw, {what!r}"
        if not isinstance(options, list) or not options:
            raise KitError(f"{where}: is {json.dumps(options, ensure_ascii=False)[:40]}; write a list of options")
        if len({json.dumps(option) for option in options}) < len(options):
            raise KitError(f"{where}: has an option twice; leave one out")
        if what not in drawn:
            raise KitError(f"{where}: no cell draws it{nearest(what, drawn)}")
    return draws


def _with_draws(source: str, draws: dict[str, list], named: set[str], where: str) -> str:
    """Return a cell in which each `classroom.draw(student_id, what, options)` draws from `draws[what]`.

    The options stand in the cell as a list, in the call itself or under a name; the notebook's metadata say them,
    too, and these hold: a teacher changes a question there, and nowhere else. A list that agrees stays as it is
    written. named: names of lists met so far; later cells may draw from them, and this cell's are added.
    Raises KitError for a draw that the metadata do not name and for options that are not written out.
    """
    tree = ast.parse(source)
    lists = {node.targets[0].id: node.value for node in tree.body if _names_a_list(node)}
    changes = {}
    for call in (node for node in ast.walk(tree) if _is_draw(node)):
        what, options = call.args[1].value, call.args[2]
        node = lists.get(options.id) if isinstance(options, ast.Name) else options
        if what not in draws:
            raise KitError(f"{where}: the notebook's metadata, pactlab.draw, do not say what {what!r} draws from")
        if isinstance(node, ast.List):
            if ast.literal_eval(node) != draws[what]:
                changes[node] = repr(_plain(draws[what]))
        elif not (isinstance(options, ast.Name) and options.id in named):
            raise KitError(f"{where}: write the options of the draw {what!r} out as a list")
    named |= set(lists)
    lines = source.splitlines(keepends=True)
    for node in sorted(changes, key=lambda node: -node.lineno):
        first, last = node.lineno - 1, node.end_lineno - 1
        before = lines[first].encode()[: node.col_offset].decode()
        after = lines[last].encode()[node.end_col_offset :].decode()
        lines[first : last + 1] = [before + changes[node] + after]
    return "".join(lines)


def _plain(value: Any) -> Any:
    """Turn what nbformat reads as a mapping of its own into Python's."""
    return json.loads(json.dumps(value))


def _names_a_list(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.List)


def _is_draw(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "classroom.draw" and len(node.args) == 3


def _mark(cell: nbformat.NotebookNode, name: str) -> Any:
    return cell.metadata.get("nbgrader", {}).get(name, False)


def _asked(source: str) -> tuple[str, ...]:
    """Name the answers that a check's messages name in backticks, in order."""
    said = [
        node.msg.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assert) and isinstance(node.msg, ast.Constant)
    ]
    return tuple(dict.fromkeys(name for text in said for name in re.findall(r"`(\w+)`", str(text))))
