"""Who is in the class: a plain CSV, Moodle's grading worksheet or Canvas' gradebook export, all read as one list."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pactlab import files
from pactlab.classroom.course import Course, student
from pactlab.errors import KitError

LARGEST = 5_000_000
"""Bytes of a school's CSV."""
MOST_SAID = 20
"""Faults that one message lists; the rest are counted."""
COLUMNS = ("student_id", "name", "email", "moodle_id", "canvas_id")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a text for a formula."""
TEST_STUDENT = "Student, Test"
"""The student that Canvas makes for a teacher's trials; the export lists it last."""


# A school's CSV, kept as it is


@dataclass(frozen=True)
class Sheet:
    """A CSV whose cells are kept as written, so that what nobody changes stays the same, quotes included."""

    name: str
    delimiter: str
    newline: str
    bom: bool
    cells: list[list[str]]
    """Every row's cells with their quotes, the header first."""

    @property
    def columns(self) -> list[str]:
        """The header's names, without quotes and spaces around."""
        return [plain(cell).strip() for cell in self.cells[0]]

    def place(self, column: str) -> int | None:
        """Return where a column stands, capitals making no difference, or None."""
        names = [name.casefold() for name in self.columns]
        return names.index(column.casefold()) if column.casefold() in names else None

    def value(self, row: int, column: str) -> str:
        """Return a cell's text; empty where the sheet has no such column or the row is short."""
        place = self.place(column)
        cells = self.cells[row]
        return plain(cells[place]).strip() if place is not None and place < len(cells) else ""

    def rows(self) -> Iterator[int]:
        """Number the rows that hold anything, as a spreadsheet does less one: the header is 0."""
        return (row for row in range(1, len(self.cells)) if any(plain(cell).strip() for cell in self.cells[row]))

    def encoded(self) -> bytes:
        """Return the sheet as bytes, with the mark, delimiter and line ends it came with."""
        lines = "".join(self.delimiter.join(row) + self.newline for row in self.cells)
        return (b"\xef\xbb\xbf" if self.bom else b"") + lines.encode()


def read_sheet(path: Path) -> Sheet:
    """Return a CSV in UTF-8, with commas or semicolons, with or without a byte order mark.

    Raises KitError when there is no such file, when it is too large, has another encoding or no rows.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as problem:
        raise KitError(f"{path.name}: {problem.strerror}; give the path of a CSV file") from problem
    if len(raw) > LARGEST:
        raise KitError(f"{path.name}: larger than {LARGEST:,} bytes; give the CSV of one class")
    bom = raw.startswith(b"\xef\xbb\xbf")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise KitError(f"{path.name}: not UTF-8; save it as 'CSV UTF-8' in the spreadsheet") from problem
    if not text.strip() or "\0" in text:
        raise KitError(f"{path.name}: {'not a CSV file' if text.strip() else 'empty'}; download it again as CSV")
    text = text.lstrip("\r\n")
    header = text.splitlines()[0]
    delimiter = max(",", ";", key=header.count)
    newline = "\r\n" if "\r\n" in text else "\n" if "\n" in text else "\r"
    return Sheet(path.name, delimiter, newline, bom, list(_split(text, delimiter)))


def _split(text: str, delimiter: str) -> Iterator[list[str]]:
    """Split a CSV into rows of cells that still have their quotes; the csv module throws them away."""
    cell = re.compile(rf'("(?:[^"]|"")*"[^{delimiter}\r\n]*|[^{delimiter}\r\n]*)({delimiter}|\r\n|\n|\r|\Z)')
    row: list[str] = []
    place = 0
    while place < len(text):
        match = cell.match(text, place)
        place = match.end()
        row.append(match[1])
        if match[2] == delimiter and place < len(text):
            continue
        if match[2] == delimiter:
            row.append("")
        yield row
        row = []


def plain(cell: str) -> str:
    """Return a cell's text without the quotes around it."""
    return cell[1:-1].replace('""', '"') if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


def guarded(text: str) -> str:
    """Return a text that a spreadsheet does not take for a formula: an apostrophe goes before."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _unguarded(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:].startswith(FORMULA) else text


# Students


@dataclass(frozen=True)
class Student:
    """One of the class, with the numbers that the school's systems have for the same person."""

    student_id: str
    name: str = ""
    email: str = ""
    moodle_ids: tuple[str, ...] = ()
    """Moodle's participant numbers: a new one for each assignment, and no number twice in a site."""
    canvas_id: str = ""
    """Canvas' user id, the same in all assignments."""


def read_roster(path: Path) -> dict[str, Student]:
    """Return the class by student id, from a plain CSV, Moodle's grading worksheet or Canvas' gradebook export.

    A plain CSV has a column student_id, and may have name, email, moodle_id, canvas_id (several Moodle numbers with
    spaces between). Moodle's has Identifier ("Participant 12345") and, where the site shows them, "Full name",
    "ID number", "Email address". Canvas' has Student (or LastName and FirstName), ID, Section and, where the teacher
    may see them, "SIS User ID" and "SIS Login ID"; rows without an ID ("Points Possible") are no students. There a
    student's id is the school's own number, else what stands before the @ of e-mail or login, else moodle-12345 or
    canvas-12345. Names are no ids: two students can have one name.
    Source of the columns: Moodle, mod/assign/gradingtable.php; Canvas, lib/gradebook_exporter.rb.
    Raises KitError with every fault of the file and its row.
    """
    sheet = read_sheet(path)
    read = _reader(sheet)
    found: dict[str, Student] = {}
    rows: dict[str, int] = {}
    faults = []
    for row in sheet.rows():
        try:
            one = read(sheet, row)
            if one is None:
                continue
            for key in _keys(one):
                if key in rows:
                    raise KitError(f"the same {key.split()[0]} as row {rows[key] + 1}: {key.split(maxsplit=1)[1]}")
            rows.update(dict.fromkeys(_keys(one), row))
            found[one.student_id] = one
        except KitError as problem:
            faults.append(f"row {row + 1}: {problem}")
    if faults:
        more = f"; and {len(faults) - MOST_SAID} more" if len(faults) > MOST_SAID else ""
        raise KitError(f"{path.name}: {'; '.join(faults[:MOST_SAID])}{more}")
    if not found:
        raise KitError(f"{path.name}: no students in it; give a row to each")
    return found


