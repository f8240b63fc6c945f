"""One page for the teacher: before class, in class, assign, grade, with minutes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pactlab.classroom.exercise import Exercise
from pactlab.pack import words
from pactlab.pack.reading import Lesson, inline
from pactlab.pack.syllabus import lesson_plan, weeks

PER_MEMO, CLASS = 4, 20
"""Minutes for a memo, and students, as the syllabus reckons."""


@dataclass(frozen=True)
class Line:
    """A row of the plan."""

    when: str
    what: str
    """HTML."""
    minutes: str


def lines(lesson: Lesson, exercise: Exercise | None) -> list[Line]:
    """Return the rows of a lesson's plan."""
    found = [
        Line(
            "Before class",
            f"Students do lesson {lesson.number} alone, in the lab or from lesson.pdf",
            str(lesson.card.minutes),
        )
    ]
    detail = {
        "surprised": _surprise(lesson),
        "step": _explore(lesson),
        "camps": _camps(lesson),
        "limits": _limits(lesson),
        "next": _next(lesson),
    }
    for part in lesson_plan():
        more = next((text for word, text in detail.items() if word in part.what), "")
        what = f"<strong>{inline(part.what[0].upper() + part.what[1:])}.</strong> {inline(more)}"
        found.append(Line("In class", what, str(part.minutes)))
    if exercise:
        said = re.search(r"(\d+) points, (\d+) to (\d+) minutes", exercise.notebook.cells[0].source)
        took = f"{said[2]} to {said[3]}" if said else ""
        command = f"<code>uv run pactlab assign {lesson.number} --to handout</code>"
        assign = f"Exercise {lesson.number}, {exercise.max_points:g} points: {command}"
        found.append(Line("Assign", assign, took))
    else:
        found.append(Line("Assign", "The memo on the handout", "45"))
    grade = f"{CLASS} memos, {PER_MEMO} minutes each, by the rubric" + (
        "; the code is marked by machine" if exercise else ""
    )
    found.append(Line("Grade", grade, str(PER_MEMO * CLASS)))
    return found


def in_the_syllabus(lesson: Lesson) -> list[str]:
    """Return what the syllabus does with the lesson, a line for each course. HTML."""
    return [
        f"<strong>{week.course}, week {week.week}.</strong> {_stopped(week.in_class)} {inline(week.assign)} minutes."
        for week in weeks(lesson.number)
    ]


def surprises(lesson: Lesson) -> list[str]:
    """Return the finding of each step, with the title of its figure. HTML."""
    found = []
    for step in lesson.steps:
        number = step.heading.partition(":")[0].removeprefix("Evidence ")
        figure = next(iter(step.figures), None)
        finding = words.cut(step.finding(figure.cell if figure else step.cell), 12)
        title = f" ({inline(figure.pictures[0].title)})" if figure else ""
        found.append(f"<strong>{number}.</strong> {inline(finding)}{title}")
    return found


def traps(lesson: Lesson) -> list[str]:
    """Return the first wrong answer of each quiz question and why it is wrong. HTML."""
    found = []
    for question in lesson.questions:
        option, _, why = next(one for one in question.options if one[1] != "Yes.")
        found.append(f"<em>{inline(words.cut(option, 25))}</em> {inline(words.cut(why, 25))}")
    return found


def _stopped(text: str) -> str:
    return inline(text if text.endswith((".", "?", "!")) else f"{text}.")


def _surprise(lesson: Lesson) -> str:
    first = lesson.section("Decide, first")
    return words.asking(first.prose, 30) if first else "Which figure did not show what you expected?"


def _explore(lesson: Lesson) -> str:
    explore = lesson.section("Explore")
    return words.asking(explore.prose, 45) if explore else ""


def _camps(lesson: Lesson) -> str:
    asked = re.findall(r"\*\*([^*]+\?[^*]*)\*\*", lesson.memo)
    return asked[0][0].upper() + asked[0][1:] if asked else words.asking(lesson.memo, 40)


def _limits(lesson: Lesson) -> str:
    named = [match[1].strip(" .:") for line in lesson.limits if (match := re.match(r"\*\*([^*]+)\*\*", line))]
    return f"Which one could turn the answer round: {'; '.join(named)}?" if named else ""


def _next(lesson: Lesson) -> str:
    after = lesson.section("Next")
    return words.asking(after.prose, 30) if after else ""
