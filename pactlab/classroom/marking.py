"""Marks one submission: the answers in one box, the checks in another fork of it, nothing in this process."""

from __future__ import annotations

from dataclasses import dataclass, field

from pactlab.classroom import submission as submissions
from pactlab.classroom.box import Box
from pactlab.classroom.exercise import STUDENT_ID, Exercise
from pactlab.errors import KitError

LONGEST_SHOWN = 20_100
"""Characters of what a cell printed that are kept, whatever comes out of the box."""


@dataclass(frozen=True)
class Marked:
    """What the machine found in one submission."""

    points: dict[str, float] = field(default_factory=dict)
    """By check."""
    messages: dict[str, str] = field(default_factory=dict)
    """What the student is told, by check that was not passed."""
    texts: dict[str, str] = field(default_factory=dict)
    """Answers and memos as handed in, by cell."""
    printed: dict[str, str] = field(default_factory=dict)
    """What each cell printed, by cell."""
    reason: str = ""
    """Why nothing could be marked; empty when it could."""
    missing: tuple[str, ...] = ()
    """Cells that the notebook does not have."""


def mark(box: Box, exercise: Exercise, student_id: str, raw: bytes) -> Marked:
    """Mark a notebook's bytes.

    The student's code runs between the teacher's own set-up cells; values that checks ask for leave as data; then
    the teacher's set-up runs anew, apart, with the checks. The id is the one that the course knows, whatever the
    notebook says. A notebook that cannot be read or run has a reason and no points.
    Raises KitError when there is no box, and when the exercise itself cannot be run.
    """
    try:
        handed_in = submissions.read(raw, exercise)
    except submissions.SubmissionError as problem:
        return Marked(points=dict.fromkeys((check.cell_id for check in exercise.checks), 0.0), reason=str(problem))
    return mark_texts(box, exercise, student_id, handed_in)


def mark_texts(box: Box, exercise: Exercise, student_id: str, handed_in: submissions.Submission) -> Marked:
    """Mark answers that were already read; see `mark`."""
    ran = box.run(
        {
            "kind": "answer",
            "cells": _cells(exercise, student_id, handed_in.texts),
            "asked": asked(exercise),
        }
    )
    answers = _by_cell(ran.get("answers"), dict)
    printed = {name: text[:LONGEST_SHOWN] for name, text in _by_cell(ran.get("printed"), str).items()}
    # A student's process may have written anything as its result: a field that is not there is no answer.
    reason = ran["reason"][:300] if isinstance(ran.get("reason"), str) else ""
    checked = box.run(
        {
            "kind": "check",
            "cells": _cells(exercise, student_id, {}),
            "checks": [[check.cell_id, check.source, list(check.names)] for check in exercise.checks],
            "answers": {check.cell_id: answers.get(check.cell_id, {}) for check in exercise.checks},
        }
    )
    if isinstance(checked.get("set_up"), str):
        raise KitError(f"{exercise.name} cannot be marked: its own set-up fails in the box, {checked['set_up'][:300]}")
    points, messages = {}, {}
    verdicts = checked.get("verdicts", {})
    for check in exercise.checks:
        passed = check.cell_id in verdicts and verdicts[check.cell_id] is None
        points[check.cell_id] = check.points if passed else 0.0
        if not passed:
            told = verdicts.get(check.cell_id) or f"not checked: {checked.get('reason')}"
            messages[check.cell_id] = f"not run: {reason}" if reason else told
    return Marked(points, messages, handed_in.texts, printed, reason, handed_in.missing)


def asked(exercise: Exercise) -> dict[str, list[str]]:
    """Return the names that each check looks at, by the check's cell: that is where the box looks, too."""
    return {check.cell_id: list(check.names) for check in exercise.checks}


def _cells(exercise: Exercise, student_id: str, texts: dict[str, str]) -> list[list[str]]:
    """Return the code to run, in order: the teacher's cells, the id, and the answers given; checks are left empty."""
    checks = {check.cell_id for check in exercise.checks}
    found = []
    for cell in exercise.notebook.cells:
        if cell.cell_type == "code":
            own = "" if cell.id in checks else cell.source
            text = texts.get(cell.id, "") if cell.id in exercise.answers else own
            found.append([cell.id, f"student_id = {student_id!r}" if cell.id == STUDENT_ID else text])
    return found


def _by_cell(found: object, kind: type) -> dict:
    if not isinstance(found, dict):
        return {}
    return {cell_id: value for cell_id, value in found.items() if isinstance(value, kind)}
