"""Marking a class: the same marks as in a notebook, every mark kept, faults of one that do not touch the others."""

import copy
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from handing_in import hand_in, honest, needs_box, notebook, specimen

from pactlab.classroom import exercise as exercises
from pactlab.classroom import grading, marking, papers, workers
from pactlab.classroom.box import Box, BoxError, Limits
from pactlab.classroom.course import Course, open_course
from pactlab.classroom.submission import Submission
from pactlab.errors import KitError

pytestmark = needs_box
EXERCISES = [exercises.find(name) for name in exercises.names()]
FOUR = exercises.find("04")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return open_course(tmp_path / "course")


@pytest.fixture(scope="module")
def box() -> Box:
    with Box() as opened:
        yield opened


def class_of(course: Course, count: int) -> list[str]:
    students = [f"s{number:02}" for number in range(count)]
    for student_id in students:
        hand_in(course, FOUR, student_id, notebook(FOUR, honest(FOUR), student_id))
    return students


def scores(course: Course, student_id: str) -> dict[str, float]:
    with course.gradebook() as book:
        grades = book.find_submission_notebook(FOUR.name, FOUR.name, student_id).grades
        return {entry.name: entry.auto_score for entry in grades if entry.name not in FOUR.memos}


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_box_gives_the_marks_of_a_notebook(exercise: exercises.Exercise, box: Box) -> None:
    """Every specimen of every exercise earns in the box what its author says, and what nbgrader gives."""
    for path in sorted((exercise.teacher / "specimens").glob("*.toml")):
        student_id, texts, wanted = specimen(exercise, path.stem)
        marked = marking.mark_texts(box, exercise, student_id, Submission(texts, "", ()))
        assert not marked.reason, f"{path.stem}: {marked.reason}"
        assert marked.points == wanted, f"{path.stem}: {marked.messages}"
        assert set(marked.messages) == {name for name, points in marked.points.items() if not points}


def test_a_class_is_marked_and_written(course: Course) -> None:
    students = class_of(course, 3)
    _, texts, wanted = specimen(FOUR, "blank")
    hand_in(course, FOUR, "blank", notebook(FOUR, texts))
    seen = []
    rows = grading.grade(FOUR, course, workers=2, on_progress=seen.append)
    assert [row.student_id for row in rows] == ["blank", *students]
    assert sorted(seen, key=lambda row: row.student_id) == rows
    assert {row.state for row in rows} == {"waiting for the memo"}
    assert [row.points for row in rows] == [0, 13, 13, 13]
    assert scores(course, "s01") == {check.cell_id: check.points for check in FOUR.checks}
    assert scores(course, "blank") == wanted
    paper = json.loads(course.notebook("autograded", "blank", FOUR.name).read_bytes())
    told = "".join(cell["outputs"][0]["text"] for cell in paper["cells"] if cell["id"] == FOUR.checks[0].cell_id)
    assert "replace the dots" in told
    report = (course.root / "reports" / f"{FOUR.name}.csv").read_text(encoding="utf-8").splitlines()
    assert report[0] == "student_id,state,points,max_points,reason"
    assert len(report) == 5


def test_the_teachers_notebook_holds_no_hidden_check_and_no_solution(course: Course) -> None:
    class_of(course, 1)
    _, texts, _ = specimen(FOUR, "blank")
    hand_in(course, FOUR, "blank", notebook(FOUR, texts))
    grading.grade(FOUR, course, workers=1)
    secret = {
        line.strip()
        for cell in FOUR.notebook.cells
        for part in exercises.REGION.findall(cell.source)
        for line in part[1].splitlines()
    } - {line.strip() for cell in FOUR.notebook.cells for line in exercises.REGION.sub("", cell.source).splitlines()}
    assert len(secret) > 20
    paper = json.loads(course.notebook("autograded", "blank", FOUR.name).read_bytes())
    found = {line.strip() for cell in paper["cells"] for line in "".join(cell["source"]).splitlines()}
    assert not found & secret


def test_the_id_of_the_course_counts_not_the_one_written(course: Course, box: Box) -> None:
    for student_id in ("s03", "s04"):
        marked = marking.mark(box, FOUR, student_id, notebook(FOUR, honest(FOUR), "somebody else"))
        assert sum(marked.points.values()) == 13


