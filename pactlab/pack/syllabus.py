"""What the syllabus says of a lesson: weeks, minutes, and a plan for one class."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pactlab import data
from pactlab.pack.words import uncited

PAGE = "classroom/syllabus.md"
LESSON = re.compile(r"\[(\d\d)\]\([^)]*\)|(\bto\b)")


@dataclass(frozen=True)
class Week:
    """One row of a table of the syllabus."""

    course: str
    """The heading over the table, as in `Six weeks`."""
    week: str
    before: str
    """What a student does alone, with minutes."""
    in_class: str
    assign: str
    grade: str
    """Minutes for 20 students."""


@dataclass(frozen=True)
class Part:
    """A part of the plan for one class of 90 minutes."""

    minutes: int
    what: str


def text() -> str:
    """Return the syllabus as Markdown; empty in a kit that has none."""
    path = data.root().parent / PAGE
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def weeks(number: str) -> list[Week]:
    """Return the rows that name a lesson by its two digits, alone or in a range such as 13 to 19."""
    found, course = [], ""
    for line in text().splitlines():
        if line.startswith("## "):
            course = line.removeprefix("## ").split(",")[0]
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 5 and number in named(line):
            found.append(Week(course, *(uncited(cell) for cell in cells)))
    return found


def named(line: str) -> set[str]:
    """Return the lessons that a row names, by two digits; `[13](...) to [19](...)` names seven."""
    found: list[str] = []
    for number, to in LESSON.findall(line):
        if number and found and found[-1] == "to" and len(found) > 1:
            found += [f"{between:02d}" for between in range(int(found[-2]), int(number) + 1)]
        else:
            found.append(number or to)
    return set(found) - {"to"}


def lesson_plan() -> list[Part]:
    """Return the plan for 90 minutes that fits every lesson: minutes and what."""
    line = next((line for line in text().splitlines() if line.startswith("A plan for 90 minutes")), "")
    return [
        Part(int(minutes), what.strip(" ."))
        for minutes, what in re.findall(r"(\d+)(?: minutes)? for ([^,.]+)", line.partition(":")[2])
    ]
