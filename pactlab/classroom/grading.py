"""Marks a class: takes what is handed in and not yet marked, marks side by side, and writes each mark as it comes."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from pactlab import files
from pactlab.classroom import papers
from pactlab.classroom.box import Box, BoxError
from pactlab.classroom.course import Course
from pactlab.classroom.exercise import Exercise
from pactlab.classroom.marking import Marked, mark
from pactlab.classroom.submission import LARGEST
from pactlab.errors import KitError

if TYPE_CHECKING:
    from nbgrader.api import Gradebook

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


Task = tuple[str, Path]
"""A student's id and notebook."""
Done = tuple[str, bytes, Marked | KitError]
"""A student's id, the bytes that were marked, and what came of it."""


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

    handed_in = course.submitted(exercise.name)
    if unknown := sorted(set(students or []) - set(handed_in)):
        raise KitError(f"nothing of {', '.join(unknown)} for {exercise.name}: collect it first")
    wanted = sorted(set(students)) if students else handed_in
    rows: dict[str, Row] = {}
    with course.gradebook() as book, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Object of type", category=SAWarning)  # nbgrader's own, harmless
        register(book, course, exercise)
        todo = []
        for student_id in wanted:
            place = course.notebook("submitted", student_id, exercise.name)
            key = papers.fingerprint(exercise, _bytes(place))
            found = papers.read(course.notebook("autograded", student_id, exercise.name))
            if found.get("key") == key and not again:
                rows[student_id] = _row(book, exercise, student_id, found["reason"], new=False)
            else:
                todo.append((student_id, place))
        marks = (
            _by_dask(exercise, todo, scheduler) if scheduler else _here(exercise, todo, workers or os.cpu_count() or 1)
        )
        with contextlib.closing(marks):
            for student_id, raw, marked in marks:
                found = Marked(dict.fromkeys((check.cell_id for check in exercise.checks), 0.0), reason=str(marked))
                kept = marked if isinstance(marked, Marked) else found
                rows[student_id] = _keep((book, course, exercise), student_id, raw, kept)
                on_progress(rows[student_id])
    report = [rows[student_id] for student_id in wanted if student_id in rows]
    _write_report(course, exercise, report)
    return report


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


def _bytes(place: Path) -> bytes:
    with place.open("rb") as file:
        return file.read(LARGEST + 1)


# Marking, one process each


def _here(exercise: Exercise, todo: list[Task], workers: int) -> Iterator[Done]:
    """Mark with one box a thread: the work is done in the boxes, the threads only wait."""
    own, boxes = threading.local(), []

    def ready() -> None:
        own.box = Box(tables=tuple(exercise.tables))
        boxes.append(own.box)

    def work(task: Task) -> Done:
        student_id, place = task
        raw = _bytes(place)
        return student_id, raw, _marked(own.box, exercise, student_id, raw)

    if not todo:
        return
    pool = ThreadPoolExecutor(min(workers, len(todo)), initializer=ready)
    try:
        for future in as_completed([pool.submit(work, task) for task in todo]):
            yield future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for box in boxes:
            box.stop()


def _by_dask(exercise: Exercise, todo: list[Task], scheduler: str) -> Iterator[Done]:
    """Mark on the workers of a Dask scheduler; only bytes travel, this process writes."""
    try:
        from distributed import Client
        from distributed import as_completed as arriving
    except ImportError as problem:
        raise KitError("--scheduler needs Dask: pip install 'pactlab[cluster]'") from problem
    try:
        client = Client(scheduler, timeout=10)
    except OSError as problem:
        raise KitError(
            f"no Dask scheduler answers at {scheduler} ({problem}); start one with `dask scheduler`"
        ) from problem
    with client:
        shared = client.scatter(exercise, broadcast=True)
        raws = {student_id: _bytes(place) for student_id, place in todo}
        futures = {
            client.submit(mark_on_worker, shared, student_id, raw, pure=False): student_id
            for student_id, raw in raws.items()
        }
        for future in arriving(futures):
            student_id = futures[future]
            problem = future.exception()
            result = (
                KitError(f"the worker was lost or failed ({type(problem).__name__})") if problem else future.result()
            )
            yield student_id, raws[student_id], result


_OWN = threading.local()


def mark_on_worker(exercise: Exercise, student_id: str, raw: bytes) -> Marked | KitError:
    """Mark one notebook on a worker, in a box that the worker's thread keeps for the next."""
    if not hasattr(_OWN, "box"):
        _OWN.box = Box(tables=tuple(exercise.tables))
    return _marked(_OWN.box, exercise, student_id, raw)


def _marked(box: Box, exercise: Exercise, student_id: str, raw: bytes) -> Marked | KitError:
    """Mark; a box that dies of one notebook alone is that notebook's row, a box that never works ends the run."""
    try:
        return mark(box, exercise, student_id, raw)
    except BoxError as problem:
        box.run({"kind": "answer", "cells": [], "asked": {}})
        return problem


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
    book.db.commit()
    try:
        papers.write(paper, exercise, student_id, marked, papers.fingerprint(exercise, raw))
    except OSError as problem:
        raise KitError(
            f"{paper}: {problem.strerror}; make room, then run this again: what was marked is kept"
        ) from problem
    return _row(book, exercise, student_id, marked.reason, new=True)


def _said(exercise: Exercise, answer: str, marked: Marked) -> str | None:
    """Join what the checks between this answer and the next one found."""
    told, here = [], False
    for cell in exercise.notebook.cells:
        if cell.id in exercise.answers:
            here = cell.id == answer
        elif here and cell.id in marked.messages:
            told.append(papers.harmless(marked.messages[cell.id]))
    return "\n".join(told) or None


def _row(book: Gradebook, exercise: Exercise, student_id: str, reason: str, *, new: bool) -> Row:
    grades = book.find_submission_notebook(exercise.name, exercise.name, student_id).grades
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
