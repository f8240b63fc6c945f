"""Reads what a student handed in: only the text of answers and memos is taken, the rest of the file is ignored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pactlab.classroom.exercise import STUDENT_ID, Exercise

LARGEST = 2_000_000
"""Bytes of a notebook."""
MOST_CELLS = 500
LONGEST_CELL = 50_000
"""Characters of one answer."""


class SubmissionError(Exception):
    """Says in one line why a file cannot be marked."""


@dataclass(frozen=True)
class Submission:
    """What counts of a student's notebook."""

    texts: dict[str, str]
    """Text of each answer and memo, by cell id."""
    written_id: str
    """The code of the cell with the student's id; never run."""
    missing: tuple[str, ...]
    """Answers and memos that the notebook does not have."""


def load(path: Path, exercise: Exercise) -> Submission:
    """Return what counts of a notebook on disk; raises SubmissionError."""
    try:
        with path.open("rb") as file:
            return read(file.read(LARGEST + 1), exercise)
    except OSError as problem:
        raise SubmissionError(f"the file cannot be read ({problem.strerror})") from problem


def read(raw: bytes, exercise: Exercise) -> Submission:
    """Return what counts of a notebook's bytes, which may be anything; raises SubmissionError.

    A cell is known by its name for nbgrader, or else by its id; the first of each name counts.
    """
    wanted = [*exercise.answers, *exercise.memos, STUDENT_ID]
    found: dict[str, str] = {}
    for cell in cells(raw):
        name = _name(cell)
        if name in wanted and name not in found:
            found[name] = _text(cell, name)
    missing = tuple(name for name in wanted if name not in found and name != STUDENT_ID)
    if len(missing) == len(wanted) - 1:
        raise SubmissionError(f"it holds no answer cell of {exercise.name}: is it another exercise's notebook?")
    return Submission(found, found.pop(STUDENT_ID, ""), missing)


def cells(raw: bytes) -> list[dict]:
    """Return the cells in a notebook's bytes, bounded in size and number; raises SubmissionError for other files."""
    if len(raw) > LARGEST:
        raise SubmissionError(f"the file is larger than {LARGEST:,} bytes")
    try:
        notebook = json.loads(raw)
    except (ValueError, RecursionError) as problem:
        raise SubmissionError("the file is not a notebook (no JSON)") from problem
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise SubmissionError("the file is not a notebook (no cells)")
    if len(notebook["cells"]) > MOST_CELLS:
        raise SubmissionError(f"the notebook has more than {MOST_CELLS} cells")
    return [cell for cell in notebook["cells"] if isinstance(cell, dict)]


def _name(cell: dict) -> str:
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return name if isinstance(name, str) else cell["id"] if isinstance(cell.get("id"), str) else ""


def _text(cell: dict, name: str) -> str:
    source = cell.get("source", "")
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        raise SubmissionError(f"cell {name} holds no text")
    if len(source) > LONGEST_CELL:
        raise SubmissionError(f"cell {name} is longer than {LONGEST_CELL:,} characters")
    # Half a surrogate pair is legal in JSON and cannot be written as UTF-8.
    return source.encode("utf-8", "replace").decode()