def test_a_second_run_marks_only_what_is_new(course: Course) -> None:
    students = class_of(course, 2)
    grading.grade(FOUR, course, workers=1)
    hand_in(course, FOUR, "s01", notebook(FOUR, specimen(FOUR, "blank")[1]))
    rows = grading.grade(FOUR, course, workers=1)
    assert [(row.student_id, row.new, row.points) for row in rows] == [("s00", False, 13), ("s01", True, 0)]
    assert [row.new for row in grading.grade(FOUR, course, students, again=True)] == [True, True]


def test_a_marked_memo_stays_marked_until_it_changes(course: Course) -> None:
    class_of(course, 1)
    grading.grade(FOUR, course)

    def memo() -> tuple[float | None, bool]:
        with course.gradebook() as book:
            (entry,) = (
                entry
                for entry in book.find_submission_notebook(FOUR.name, FOUR.name, "s00").grades
                if entry.name == "memo"
            )
            return entry.manual_score, entry.needs_manual_grade

    with course.gradebook() as book:
        entry = book.find_grade("memo", FOUR.name, FOUR.name, "s00")
        entry.manual_score, entry.needs_manual_grade = 9.0, False
        book.db.commit()
    (row,) = grading.grade(FOUR, course, again=True)
    assert (memo(), row.state) == ((9.0, False), "marked")
    hand_in(course, FOUR, "s00", notebook(FOUR, honest(FOUR, "Another memo."), "s00"))
    (row,) = grading.grade(FOUR, course)
    assert (memo(), row.state) == ((9.0, True), "waiting for the memo")


# Faults


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "no JSON"),
        (b"PK\x03\x04", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b'{"cells": "x"}', "no cells"),
        (b'{"cells": []}', "no answer cell"),
        (b" " * 2_000_001, "larger than"),
        (json.dumps({"cells": [{}] * 501}).encode(), "more than 500 cells"),
        (json.dumps({"cells": [{"id": "q1", "source": [1]}]}).encode(), "q1 holds no text"),
        (json.dumps({"cells": [{"id": "q1", "source": "x" * 50_001}]}).encode(), "longer than"),
    ],
)
def test_what_is_no_notebook_is_one_row(raw: bytes, says: str, course: Course) -> None:
    hand_in(course, FOUR, "bad", raw)
    hand_in(course, FOUR, "good", notebook(FOUR, honest(FOUR)))
    bad, good = grading.grade(FOUR, course, workers=1)
    assert bad.state == "failed"
    assert says in bad.reason
    assert bad.points == 0
    assert good.points == 13


def test_a_student_without_submission_is_named(course: Course) -> None:
    class_of(course, 1)
    with pytest.raises(KitError, match=r"nothing of s07, s08 for 04_counting_incidents"):
        grading.grade(FOUR, course, ["s07", "s00", "s08"])


def test_a_locked_gradebook_is_named_and_loses_nothing(course: Course) -> None:
    class_of(course, 2)
    grading.grade(FOUR, course, ["s00"])
    with sqlite3.connect(course.database) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(KitError, match=r"gradebook\.db.*locked"):
            grading.grade(FOUR, course)
        other.rollback()
    rows = grading.grade(FOUR, course)
    assert [(row.points, row.new) for row in rows] == [(13, False), (13, True)]


def test_a_gradebook_that_is_none_is_named(course: Course) -> None:
    class_of(course, 1)
    course.database.write_bytes(b"not a database" * 100)
    with pytest.raises(KitError, match=r"gradebook\.db.*not a database"):
        grading.grade(FOUR, course)


