"""Marks side by side: on this machine, a box a worker, or on the workers of a Dask scheduler."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from pactlab.classroom.box import Box, BoxError
from pactlab.classroom.exercise import Exercise
from pactlab.classroom.marking import Marked, mark
from pactlab.classroom.submission import LARGEST
from pactlab.errors import KitError

Task = tuple[str, Path]
"""A student's id and notebook."""
Done = tuple[str, bytes, Marked | KitError]
"""A student's id, the bytes that were marked, and what came of it."""


def handed_in(place: Path) -> bytes:
    """Return a notebook's bytes, one more than is allowed at most."""
    with place.open("rb") as file:
        return file.read(LARGEST + 1)


@contextlib.contextmanager
def boxes(exercise: Exercise, count: int) -> Iterator[list[Box]]:
    """Give boxes that are warming up; stop them at the end. Raises KitError where there is no box."""
    opened = [Box(tables=tuple(exercise.tables)) for _ in range(count)]
    try:
        for box in opened:
            box.start()
        yield opened
    finally:
        for box in opened:
            box.stop()


def here(exercise: Exercise, todo: list[Task], opened: list[Box]) -> Iterator[Done]:
    """Mark in these boxes, and yield each result as it comes: threads only wait, the work is done in the boxes."""
    free: queue.SimpleQueue[Box] = queue.SimpleQueue()
    for box in opened:
        free.put(box)

    def work(task: Task) -> Done:
        student_id, place = task
        raw, box = handed_in(place), free.get()
        try:
            return student_id, raw, _marked(box, exercise, student_id, raw)
        finally:
            free.put(box)

    pool = ThreadPoolExecutor(len(opened) or 1)
    try:
        for future in as_completed([pool.submit(work, task) for task in todo]):
            yield future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def by_dask(exercise: Exercise, todo: list[Task], scheduler: str) -> Iterator[Done]:
    """Mark on the workers of a Dask scheduler, and yield each result as it comes: only bytes travel.

    Raises KitError when no scheduler answers.
    """
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
        raws = {student_id: handed_in(place) for student_id, place in todo}
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
    except KitError:
        raise
    except Exception as problem:  # What nobody foresaw in one notebook must not cost the others their marks.
        return KitError(f"it could not be marked ({type(problem).__name__}: {problem})"[:300])
