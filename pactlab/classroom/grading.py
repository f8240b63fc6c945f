"""Marks a class: takes what is handed in and not yet marked, marks side by side, and writes each mark as it comes."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING

from pactlab import files
from pactlab.classroom import papers
from pactlab.classroom import workers as at_work
from pactlab.classroom.box import refuse_in_sight
from pactlab.classroom.course import Course
from pactlab.classroom.exercise import Exercise
from pactlab.classroom.marking import Marked
from pactlab.errors import KitError

if TYPE_CHECKING:
    from nbgrader.api import Grade, Gradebook

MARKED, WAITING, FAILED = "marked", "waiting for the memo", "failed"


@dataclass(frozen=True)
class Row:
    """One line of a report: one student, one exercise."""

    student_id: str
    state: str
    """marked, waiting for the memo, or failed."""
    points: float
    """By machine."""
    max_points: float
    """What the machine could give."""
    reason: str = ""
    """Why it failed, or what the teacher should know."""
    new: bool = True
    """Marked in this run."""


def grade(
    exercise: Exercise,
    course: Course,
    students: list[str] | None = None,
    *,
    workers: int = 0,
    again: bool = False,
    scheduler: str = "",
    on_progress: Callable[[Row], None] = lambda row: None,
) -> list[Row]:
    """Mark an exercise for some students or all who handed in, and return a row for each, sorted by id.

    workers: how many at the same time; 0 takes one for each processor. again: also those whose notebook has not
    changed since it was marked. scheduler: the address of a Dask scheduler whose workers do the marking.
    Each mark is in the gradebook, and then its marked notebook in `autograded/`, before the next is taken up; a run
    that is stopped goes on where it stopped. A notebook that cannot be marked is one row, and the others go on.
    Raises KitError when a student has handed in nothing, and when there is no box or the gradebook cannot be written.
    """
    from sqlalchemy.exc import SAWarning

    refuse_in_sight(course.root, "a course")
    handed_in = course.submitted(exercise.name)
    if unknown := sorted(set(students or []) - set(handed_in)):
        raise KitError(f"nothing of {', '.join(unknown)} for {exercise.name}: collect it first")
    wanted = sorted(set(students)) if students else handed_in
    marked_before, todo = _sorted_out(exercise, course, wanted, again=again)
    count = 0 if scheduler else min(workers or os.cpu_count() or 1, len(todo))
    rows: dict[str, Row] = {}
    # The boxes warm up while the gradebook opens.
    with at_work.boxes(exercise, count) as opened, course.gradebook() as book, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Object of type", category=SAWarning)  # nbgrader's own, harmless
        register(book, course, exercise)
        book.db().expire_on_commit = False  # nobody else writes meanwhile: no need to read again what was written
        for student_id, reason in marked_before.items():
            entries = book.find_submission_notebook(exercise.name, exercise.name, student_id).grades
            rows[student_id] = _row(entries, exercise, student_id, reason, new=False)
        nothing = dict.fromkeys((check.cell_id for check in exercise.checks), 0.0)
        marks = at_work.by_dask(exercise, todo, scheduler) if scheduler else at_work.here(exercise, todo, opened)
        with contextlib.closing(marks):
            for student_id, raw, marked in marks:
                kept = marked if isinstance(marked, Marked) else Marked(nothing, reason=str(marked))
                rows[student_id] = _keep((book, course, exercise), student_id, raw, kept)
                on_progress(rows[student_id])
    report = [rows[student_id] for student_id in wanted if student_id in rows]
    _write_report(course, exercise, report)
    return report


def _sorted_out(
    exercise: Exercise, course: Course, students: list[str], *, again: bool
) -> tuple[dict[str, str], list[at_work.Task]]:
    """Return who is marked already, with the reason of those who failed, and who is to be marked."""
    done, todo = {}, []
    for student_id in students:
        place = course.notebook("submitted", student_id, exercise.name)
        found = papers.read(course.notebook("autograded", student_id, exercise.name))
        if not again and found.get("key") == papers.fingerprint(exercise, at_work.handed_in(place)):
            done[student_id] = found["reason"]
        else:
            todo.append((student_id, place))
    return done, todo


def register(book: Gradebook, course: Course, exercise: Exercise) -> None:
    """Write the exercise's cells and points into the gradebook, with nbgrader's own means.

    Raises KitError when cells have come or gone since students were marked.
    """
    from nbgrader.preprocessors import SaveCells

    book.update_or_create_assignment(exercise.name)
    resources = {"nbgrader": {"notebook": exercise.name, "assignment": exercise.name, "db_url": _url(course)}}
    try:
        SaveCells(parent=None).preprocess(exercise.notebook.copy(), resources)
    except RuntimeError as problem:
        raise KitError(
            f"{exercise.name}: its cells have changed since students were marked; take another --course folder"
        ) from problem
    book.db.expire_all()


def _url(course: Course) -> str:
    return f"sqlite:///{course.database.resolve()}"


# Writing, one place


def _keep(at: tuple[Gradebook, Course, Exercise], student_id: str, raw: bytes, marked: Marked) -> Row:
    """Write one student's mark: first the gradebook, then the marked notebook, whose key says that all is done."""
    book, course, exercise = at
    paper = course.notebook("autograded", student_id, exercise.name)
    before = papers.read(paper).get("memos", {})
    stamp = course.notebook("submitted", student_id, exercise.name).with_name("timestamp.txt")
    when = {"timestamp": stamp.read_text(encoding="utf-8").strip()} if stamp.is_file() else {}
    book.update_or_create_student(student_id)
    submission = book.update_or_create_submission(exercise.name, student_id, **when)
    (notebook,) = submission.notebooks
    for entry in notebook.grades:
        entry.auto_score = marked.points.get(entry.name)
        unchanged = before.get(entry.name) == marked.texts.get(entry.name, "")
        by_hand = entry.name in exercise.memos
        entry.needs_manual_grade = by_hand and (entry.manual_score is None or not unchanged)
    for entry in notebook.comments:
        entry.auto_comment = _said(exercise, entry.name, marked)
    row = _row(notebook.grades, exercise, student_id, marked.reason, new=True)
    book.db.commit()
    try:
        papers.write(paper, exercise, student_id, marked, papers.fingerprint(exercise, raw))
    except OSError as problem:
        raise KitError(
            f"{paper}: {problem.strerror}; make room, then run this again: what was marked is kept"
        ) from problem
    return row


def _said(exercise: Exercise, answer: str, marked: Marked) -> str | None:
    """Join what the checks between this answer and the next one found."""
    told, here = [], False
    for cell in exercise.notebook.cells:
        if cell.id in exercise.answers:
            here = cell.id == answer
        elif here and cell.id in marked.messages:
            told.append(papers.harmless(marked.messages[cell.id]))
    return "\n".join(told) or None


def _row(grades: list[Grade], exercise: Exercise, student_id: str, reason: str, *, new: bool) -> Row:
    by_machine = [entry for entry in grades if entry.name not in exercise.memos]
    waiting = any(entry.needs_manual_grade for entry in grades)
    state = FAILED if reason else WAITING if waiting else MARKED
    points = sum(entry.auto_score or 0 for entry in by_machine)
    return Row(student_id, state, points, sum(check.points for check in exercise.checks), reason, new)


def _write_report(course: Course, exercise: Exercise, rows: list[Row]) -> None:
    out = io.StringIO()
    columns = [field.name for field in fields(Row) if field.name != "new"]
    writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    place = course.root / "reports" / f"{exercise.name}.csv"
    place.parent.mkdir(parents=True, exist_ok=True)
    files.replace(place, out.getvalue().encode())
