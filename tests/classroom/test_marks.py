"""Marks leave the gradebook as they stand in it, and arrive in the schools' files at the right student."""

import csv
import io
import tempfile
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from pactlab.classroom import exercise, marks, roster
from pactlab.classroom.course import Course, open_course
from pactlab.classroom.exercise import Exercise
from pactlab.classroom.roster import Student
from pactlab.errors import KitError

# nbgrader's own, harmless: it adds a submission to the gradebook after it has looked at it.
pytestmark = pytest.mark.filterwarnings("ignore:Object of type")

FOUR = exercise.find("04")
FIVE = exercise.find("05")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return open_course(tmp_path / "course")


@cache
def empty_gradebook() -> bytes:
    """What nbgrader writes first; it asks another program for a version number, seconds on a busy machine."""
    with tempfile.TemporaryDirectory() as folder:
        made = open_course(Path(folder))
        with made.gradebook():
            pass
        return made.database.read_bytes()


def graded(course: Course, points: dict[str, tuple[float | None, float | None]], of: Exercise = FOUR) -> None:
    """Write a gradebook by nbgrader's means: for each student the share of the machine's points, and the memo's points.

    None: not marked yet.
    """
    if not course.database.exists():
        course.root.mkdir(exist_ok=True)
        course.database.write_bytes(empty_gradebook())
    with course.gradebook() as book:
        book.update_or_create_assignment(of.name)
        book.update_or_create_notebook(of.name, of.name)
        for check in of.checks:
            kind = {"max_score": check.points, "cell_type": "code"}
            book.update_or_create_grade_cell(check.cell_id, of.name, of.name, **kind)
        for name, most in of.memos.items():
            book.update_or_create_grade_cell(name, of.name, of.name, max_score=most, cell_type="markdown")
        for student_id, (share, memo) in points.items():
            book.update_or_create_student(student_id)
            (notebook,) = book.update_or_create_submission(of.name, student_id).notebooks
            for grade in notebook.grades:
                if grade.name in of.memos:
                    grade.manual_score, grade.needs_manual_grade = memo, memo is None
                elif share is not None:
                    grade.auto_score = share * grade.max_score
            book.db.commit()


def handed_in(course: Course, *students: str) -> None:
    for student_id in students:
        place = course.notebook("submitted", student_id, FOUR.name)
        place.parent.mkdir(parents=True)
        place.write_text("{}")


def rows_of(raw: bytes | str, delimiter: str = ",") -> list[list[str]]:
    text = raw if isinstance(raw, str) else raw.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=delimiter))


@pytest.fixture
def said() -> list[str]:
    return []


MACHINE = sum(check.points for check in FOUR.checks)
MEMO = sum(FOUR.memos.values())


# The table


def test_a_row_for_each_question(course: Course) -> None:
    graded(course, {"s01": (1, 10), "s02": (0.5, None)})
    handed_in(course, "s01", "s03")
    roster.keep(course, {name: Student(name) for name in ("s01", "s02", "s03", "s04")})
    frame = marks.table(course, [FOUR])
    assert list(frame.columns) == ["student_id", "exercise", "question", "points", "max_points", "state"]
    asked = [check.cell_id for check in FOUR.checks] + list(FOUR.memos)
    assert list(frame.question) == asked * 4
    states = {student_id: list(dict.fromkeys(rows.state)) for student_id, rows in frame.groupby("student_id")}
    assert states == {
        "s01": ["marked"],
        "s02": ["marked", "waiting for the memo"],
        "s03": ["not graded"],
        "s04": ["no submission"],
    }
    assert frame[frame.student_id == "s01"].points.sum() == MACHINE + 10
    assert frame[frame.student_id == "s02"].points.sum() == MACHINE / 2
    assert frame[frame.student_id.isin(["s03", "s04"])].points.isna().all()
    assert frame.groupby("student_id").max_points.sum().eq(FOUR.max_points).all()


def test_a_changed_memo_waits_again(course: Course) -> None:
    graded(course, {"s01": (1, 10)})
    with course.gradebook() as book:
        book.find_grade("memo", FOUR.name, FOUR.name, "s01").needs_manual_grade = True
        book.db.commit()
    last = marks.table(course, [FOUR]).iloc[-1]
    assert last.state == "waiting for the memo"
    assert pd.isna(last.points)


