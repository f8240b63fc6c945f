"""Marks out of the gradebook: a table for everybody, and the files that Moodle and Canvas read back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from pactlab.classroom import roster as rosters
from pactlab.classroom.course import Course
from pactlab.classroom.exercise import Exercise
from pactlab.classroom.roster import Sheet, Student, plain, read_sheet
from pactlab.errors import KitError

MARKED, WAITING, NOT_GRADED, MISSING = "marked", "waiting for the memo", "not graded", "no submission"
COLUMNS = ["student_id", "exercise", "question", "points", "max_points", "state"]
KEPT = {"student", "lastname", "firstname", "id", "sis user id", "sis login id", "section"}
"""The columns by which Canvas knows a student."""
ASSIGNMENT = re.compile(r"(?P<title>.*\S) \((?P<number>\d+)\)")
"""How Canvas writes an assignment in its header: title and number."""
EXCUSED = "EX"
"""What Canvas writes for a student who need not hand in."""
MOST_NAMED = 10
"""Students or columns that one line names."""

Say = Callable[[str], None]


def _silent(line: str) -> None:
    """Say nothing."""


# The table


def table(course: Course, exercises: Sequence[Exercise]) -> pd.DataFrame:
    """Return a row for each check and memo of each student.

    Columns: student_id, exercise, question (the cell's name), points (missing where there are none yet), max_points,
    state: marked, "waiting for the memo", "not graded" (handed in, and no marks in the gradebook), "no submission"
    (in the course's roster, and nothing came). Sorted by exercise, student, order in the notebook.
    Points by hand come before points by machine, and extra credit is added, as nbgrader's gradebook defines a score.
    Raises KitError when the gradebook or the roster cannot be read.
    """
    students = rosters.of(course) or {}
    rows = []
    for exercise in exercises:
        grades = _grades(course, exercise.name)
        handed = {*course.submitted(exercise.name), *grades}
        for student_id in sorted({*handed, *students}):
            rows += _rows(student_id, exercise, grades.get(student_id, {}), handed_in=student_id in handed)
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype({"points": "float64", "max_points": "float64"})


def _grades(course: Course, exercise: str) -> dict[str, dict[str, tuple[float | None, bool]]]:
    """Return points and whether a hand is still needed, by student and cell."""
    if not course.database.exists():  # opening it would make one
        return {}
    from nbgrader import api

    handed, score = (
        api.SubmittedAssignment,
        api.Grade,
    )  # nbgrader's tables; by its objects it would be a query a student
    found: dict[str, dict[str, tuple[float | None, bool]]] = {}
    with course.gradebook() as book:
        rows = (
            book.db.query(
                handed.student_id,
                api.BaseCell.name,
                score.score,
                score.auto_score,
                score.manual_score,
                score.needs_manual_grade,
            )
            .select_from(handed)
            .join(api.Assignment, handed.assignment_id == api.Assignment.id)
            .outerjoin(api.SubmittedNotebook, api.SubmittedNotebook.assignment_id == handed.id)
            .outerjoin(score, score.notebook_id == api.SubmittedNotebook.id)
            .outerjoin(api.BaseCell, score.cell_id == api.BaseCell.id)
            .filter(api.Assignment.name == exercise)
        )
        for student_id, cell, points, by_machine, by_hand, needed in rows:
            none = by_machine is None and by_hand is None
            found.setdefault(student_id, {})[cell] = (None if none else float(points), bool(needed))
    return found


def _rows(
    student_id: str, exercise: Exercise, grades: Mapping[str, tuple[float | None, bool]], *, handed_in: bool
) -> list[tuple]:
    checked = any(grades.get(check.cell_id, (None, True))[0] is not None for check in exercise.checks)
    rows = []
    for question, most in [*((check.cell_id, check.points) for check in exercise.checks), *exercise.memos.items()]:
        points, by_hand = grades.get(question, (None, True))
        if question in exercise.memos and by_hand and (checked or points is not None):
            points, state = None, WAITING
        elif points is not None:
            state = MARKED
        else:
            state = NOT_GRADED if handed_in else MISSING
        rows.append((student_id, exercise.name, question, points, most, state))
    return rows


def to_csv(frame: pd.DataFrame) -> bytes:
    """Return the table as CSV, UTF-8 with commas; texts that a spreadsheet takes for formulas get an apostrophe."""
    shown = frame.assign(
        student_id=frame.student_id.map(rosters.guarded),
        points=[_number(points) if pd.notna(points) else "" for points in frame.points],
        max_points=[_number(points) for points in frame.max_points],
    )
    return shown.to_csv(index=False, lineterminator="\n").encode()


def _number(value: float) -> str:
    """Write a number with at most two decimals, as schools' systems keep them: 12, 7.5, 33.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def totals(frame: pd.DataFrame, *, partial: bool = False) -> dict[str, float]:
    """Return the points of each student whose marks are complete; partial: of each who has any.

    frame: a table of one exercise. A memo that waits makes marks incomplete.
    """
    counted = frame[frame.state == MARKED].groupby("student_id").points
    found = counted.sum()
    if not partial:
        found = found[counted.size() == frame.groupby("student_id").size().reindex(found.index)]
    return {str(student_id): float(points) for student_id, points in found.items()}


# The schools' files


def to_moodle(
    course: Course, exercise: Exercise, worksheet: Path, *, partial: bool = False, say: Say = _silent
) -> bytes:
    """Return the teacher's grading worksheet from Moodle with the column Grade filled in, and nothing else changed.

    worksheet: as Moodle gives it under "Download grading worksheet", in English. Grades are scaled to its "Maximum
    Grade". Students are found by the participant's number or e-mail in the course's roster, else by ID number or
    e-mail, as `read_roster` takes ids from there. Where there is no complete mark the cell stays as it is; Moodle skips
    empty grades. partial: also give points where the memo waits. say: gets a line on what was scaled, filled, left.
    Source: Moodle, mod/assign/gradingtable.php and mod/assign/feedback/offline/importgradeslib.php.
    Raises KitError for a file that is no such worksheet, or one whose assignment is graded with a scale.
    """
    sheet = read_sheet(worksheet)
    grade = sheet.place("Grade")
    if sheet.place("Identifier") is None or grade is None:
        raise KitError(
            f"{sheet.name}: no columns Identifier and Grade; take Moodle's grading worksheet, downloaded in English"
        )
    if sheet.place("Maximum Grade") is None:
        raise KitError(f"{sheet.name}: no column Maximum Grade; set the assignment's grade to points, not to a scale")
    marks = _Marks(course, exercise, partial)
    for row in sheet.rows():
        try:
            one = rosters.of_moodle(sheet, row)
        except KitError as problem:
            raise KitError(f"{sheet.name}: row {row + 1}: {problem}") from problem
        points = marks.of(one, f"moodle-{one.moodle_ids[0]}")
        if points is not None:
            most = _read_number(sheet.value(row, "Maximum Grade"), f"{sheet.name}: row {row + 1}: Maximum Grade")
            _write(sheet, row, grade, marks.scaled(points, most))
    marks.report(say, "Maximum Grade")
    return sheet.encoded()


def to_canvas(
    course: Course,
    exercise: Exercise,
    gradebook_csv: Path,
    column: str | None = None,
    *,
    partial: bool = False,
    say: Say = _silent,
) -> bytes:
    """Return Canvas' gradebook export with one assignment filled in, and no other.

    gradebook_csv: as Canvas gives it under "Export". column: the assignment's title, its number or both, as in
    "Counting incidents (12345)"; without it, the one assignment that has the exercise's name, or its number at the
    beginning or after "exercise". Points are scaled to the row "Points Possible", which is kept. Students are found
    by Canvas' ID or e-mail in the course's roster, else by SIS User ID or SIS Login ID. Where there is no complete mark
    the cell stays as it is, since Canvas may take an empty one for "no longer graded"; excused students stay excused.
    partial: also give points where the memo waits. say: gets a line on what was taken, scaled, filled, left.
    Source: Canvas, lib/gradebook_exporter.rb and lib/gradebook_importer.rb.
    Raises KitError for a file that is no such export and where the assignment is not clear; the message names all.
    """
    sheet = read_sheet(gradebook_csv)
    if sheet.place("ID") is None or sheet.place("Section") is None:
        raise KitError(f"{sheet.name}: no columns ID and Section; take the CSV that Canvas' gradebook exports")
    place = _assignment(sheet, exercise, column)
    possible = next((row for row in sheet.rows() if "Points Possible" in plain(sheet.cells[row][0])), None)
    if possible is None:
        raise KitError(f"{sheet.name}: no row Points Possible; take the CSV that Canvas' gradebook exports")
    title = sheet.columns[place]
    most = _read_number(sheet.value(possible, title), f"{sheet.name}: Points Possible of {title!r}")
    marks = _Marks(course, exercise, partial)
    kept = [possible]
    for row in sheet.rows():
        one = rosters.of_canvas(sheet, row)
        if one is None:
            continue
        kept.append(row)
        points = marks.of(one, f"canvas-{one.canvas_id}")
        if points is not None and sheet.value(row, title).upper() == EXCUSED:
            marks.excused += 1
        elif points is not None:
            _write(sheet, row, place, marks.scaled(points, most))
    places = [at for at, name in enumerate(sheet.columns) if name.casefold() in KEPT or at == place]
    cells = [[*sheet.cells[row], *[""] * len(sheet.columns)] for row in [0, *kept]]
    say(f"filled into {title!r}")
    marks.report(say, "Points Possible")
    short = [[row[at] for at in places] for row in cells]
    return Sheet(sheet.name, sheet.delimiter, sheet.newline, sheet.bom, short).encoded()


def _write(sheet: Sheet, row: int, place: int, text: str) -> None:
    cells = sheet.cells[row]
    cells += [""] * (place + 1 - len(cells))
    cells[place] = f'"{text}"' if cells[place].startswith('"') else text


def _read_number(text: str, where: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = 0
    if not 0 < number < float("inf"):
        raise KitError(f"{where} is {text!r}; give the assignment points in the school's system, then download again")
    return number


def _assignment(sheet: Sheet, exercise: Exercise, column: str | None) -> int:
    """Return the place of the column that is meant; raises KitError that lists all when none or several may be."""
    found = {at: match for at, name in enumerate(sheet.columns) if (match := ASSIGNMENT.fullmatch(name))}
    if column is None:
        levels = [[at for at, match in found.items() if fits(match["title"])] for fits in _fitting(exercise)]
        chosen = next(filter(None, levels), [])
    else:
        chosen = [at for at, match in found.items() if column.strip() in (match[0], match["title"], match["number"])]
    if len(chosen) == 1:
        return chosen[0]
    listed = ", ".join(repr(found[at][0]) for at in [*(chosen or found)][: 2 * MOST_NAMED]) or "no assignments"
    asked = f"for {exercise.name}" if column is None else f"called {column!r}"
    count = "several columns" if chosen else "no column"
    raise KitError(f"{sheet.name}: {count} {asked}; choose one with --column: {listed}")


def _fitting(exercise: Exercise) -> list[Callable[[str], bool]]:
    """Return tests for a title, the surest first; a bare number is no proof, it may be a quiz's."""
    number, _, topic = exercise.name.partition("_")
    words = topic.replace("_", " ")
    numbered = re.compile(rf"{number}\b|.*\bexercise 0*{int(number)}\b")
    return [
        lambda title: f"{number} {words}" in _plain_words(title),
        lambda title: re.search(rf"\b{re.escape(words)}\b", _plain_words(title)) is not None,
        lambda title: numbered.match(_plain_words(title)) is not None,
    ]


def _plain_words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


class _Marks:
    """Gives each student of a school's file the points due, and counts what was and was not given."""

    def __init__(self, course: Course, exercise: Exercise, partial: bool) -> None:
        self.exercise = exercise
        frame = table(course, [exercise])
        self.points = totals(frame, partial=partial)
        self.waiting = {*frame.student_id[frame.state == WAITING]} - {*self.points}
        roster = (rosters.of(course) or {}).values()
        self.known = {f"moodle-{number}": one.student_id for one in roster for number in one.moodle_ids}
        self.known |= {f"canvas-{one.canvas_id}": one.student_id for one in roster if one.canvas_id}
        mails = Counter(one.email.casefold() for one in roster)
        self.known |= {mail: one.student_id for one in roster if mails[mail := one.email.casefold()] == 1 and mail}
        self.spelling = {name.casefold(): name for name in frame.student_id}
        self.given: set[str] = set()
        self.seen: set[str] = set()
        self.empty = self.excused = 0
        self.most: set[float] = set()

    def of(self, one: Student, number: str) -> float | None:
        """Return the points of a student of the file; number: the id that stands in where there was no roster."""
        mapped = self.known.get(number) or self.known.get(one.email.casefold())
        names = [mapped] if mapped else [one.student_id, number]
        name = next((self.spelling[text.casefold()] for text in names if text.casefold() in self.spelling), None)
        if name is not None and name in self.seen:
            raise KitError(f"{name}: two students of the file have this id; give their numbers in a roster (--roster)")
        self.seen |= {name} - {None}
        if name not in self.points:
            self.empty += 1
            return None
        self.given.add(name)
        return self.points[name]

    def scaled(self, points: float, most: float) -> str:
        """Return points as the file's maximum wants them."""
        self.most.add(most)
        return _number(points * most / self.exercise.max_points)

    def report(self, say: Say, name: str) -> None:
        """Say what was given and what not."""
        own = self.exercise.max_points
        for most in sorted(self.most - {own}):
            say(f"{name} is {_number(most)}, the exercise has {_number(own)} points: marks are scaled")
        waiting = self.waiting & self.seen
        memo = f", {len(waiting)} of them for their memo to be marked" if waiting else ""
        say(f"{len(self.given)} filled in, {self.empty} left as they are{memo}")
        if self.excused:
            say(f"{self.excused} of those with marks are excused and stay so")
        lost = sorted({*self.points} - self.given)
        if lost:
            named = ", ".join(lost[:MOST_NAMED]) + (f" and {len(lost) - MOST_NAMED} more" if lost[MOST_NAMED:] else "")
            say(f"{len(lost)} with marks are not in the file: {named}")
