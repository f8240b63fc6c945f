"""For teachers only: solutions, what hidden checks test, the model memo, marked memos."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass

from pactlab.classroom.exercise import REGION, Exercise
from pactlab.pack.pages import render
from pactlab.pack.reading import Lesson, said

MEMOS = ("weak", "middling", "strong")


@dataclass(frozen=True)
class Part:
    """A cell of the exercise as the key shows it."""

    text: str = ""
    """HTML of a question."""
    label: str = ""
    code: str = ""
    memo: str = ""
    """HTML of the model memo."""


def page(exercise: Exercise, lesson: Lesson) -> str:
    """Return the key as a page of HTML; it may not leave the teacher's hands."""
    parts = []
    for cell in exercise.notebook.cells:
        inside = "".join(match[2] for match in REGION.finditer(cell.source)).strip("\n")
        points = exercise.memos.get(cell.id) or next(
            (one.points for one in exercise.checks if one.cell_id == cell.id), 0
        )
        if cell.cell_type == "markdown":
            parts.append(
                Part(label=f"A model memo, {points:g} points", memo=_lower(said(inside)))
                if inside
                else Part(text=_lower(said(cell.source)))
            )
        elif cell.id in exercise.answers:
            parts.append(Part(label="Solution", code=inside))
        elif inside:
            parts.append(
                Part(label=f"Hidden check {cell.id}, {points:g} point{'' if points == 1 else 's'}", code=inside)
            )
    with (exercise.teacher / "rubric.csv").open(encoding="utf-8", newline="") as file:
        rubric = list(csv.DictReader(file))
    memos = [(exercise.teacher / "memos" / f"{name}.md") for name in MEMOS]
    draws = {
        what: [option if isinstance(option, str) else json.dumps(option, ensure_ascii=False) for option in options]
        for what, options in exercise.notebook.metadata.pactlab.get("draw", {}).items()
    }
    return render(
        "key.html.j2",
        exercise=exercise,
        lesson=lesson,
        parts=parts,
        draws=draws,
        rubric=rubric,
        memos=[_lower(said(path.read_text(encoding="utf-8")), 2) for path in memos if path.is_file()],
        foot=f"TEACHERS ONLY. Key to exercise {exercise.name[:2]}",
    )


def _lower(html: str, by: int = 1) -> str:
    """Lower the headings of a piece of HTML, so that the page keeps one heading of the first level."""
    return re.sub(r"(</?h)([1-5])\b", lambda match: f"{match[1]}{min(int(match[2]) + by, 6)}", html)