def test_marks_by_hand_come_first_and_extra_is_added(course: Course) -> None:
    graded(course, {"s01": (0, 10)})
    with course.gradebook() as book:
        grade = book.find_grade(FOUR.checks[0].cell_id, FOUR.name, FOUR.name, "s01")
        grade.manual_score, grade.extra_credit = 1, 0.5
        book.db.commit()
    assert marks.totals(marks.table(course, [FOUR])) == {"s01": 11.5}


def test_no_gradebook_and_no_marks(course: Course) -> None:
    assert marks.table(course, [FOUR, FIVE]).empty
    assert not course.database.exists()
    graded(course, {})
    frame = marks.table(course, [FOUR, FIVE])
    assert marks.to_csv(frame) == b"student_id,exercise,question,points,max_points,state\n"
    assert marks.totals(frame) == marks.totals(frame, partial=True) == {}


def test_a_registered_submission_without_marks_is_not_graded(course: Course) -> None:
    graded(course, {"s01": (None, None)})
    frame = marks.table(course, [FOUR])
    assert set(frame.state) == {"not graded"}
    assert marks.totals(frame, partial=True) == {}


def test_several_exercises(course: Course) -> None:
    graded(course, {"s01": (1, 10)})
    graded(course, {"s01": (1, 5), "s02": (0, None)}, FIVE)
    frame = marks.table(course, [FOUR, FIVE])
    assert list(dict.fromkeys(zip(frame.exercise, frame.student_id, strict=True))) == [
        (FOUR.name, "s01"),
        (FIVE.name, "s01"),
        (FIVE.name, "s02"),
    ]


def test_csv_is_no_formula_for_a_spreadsheet(course: Course) -> None:
    graded(course, {"@sum": (1 / 3, None), "joão": (1, 10)})
    raw = marks.to_csv(marks.table(course, [FOUR]))
    rows = rows_of(raw)[1:]
    assert {row[0] for row in rows} == {"'@sum", "joão"}
    assert {row[3] for row in rows if row[0] == "'@sum"} == {"0.67", "0.33", ""}
    assert {row[4] for row in rows} == {"1", "2", "13"}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\tx", "\rx"])
def test_guarded(text: str) -> None:
    assert roster.guarded(text) == f"'{text}"
    assert roster.guarded(f"a{text}") == f"a{text}"


def test_a_damaged_gradebook_is_one_line(course: Course) -> None:
    course.root.mkdir()
    course.database.write_bytes(b"no database " * 100)
    with pytest.raises(KitError, match=r"gradebook\.db"):
        marks.table(course, [FOUR])


# Moodle

WORKSHEET = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\r\n'
    '"Participant 11","Ann Lee",ann@a.edu,"Submitted for grading",,{most},Yes,'
    '"Monday, 23 November 2026, 9:30 AM",-,"<p>She said ""yes"", twice</p>\r\nAnd a line"\r\n'
    '"Participant 12","Ann Lee",ann.lee@a.edu,"Submitted for grading","",{most},Yes,-,-,\r\n'
    '"Participant 13","=João, D\'Ávila",joao@a.edu,"No submission",7.00,{most},Yes,-,-,\r\n'
)


def worksheet(path: Path, most: str = "26.00", text: str = WORKSHEET, encoding: str = "utf-8-sig") -> Path:
    path.write_bytes(text.format(most=most).encode(encoding))
    return path