def test_killed_in_the_middle_it_goes_on_where_it_stopped(course: Course, wait_for) -> None:
    students = class_of(course, 12)
    code = f"""
from pathlib import Path
from pactlab.classroom import exercise, grading
from pactlab.classroom.course import open_course
grading.grade(exercise.find("04"), open_course(Path({str(course.root)!r})), workers=1)
"""
    process = subprocess.Popen([sys.executable, "-c", code])

    def done() -> list[Path]:
        return list((course.root / "autograded").glob("*/*/*.ipynb"))

    wait_for(lambda: len(done()) >= 2, what="two marks")
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {path.parts[-3] for path in done()}
    assert 2 <= len(before) < len(students)
    rows = grading.grade(FOUR, course, workers=2)
    assert [row.points for row in rows] == [13] * 12
    assert {row.student_id for row in rows if not row.new} == before
    assert not list(course.root.rglob("*.new")), "nothing half-written is left"


def test_a_full_disk_stops_the_run_and_the_next_goes_on(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    class_of(course, 3)
    write, written = papers.write, []

    def full(path: Path, *rest: object) -> None:
        if written:
            raise OSError(28, "No space left on device", str(path))
        written.append(path)
        write(path, *rest)

    monkeypatch.setattr(papers, "write", full)
    with pytest.raises(KitError, match="No space left on device"):
        grading.grade(FOUR, course, workers=1)
    monkeypatch.undo()
    rows = grading.grade(FOUR, course, workers=1)
    assert [row.points for row in rows] == [13, 13, 13]
    assert sum(row.new for row in rows) == 2


def test_a_warm_process_that_dies_is_started_anew(course: Course, box: Box) -> None:
    raw = notebook(FOUR, honest(FOUR))
    box.start()
    os.kill(box._process.pid, signal.SIGKILL)
    box._process.wait()
    assert sum(marking.mark(box, FOUR, "s00", raw).points.values()) == 13


def test_a_box_that_dies_of_one_notebook_costs_that_one(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    class_of(course, 3)
    mark = workers.mark

    def dies(box: Box, exercise: exercises.Exercise, student_id: str, raw: bytes) -> marking.Marked:
        if student_id == "s01":
            raise BoxError("the box does not start or does not stay")
        return mark(box, exercise, student_id, raw)

    monkeypatch.setattr(workers, "mark", dies)
    rows = grading.grade(FOUR, course, workers=2)
    assert [(row.state, row.points) for row in rows] == [
        ("waiting for the memo", 13),
        ("failed", 0),
        ("waiting for the memo", 13),
    ]


def test_without_bubblewrap_it_refuses_and_says_why(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    class_of(course, 1)
    monkeypatch.setenv("PATH", str(course.root))
    with pytest.raises(KitError, match=r"bubblewrap, which is not here: install it \(Debian"):
        grading.grade(FOUR, course)


def test_too_slow_is_a_reason(course: Course) -> None:
    with Box(Limits(cell_seconds=1, seconds=2)) as slow:
        texts = honest(FOUR) | {FOUR.answers[0]: "import signal\nsignal.signal(14, signal.SIG_IGN)\nwhile True: pass"}
        marked = marking.mark(slow, FOUR, "s00", notebook(FOUR, texts))
    assert "more than 2 seconds" in marked.reason
    assert sum(marked.points.values()) == 0


def test_a_set_up_that_fails_is_the_exercises_fault(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    class_of(course, 1)
    broken = copy.deepcopy(FOUR)
    broken.cells["set-up"].source += "\nraise ValueError('no such table')"
    with pytest.raises(KitError, match=r"04_counting_incidents cannot be marked: .*set-up: ValueError: no such table"):
        grading.grade(broken, course, workers=1)


def test_a_course_in_sight_of_students_is_refused(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pactlab.classroom.box._seen", lambda: [course.root.parent])
    with pytest.raises(KitError, match="which students' code can read; move it"):
        grading.grade(FOUR, course)


# Several machines


def test_dask_workers_give_the_same_marks(course: Course) -> None:
    from distributed import LocalCluster

    class_of(course, 3)
    hand_in(course, FOUR, "bad", b"nothing")
    here = grading.grade(FOUR, course, workers=1)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, protocol="tcp") as cluster:
        there = grading.grade(FOUR, course, again=True, scheduler=cluster.scheduler_address)
    assert here == there


def test_no_scheduler_is_one_line(course: Course) -> None:
    class_of(course, 1)
    with pytest.raises(KitError, match="no Dask scheduler answers at"):
        grading.grade(FOUR, course, scheduler="tcp://127.0.0.1:9")