def _keys(one: Student) -> list[str]:
    """Name what no two students may share; ids that differ in capitals only would be one folder on some computers."""
    keys = [f"student_id {one.student_id.casefold()}", *(f"moodle_id {number}" for number in one.moodle_ids)]
    return [*keys, f"canvas_id {one.canvas_id}"] if one.canvas_id else keys


def _reader(sheet: Sheet) -> Callable[[Sheet, int], Student | None]:
    if sheet.place("student_id") is not None:
        return _of_plain
    if sheet.place("Identifier") is not None:
        return of_moodle
    if sheet.place("ID") is not None and sheet.place("Section") is not None:
        return of_canvas
    columns = ", ".join(sheet.columns[:MOST_SAID])
    raise KitError(
        f"{sheet.name}: no column student_id, nor Identifier (Moodle's grading worksheet, downloaded in English), "
        f"nor ID and Section (Canvas' gradebook); it has {columns}"
    )


def _of_plain(sheet: Sheet, row: int) -> Student:
    values = [_unguarded(sheet.value(row, column)) for column in COLUMNS]
    return Student(student(values[0]), values[1], values[2], tuple(values[3].split()), values[4])


def of_moodle(sheet: Sheet, row: int) -> Student:
    """Return the student of a row of Moodle's grading worksheet; raises KitError where the identifier is missing."""
    number = re.search(r"\d+$", sheet.value(row, "Identifier"))
    if not number:
        raise KitError("no participant number in the column Identifier; download the worksheet again")
    email = sheet.value(row, "Email address")
    chosen = _first_id(sheet.value(row, "ID number"), email.partition("@")[0], f"moodle-{number[0]}")
    return Student(chosen, sheet.value(row, "Full name"), email, moodle_ids=(number[0],))


def of_canvas(sheet: Sheet, row: int) -> Student | None:
    """Return the student of a row of Canvas' gradebook export; None for a row that is no student."""
    number = sheet.value(row, "ID")
    name = sheet.value(row, "Student") or ", ".join(
        part for part in (sheet.value(row, "LastName"), sheet.value(row, "FirstName")) if part
    )
    if not number.isdecimal() or "Points Possible" in name or name == TEST_STUDENT:
        return None
    login = sheet.value(row, "SIS Login ID")
    chosen = _first_id(sheet.value(row, "SIS User ID"), login.partition("@")[0], f"canvas-{number}")
    return Student(chosen, name, login if "@" in login else "", canvas_id=number)


def _first_id(*texts: str) -> str:
    """Return the first text that can be an id; a school's number such as 21/0457 cannot name a folder."""
    for text in texts[:-1]:
        try:
            return student(text)
        except KitError:
            continue
    return student(texts[-1])


# The course keeps it


def of(course: Course) -> dict[str, Student] | None:
    """Return the roster that the course keeps, or None; raises KitError when somebody damaged it."""
    path = course.root / "roster.csv"
    return read_roster(path) if path.exists() else None


def keep(course: Course, roster: dict[str, Student]) -> dict[str, Student]:
    """Write a roster into the course, and return it together with what the course knew.

    A student whom the course has already, by id, e-mail or number, keeps that id and gains what is new; nobody is
    dropped: to take a student out, delete the row in roster.csv. Raises KitError when it cannot be written.
    """
    known = of(course) or {}
    merged = dict(known)
    for one in roster.values():
        same = _same(known, roster, one)
        merged[same.student_id if same else one.student_id] = _joined(same, one) if same else one
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in sorted(merged.values(), key=lambda one: one.student_id):
        row = (one.student_id, one.name, one.email, " ".join(one.moodle_ids), one.canvas_id)
        writer.writerow([guarded(text) for text in row])
    try:
        course.root.mkdir(parents=True, exist_ok=True)
        files.replace(course.root / "roster.csv", table.getvalue().encode())
    except OSError as problem:
        raise KitError(f"roster.csv: {problem.strerror}; see that the course folder can be written") from problem
    return merged


def _same(known: Mapping[str, Student], roster: Mapping[str, Student], one: Student) -> Student | None:
    """Find a student among those whom the course knows: by id, then by the systems' numbers, then by e-mail."""
    ids = {other.student_id.casefold(): other for other in known.values()}
    if one.student_id.casefold() in ids:
        return ids[one.student_id.casefold()]
    for other in known.values():
        if {*other.moodle_ids} & {*one.moodle_ids} or (one.canvas_id and other.canvas_id == one.canvas_id):
            return other
    # An address that two students share says nothing.
    held = Counter(other.email.casefold() for other in roster.values())
    mailed = [other for other in known.values() if one.email and other.email.casefold() == one.email.casefold()]
    return mailed[0] if len(mailed) == 1 and held[one.email.casefold()] == 1 else None


def _joined(known: Student, one: Student) -> Student:
    return replace(
        known,
        name=one.name or known.name,
        email=one.email or known.email,
        moodle_ids=tuple(dict.fromkeys([*known.moodle_ids, *one.moodle_ids])),
        canvas_id=one.canvas_id or known.canvas_id,
    )