def test_moodle_gets_its_own_file_back_with_grades(tmp_path: Path, course: Course, said: list[str]) -> None:
    """Byte for byte the same but for two cells; two students have one name."""
    graded(course, {"ann": (1, 10), "ann.lee": (0.5, 8), "s99": (1, 13)})
    given = worksheet(tmp_path / "w.csv", f"{FOUR.max_points:.2f}")
    filled = marks.to_moodle(course, FOUR, given, say=said.append)
    before = given.read_bytes()
    expected = before.replace(b'grading",,', b'grading",%g,' % (MACHINE + 10)).replace(
        b'grading","",', b'grading","%g",' % (MACHINE / 2 + 8)
    )
    assert filled == expected != before
    assert said == ["2 filled in, 1 left as they are", "1 with marks are not in the file: s99"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_moodle_without_marks_stays_the_same(tmp_path: Path, course: Course, encoding: str) -> None:
    given = worksheet(tmp_path / "w.csv", encoding=encoding)
    assert marks.to_moodle(course, FOUR, given) == given.read_bytes()


@pytest.mark.parametrize("most", ["100.00", '"100,00"'])
def test_moodle_scales_and_says_so(tmp_path: Path, course: Course, said: list[str], most: str) -> None:
    graded(course, {"ann": (1, MEMO), "ann.lee": (0, 1)})
    filled = marks.to_moodle(course, FOUR, worksheet(tmp_path / "w.csv", most), say=said.append)
    assert [row[4] for row in rows_of(filled)[1:]] == ["100", f"{100 / FOUR.max_points:.2f}", "7.00"]
    assert said[0] == f"Maximum Grade is 100, the exercise has {FOUR.max_points:g} points: marks are scaled"


def test_moodle_waits_for_the_memo_unless_told_otherwise(tmp_path: Path, course: Course, said: list[str]) -> None:
    graded(course, {"ann": (1, None)})
    given = worksheet(tmp_path / "w.csv", f"{FOUR.max_points:g}")
    assert marks.to_moodle(course, FOUR, given, say=said.append) == given.read_bytes()
    assert said == ["0 filled in, 3 left as they are, 1 of them for their memo to be marked"]
    assert rows_of(marks.to_moodle(course, FOUR, given, partial=True))[1][4] == f"{MACHINE:g}"


def test_moodle_by_the_roster(tmp_path: Path, course: Course) -> None:
    """The numbers and addresses that the course keeps come before what the worksheet says."""
    graded(course, {"s01": (1, 1), "s02": (1, 2), "ann": (1, 3), "moodle-13": (1, 4)})
    roster.keep(course, {"s01": Student("s01", moodle_ids=("9", "11")), "s02": Student("s02", email="Ann.Lee@a.edu")})
    filled = marks.to_moodle(course, FOUR, worksheet(tmp_path / "w.csv", f"{FOUR.max_points:g}"))
    assert [float(row[4]) - MACHINE for row in rows_of(filled)[1:]] == [1, 2, 4]


def test_moodle_never_gives_one_mark_to_two(tmp_path: Path, course: Course) -> None:
    graded(course, {"ann": (1, 1)})
    text = WORKSHEET.replace("ann.lee@a.edu", "ann@other.edu")
    with pytest.raises(KitError, match="two students of the file"):
        marks.to_moodle(course, FOUR, worksheet(tmp_path / "w.csv", text=text))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Identifier", "Bezeichner", "in English"),
        ("Maximum Grade", "Scale", "points, not to a scale"),
        ('"Participant 12"', "Participant", "row 3: no participant number"),
        ("{most},Yes", "lots,Yes", "row 2: Maximum Grade is 'lots'"),
        ("{most},Yes", "0.00,Yes", "row 2: Maximum Grade is '0.00'"),
    ],
)
def test_moodle_files_with_faults(tmp_path: Path, course: Course, old: str, new: str, message: str) -> None:
    graded(course, {"ann": (1, 10)})
    with pytest.raises(KitError, match=message):
        marks.to_moodle(course, FOUR, worksheet(tmp_path / "w.csv", text=WORKSHEET.replace(old, new)))


# Canvas

GRADEBOOK = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Notes,Quiz 4 (70),{column},Final Score\n"
    ",,,,,,,Manual Posting,\n"
    "    Points Possible,,,,,,10,{most},(read only)\n"
    '"Lee, Ann",501,ann,ann@a.edu,Group A,shy,9,,80\n'
    '"Lee, Ann",502,,ann.lee@a.edu,Group A,,8,3,70\n'
    '"D\'Ávila, ""Jo"" João",503,joão,joao@a.edu,"Group B, late",,7,EX,60\n'
    '"Wei, Li",504,li,li@a.edu,Group B,,7,N/A,60\n'
    '"Student, Test",505,,7d3a9f,Group A,,,,\n'
)


def exported(path: Path, column: str = "04 Counting incidents (71)", most: str = "26", text: str = GRADEBOOK) -> Path:
    path.write_text(text.format(column=column, most=most), encoding="utf-8", newline="")
    return path


