"""Takes in what students handed in, as schools' systems name it, and puts it where nbgrader looks for it.

What is relied on, with its source:

- Moodle, "Download all submissions" (mod/assign/classes/downloader.php): `Full Name_12345_assignsubmission_file/` with
  the student's files in it, or, with "Download submissions in folders" off,
  `Full Name_12345_assignsubmission_file_name.ipynb`. Older releases end the folder with `_`. Underscores in the name
  are turned into spaces; the number is the participant's, of one assignment, as in its grading worksheet.
- Canvas, "Download Submissions" (lib/content_zipper.rb): `lastnamefirstname_LATE_12345_67890_name.ipynb`, in one
  folder: the name in small letters, LATE only where it was, the user's id, the file's id, the file's name. An
  assignment graded anonymously has `anon_` and a code for name and id.
- nbgrader (exchange/abc/exchange.py, exchange/default/submit.py): `ID/NN_topic/NN_topic.ipynb` with a `timestamp.txt`
  beside, such as `2026-11-23 09:30:00.000000 UTC`.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from pactlab import files as whole
from pactlab.classroom import exercise as exercises
from pactlab.classroom import roster as rosters
from pactlab.classroom.course import Course, student
from pactlab.classroom.exercise import Exercise
from pactlab.classroom.offers import NOTEBOOK, Allowance, Collected, Item, LeftError, offered, shown
from pactlab.classroom.roster import Student
from pactlab.classroom.submission import SubmissionError, cells, read
from pactlab.errors import KitError

STAMP = "%Y-%m-%d %H:%M:%S.%f UTC"
MOODLE = re.compile(r"(?P<name>[^_]+)_(?P<number>\d+)_assignsubmission_")
CANVAS = re.compile(r"(?P<name>.+?)_(?:LATE_)?(?P<number>\d+)_(?P<file>\d+)_.")
HIDDEN = re.compile(r"(?:LATE_)?anon_[^_]+_\d+_.")
COPY = re.compile(r"\s*\(\d+\)$")
"""What a computer adds to the name of a second download."""
WRITTEN = re.compile(r"""^[ \t]*student_id[ \t]*=[ \t]*(["'])(.*?)\1""", re.MULTILINE)


def collect(
    files: Iterable[Path], exercise: Exercise, course: Course, roster: Mapping[str, Student] | None = None
) -> list[Collected]:
    """Copy students' notebooks, byte for byte, to the course's submitted/, and say what became of each thing given.

    files: folders, zips (Moodle's, Canvas', or of such a folder) and notebooks. A folder has a notebook a student
    (`ID.ipynb`, `NN_topic-ID.ipynb`, `NN_topic_ID.ipynb`) or a folder a student (`ID/any name.ipynb`). Whose a
    notebook is says the school's name of file or folder, never the id written inside. roster: students by id, which
    the course then keeps; without it, what the course kept before. Who is not in it is not taken. Of several notebooks
    of one student the newest that belongs to this exercise is taken; one older than what the course has is not.
    Nothing of a notebook is run. At most 5,000 files of 2 MB each, 500 MB in all.
    A bad file raises nothing, it is a row; a roster that cannot be kept or read raises KitError.
    """
    roster = rosters.of(course) if roster is None else rosters.keep(course, roster)
    rows: list[Collected] = []
    with contextlib.ExitStack() as opened:
        allowance, names = Allowance(), _Names(exercise, course, roster)
        items: list[Item] = []
        for path in files:
            said = len(rows)
            try:
                found = list(offered(path, opened, allowance, rows))
                if not found and len(rows) == said:
                    raise LeftError("it is empty")
            except LeftError as problem:
                rows.append(Collected("", shown(path.name), "not taken", str(problem)))
                continue
            if found:
                names.give(found)
            items += found
        by_student: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            if item.fault:
                rows.append(item.row(item.fault, item.state))
            else:  # ids that differ in capitals only would be one folder on some computers
                same = by_student[item.student_id.casefold()]
                item.student_id = same[0].student_id if same else item.student_id
                same.append(item)
        for student_id in sorted(by_student):
            rows += _take(by_student[student_id], exercise, course)
    return rows


# Whose it is


class _Names:
    """Finds the student of each file by the names that the school's system, or the teacher, gave."""

    def __init__(self, exercise: Exercise, course: Course, roster: Mapping[str, Student] | None) -> None:
        self.exercises = sorted({exercise.name, *exercises.names()}, key=len, reverse=True)
        self.roster = roster
        folder = course.root / "submitted"
        before = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        self.spelling = {name.casefold(): name for name in [*before, *(roster or {})]}
        self.moodle = {number: one.student_id for one in (roster or {}).values() for number in one.moodle_ids}
        self.canvas = {one.canvas_id: one.student_id for one in (roster or {}).values() if one.canvas_id}

    def give(self, items: list[Item]) -> None:
        """Write into each item its student, or why there is none. One source has one system's names throughout."""
        for system, pattern in ((self._of_moodle, MOODLE), (self._of_canvas, CANVAS)):
            place = self._place(items, pattern)
            if place is not None:
                for item in items:
                    system(item, item.parts[place] if place < len(item.parts) else "")
                return
        self._of_teacher(items)

    def _place(self, items: list[Item], pattern: re.Pattern[str]) -> int | None:
        """Return how deep a system's names stand, if it is that system's: more than half must agree.

        One student's file name alone can then never pass for the school's.
        """
        items = [item for item in items if item.is_notebook] or items
        for place in range(max(len(item.parts) for item in items)):
            names = [item.parts[place] for item in items if place < len(item.parts)]
            if sum(bool(self._matched(pattern, name)) for name in names) * 2 > len(items):
                return place
            if len(set(names)) > 1 or names[0].casefold() in self.spelling:
                break
        return None

    def _matched(self, pattern: re.Pattern[str], name: str) -> re.Match[str] | None:
        if pattern is CANVAS and name.startswith(tuple(self.exercises)):
            return None
        return pattern.match(name) or (HIDDEN.match(name) if pattern is CANVAS else None)

    def _of_moodle(self, item: Item, name: str) -> None:
        match = MOODLE.match(name)
        if not match:
            item.fault = "no participant number in the name, as Moodle writes it"
        elif match["number"] in self.moodle:
            item.student_id = self.moodle[match["number"]]
        else:
            self._unmapped(item, f"moodle-{match['number']}", "Moodle's participant", "this assignment's worksheet")

    def _of_canvas(self, item: Item, name: str) -> None:
        match = CANVAS.match(name)
        if HIDDEN.match(name):
            item.fault = "Canvas hid the names: turn anonymous grading off, then download again"
        elif not match:
            item.fault = "no user id in the name, as Canvas writes it"
        else:
            item.order = int(match["file"][:18])
            if match["number"] in self.canvas:
                item.student_id = self.canvas[match["number"]]
            else:
                self._unmapped(item, f"canvas-{match['number']}", "Canvas' user", "the gradebook's export")

    def _unmapped(self, item: Item, name: str, whose: str, file: str) -> None:
        number = name.partition("-")[2][:20]
        if name in (self.roster or {}):
            item.student_id = name
        elif self.roster is None:
            item.student_id = name[:40]
            item.notes.append(f"no roster, so {whose} number stands for the id: {file} as --roster gives the id")
        else:
            item.state = "unknown"
            item.fault = f"{whose} {number} is not in the roster: give {file} as --roster"

    def _of_teacher(self, items: list[Item]) -> None:
        """Read ids from folders, or else from file names; folders that hold all notebooks are nobody's."""
        notebooks = [item for item in items if item.is_notebook]
        held = [self._folders(item) for item in notebooks or items]
        common = [
            level[0] for level in itertools.takewhile(lambda level: len(set(level)) == 1, zip(*held, strict=False))
        ]
        for item in items:
            folders = self._folders(item)
            name = self._in_file_name(item.parts[-1])
            if len(folders) > len(common) and folders[: len(common)] == common:
                chosen = folders[len(common)]
            elif folders and not item.is_notebook and folders[: len(common)] != common:
                chosen = folders[0]
            elif folders and self._is_one_students(folders[-1], name, len(notebooks)):
                chosen = folders[-1]
            else:
                chosen = name
            if not item.is_notebook and chosen is name and name.casefold() not in self.spelling:
                item.fault = "not a notebook"
            else:
                self._settle(item, chosen)

    def _folders(self, item: Item) -> list[str]:
        return [part for part in item.parts[:-1] if part not in self.exercises]

    def _is_one_students(self, folder: str, name: str, notebooks: int) -> bool:
        """Say whether notebooks in one folder are one student's; else the folder is the class."""
        if self.roster is not None and notebooks == 1 and name.casefold() in self.spelling:
            return folder.casefold() in self.spelling
        return not name or notebooks == 1 or folder.casefold() in self.spelling

    def _in_file_name(self, name: str) -> str:
        stem = COPY.sub("", NOTEBOOK.sub("", name)) if NOTEBOOK.search(name) else COPY.sub("", Path(name).stem)
        for known in self.exercises:
            if stem.startswith(known):
                return stem[len(known) :].lstrip("-_ ")
        return stem

    def _settle(self, item: Item, chosen: str) -> None:
        try:
            name = student(chosen)
        except KitError:
            item.fault = (
                f"no student's id in the name ({shown(chosen)[:60]!r}): rename it to ID.ipynb"
                if chosen
                else "no student's id in the name: rename it to ID.ipynb, or put it into a folder named by the id"
            )
            return
        item.student_id = self.spelling.get(name.casefold(), name)
        if self.roster is not None and item.student_id not in self.roster:
            item.state, item.fault = "unknown", "not in the roster: correct the name, or the roster with --roster"


# What is taken


def _take(items: list[Item], exercise: Exercise, course: Course) -> list[Collected]:
    """Take the newest good notebook of one student; each other thing gets its row, or a note in the student's."""
    rows: list[Collected] = []
    chosen: tuple[Item, bytes] | None = None
    for item in sorted(items, key=lambda item: (item.time, item.order, item.source), reverse=True):
        if not item.is_notebook:
            continue
        try:
            raw = item.load()
            notes = _looked_at(raw, exercise, item.student_id)
            if chosen:
                raise LeftError(_why_not_this(item, raw, *chosen))
            item.notes += notes
            chosen = (item, raw)
        except (LeftError, OSError) as problem:
            rows.append(item.row(_reason(problem)))
    others = [item for item in items if not item.is_notebook]
    if chosen:
        item, raw = chosen
        item.notes += [f"beside it, not taken: {_listed(others)}"] if others else []
        try:
            state, fault = _put(item, raw, course, exercise.name), ""
        except (LeftError, OSError) as problem:
            state, fault = "not taken", _reason(problem)
        return [item.row(fault, state), *rows]
    if others:
        zipped = any(item.parts[-1].lower().endswith(".zip") for item in others)
        fault = "a zip within: unpack it, then give the folder" if zipped else "not a notebook"
        rows.append(others[0].row(f"{fault}: {_listed(others)}"))
    return rows


def _reason(problem: Exception) -> str:
    return f"{problem.strerror or problem}" if isinstance(problem, OSError) else str(problem)


def _listed(items: list[Item]) -> str:
    names = [shown(item.parts[-1])[:60] for item in items]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _why_not_this(item: Item, raw: bytes, taken: Item, taken_raw: bytes) -> str:
    if raw == taken_raw:
        return "handed in twice, the same notebook"
    if (item.time, item.order) < (taken.time, taken.order):
        taken.notes.append(f"handed in more than once: the newest is taken, of {taken.time:%Y-%m-%d %H:%M} UTC")
        return "handed in more than once: a newer one is taken"
    taken.notes.append("handed in more than once at one time: the last by name is taken; look at both")
    return "handed in more than once at one time: another is taken; look at both"


def _looked_at(raw: bytes, exercise: Exercise, student_id: str) -> list[str]:
    """Return what a teacher should know of a notebook; raises LeftError when it is none, or another exercise's."""
    try:
        found = {_name_of(cell) for cell in cells(raw)}
    except SubmissionError as problem:
        raise LeftError(str(problem)) from problem
    mine = _share(found, exercise)
    if mine < 1:
        best = max(_all_exercises(), key=lambda other: _share(found, other))
        if _share(found, best) > max(mine, 0.5):
            raise LeftError(f"this is {best.name}")
    try:
        held = read(raw, exercise)
    except SubmissionError as problem:
        if not found & {*exercise.answers, *exercise.memos}:
            raise LeftError(f"not {exercise.name}: it has none of its questions") from problem
        return [f"it will not be marked: {problem}"]
    notes = [f"an old version: {', '.join(held.missing)} missing"] if held.missing else []
    if not mine and not held.missing:
        notes.append("an old version: none of its checks is as it is today")
    written = WRITTEN.search(held.written_id)
    if written and _compared(written[2]) not in ("", _compared(student_id)):
        notes.append(f"inside it says {shown(written[2])[:60]!r}: the school's name counts")
    return notes


def _name_of(cell: dict) -> str:
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = marks.get("grade_id") if isinstance(marks, dict) else None
    return next((text for text in (name, cell.get("id")) if isinstance(text, str)), "")


def _share(found: set[str], exercise: Exercise) -> float:
    """Return how many of an exercise's checks are there, from 0 to 1: answers are called q1, q2 in all of them."""
    return len(found & {check.cell_id for check in exercise.checks}) / max(1, len(exercise.checks))


@cache
def _all_exercises() -> tuple[Exercise, ...]:
    return tuple(exercises.find(name) for name in exercises.names())


def _compared(student_id: str) -> str:
    """Return an id as `draw` compares it: capitals and spaces make no difference."""
    return unicodedata.normalize("NFKC", student_id).strip().lower()


def _put(item: Item, raw: bytes, course: Course, exercise: str) -> str:
    """Write a notebook and its time into the course; return the state.

    The time goes first: were the run killed between the two, the next run would still see a notebook that differs.
    """
    target = course.notebook("submitted", item.student_id, exercise)
    stamp = target.with_name("timestamp.txt")
    time = item.time.strftime(STAMP).encode()
    before = target.read_bytes() if target.exists() else None
    if before == raw:
        if not stamp.exists():
            whole.replace(stamp, time)
        return "unchanged"
    had = _stamped(stamp)
    if before is not None and had and item.time < had:
        raise LeftError(f"older than what the course has, of {had:%Y-%m-%d %H:%M} UTC: delete that to take this")
    target.parent.mkdir(parents=True, exist_ok=True)
    whole.replace(stamp, time)
    whole.replace(target, raw)
    return "taken" if before is None else "replaced"


def _stamped(stamp: Path) -> datetime | None:
    try:
        return datetime.strptime(stamp.read_text(encoding="utf-8").strip(), STAMP).replace(tzinfo=UTC)
    except (OSError, ValueError):  # none, or one in another form: then nothing is known of the time
        return None
