"""Submissions made from an exercise's own source and specimens."""

import copy
import json
import os
import shutil
import tomllib
from pathlib import Path

import pytest

from pactlab.classroom.course import Course
from pactlab.classroom.exercise import REGION, STUDENT_ID, Exercise

needs_box = pytest.mark.skipif(
    shutil.which("bwrap") is None and not os.environ.get("PACTLAB_REQUIRE_ALL"),
    reason="students' code runs in bubblewrap, which is not here",
)
"""Under PACTLAB_REQUIRE_ALL such a test runs, and fails for want of bubblewrap."""


def released_text(exercise: Exercise, cell_id: str) -> str:
    """What a student finds in a cell."""
    return REGION.sub("", exercise.cells[cell_id].source)


def specimen(exercise: Exercise, name: str) -> tuple[str, dict[str, str], dict[str, float]]:
    """The id, the answers and the points of a specimen."""
    told = tomllib.loads((exercise.teacher / "specimens" / f"{name}.toml").read_text(encoding="utf-8"))
    blank = told.get("start") == "release"
    texts = {name: released_text(exercise, name) if blank else exercise.cells[name].source for name in exercise.answers}
    full = {check.cell_id: check.points for check in exercise.checks}
    return told.get("student_id", ""), texts | told.get("cells", {}), full | told.get("expect", {})


def notebook(exercise: Exercise, texts: dict[str, str], student_id: str = "") -> bytes:
    """A notebook as a student hands it in: what was given out, with some cells written."""
    made = copy.deepcopy(exercise.notebook)
    for cell in made.cells:
        cell.source = texts.get(cell.id, REGION.sub("", cell.source))
        if cell.id == STUDENT_ID:
            cell.source = f'student_id = "{student_id}"'
    return json.dumps(made).encode()


def hand_in(course: Course, exercise: Exercise, student_id: str, raw: bytes) -> Path:
    """Put a notebook where `collect` puts it."""
    place = course.notebook("submitted", student_id, exercise.name)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(raw)
    return place


def honest(exercise: Exercise, memo: str = "My memo.") -> dict[str, str]:
    """Full marks, and a memo."""
    return {name: exercise.cells[name].source for name in exercise.answers} | dict.fromkeys(exercise.memos, memo)