def test_canvas_gets_one_column(tmp_path: Path, course: Course, said: list[str]) -> None:
    """Others' columns are gone; an excused student stays excused; two students have one name."""
    graded(course, {"ann": (1, 10), "ann.lee": (0.5, 8), "joão": (1, 13), "s99": (1, 1)})
    given = exported(tmp_path / "c.csv", most=f"{FOUR.max_points:g}")
    rows = rows_of(marks.to_canvas(course, FOUR, given, say=said.append))
    assert rows == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "04 Counting incidents (71)"],
        ["    Points Possible", "", "", "", "", f"{FOUR.max_points:g}"],
        ["Lee, Ann", "501", "ann", "ann@a.edu", "Group A", f"{MACHINE + 10:g}"],
        ["Lee, Ann", "502", "", "ann.lee@a.edu", "Group A", f"{MACHINE / 2 + 8:g}"],
        ['D\'Ávila, "Jo" João', "503", "joão", "joao@a.edu", "Group B, late", "EX"],
        ["Wei, Li", "504", "li", "li@a.edu", "Group B", "N/A"],
    ]
    assert said == [
        "filled into '04 Counting incidents (71)'",
        "3 filled in, 1 left as they are",
        "1 of those with marks are excused and stay so",
        "1 with marks are not in the file: s99",
    ]


def test_canvas_scales_and_says_so(tmp_path: Path, course: Course, said: list[str]) -> None:
    graded(course, {"ann": (1, MEMO)})
    rows = rows_of(marks.to_canvas(course, FOUR, exported(tmp_path / "c.csv", most="10"), say=said.append))
    assert rows[2][-1] == "10"
    assert "Points Possible is 10" in said[1]


def test_canvas_with_semicolons(tmp_path: Path, course: Course) -> None:
    graded(course, {"ann": (0, 0.5)})
    text = GRADEBOOK.replace('"Lee, Ann"', "@").replace('"Wei, Li"', "W").replace('"Student, Test"', "T")
    text = text.replace("D'Ávila, ", "").replace("Group B, late", "B").replace(",", ";").replace("@", "Lee")
    given = exported(tmp_path / "c.csv", most='"26,00"', text=text)
    assert rows_of(marks.to_canvas(course, FOUR, given), ";")[2][-1] == f"{0.5 * 26 / FOUR.max_points:.2f}".rstrip("0")


@pytest.mark.parametrize(
    "column",
    ["04_counting_incidents (71)", "Week 5: Counting Incidents! (71)", "Exercise 4 (71)", "04: what we count (71)"],
)
def test_canvas_finds_the_column(tmp_path: Path, course: Course, column: str) -> None:
    assert rows_of(marks.to_canvas(course, FOUR, exported(tmp_path / "c.csv", column)))[0][-1] == column


@pytest.mark.parametrize("column", ["Quiz 4", "70", "Quiz 4 (70)"])
def test_canvas_takes_the_column_that_is_named(tmp_path: Path, course: Course, column: str) -> None:
    assert rows_of(marks.to_canvas(course, FOUR, exported(tmp_path / "c.csv"), column))[0][-1] == "Quiz 4 (70)"


@pytest.mark.parametrize(
    ("title", "column", "message"),
    [
        ("Essay (71)", None, "no column for 04_counting_incidents.*'Quiz 4 \\(70\\)', 'Essay \\(71\\)'"),
        ("Quiz 14 (71)", None, "no column for"),
        ("Essay (71)", "Final Score", "no column called 'Final Score'"),
        ("Quiz 4 (71)", "Quiz 4", "several columns called 'Quiz 4'"),
    ],
)
def test_canvas_never_guesses_a_column(
    tmp_path: Path, course: Course, title: str, column: str | None, message: str
) -> None:
    """A quiz with the number 4 is not exercise 04."""
    with pytest.raises(KitError, match=message):
        marks.to_canvas(course, FOUR, exported(tmp_path / "c.csv", title), column)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Section", "Sektion", "columns ID and Section"),
        ("Points Possible", "Points", "no row Points Possible"),
        ("{most}", "", "Points Possible of '04 Counting"),
        ("{most}", "0", "Points Possible of '04 Counting"),
    ],
)
def test_canvas_files_with_faults(tmp_path: Path, course: Course, old: str, new: str, message: str) -> None:
    with pytest.raises(KitError, match=message):
        marks.to_canvas(course, FOUR, exported(tmp_path / "c.csv", text=GRADEBOOK.replace(old, new, 1)))


def test_canvas_by_the_roster(tmp_path: Path, course: Course) -> None:
    graded(course, {"s01": (1, 1), "ann": (1, 2), "canvas-502": (1, 3)})
    roster.keep(course, {"s01": Student("s01", canvas_id="501"), "s02": Student("s02", moodle_ids=("502",))})
    rows = rows_of(marks.to_canvas(course, FOUR, exported(tmp_path / "c.csv", most=f"{FOUR.max_points:g}")))
    assert [row[-1] for row in rows[2:4]] == [f"{MACHINE + 1:g}", f"{MACHINE + 3:g}"]
