"""Writes what students get back: one page each, that runs nothing, loads nothing and holds no answer."""

from __future__ import annotations

import base64
import csv
import hashlib
import itertools
import json
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from pactlab import data, files
from pactlab.classroom import papers
from pactlab.classroom.course import Course, student
from pactlab.classroom.exercise import REGION, Exercise
from pactlab.errors import KitError

if TYPE_CHECKING:
    from jinja2 import Template
    from nbformat import NotebookNode
    from nbgrader.api import Gradebook

WRITTEN, OPEN, NOT_YET = "written", "written, the memo is not marked yet", "not marked yet"
ANEW, NOTHING = "handed in again since it was marked: grade first", "nothing handed in"
DAMAGED = "the marked notebook does not fit the exercise: grade again"
SAID = {"p", "br", "em", "strong", "ul", "ol", "li", "code", "pre", "blockquote"}
"""Tags that a teacher's comment may have."""
EXCHANGED = ("timestamp.txt", "submission_secret.txt")
"""What nbgrader's exchange, on a hub, looks for beside a page before it hands it out."""
LARGEST_ANSWER, LARGEST_OUTPUT, LARGEST_MEMO, LARGEST_COMMENT = 5_000, 1_000, 7_000, 4_000
"""Bytes of HTML that one text may fill: the page stays below 60 KB whatever was handed in."""

UNSEEN = re.compile("[\x80-\x9f\u061c\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ufeff]")
"""Commands that turn the direction of a line, and others that show nothing."""
LEVEL = re.compile(
    r"^[ \t]*(?P<criterion>\S.*?): level (?P<level>\d+) \((?P<points>\d+) points?\)[ \t\r]*$", re.MULTILINE
)
"""A line of the teacher's comment on a memo that names a level of the rubric; the marking page writes such lines."""


@dataclass(frozen=True)
class Given:
    """What became of one student's feedback."""

    student_id: str
    path: Path | None
    """The page; None when there is none."""
    state: str
    """written, written without the memo's points, not marked yet, or what is in the way."""


@dataclass(frozen=True)
class Level:
    """One level of one criterion of a rubric."""

    criterion: str
    level: int
    points: int
    looks: str
    """What such a memo looks like."""


@dataclass(frozen=True)
class Score:
    """What a cell has earned."""

    points: float
    """With what was given on top."""
    extra: float
    """What was given on top."""
    waiting: bool
    """To be marked by hand, still or again."""


def feedback(exercise: Exercise, course: Course, students: Iterable[str] | None = None) -> list[Given]:
    """Write a feedback page for some students or all who handed in, and return a row for each, sorted by id.

    A page has the questions, the student's own answers and what they printed, what each check found, points, the memo
    and the teacher's words; no hidden check, no solution, nothing of others. It is written anew when marks change,
    and not touched otherwise. Points are those of the gradebook. A student who is not marked has no page, and one
    line; so has one whose page cannot be written.
    Raises KitError when the gradebook or the rubric cannot be read, and for what cannot be a student's id.
    """
    wanted = course.submitted(exercise.name) if not students else sorted({student(text) for text in students})
    if not course.database.is_file():  # to open it would make it
        return [_without(exercise, course, student_id) for student_id in wanted]
    with course.gradebook() as book:
        return [_give(exercise, course, book, student_id) for student_id in wanted]


def rubric(exercise: Exercise) -> list[Level]:
    """Return the levels by which the memo is marked, as in teacher/rubric.csv; KitError when it cannot be read."""
    path = exercise.teacher / "rubric.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [
                Level(row["criterion"], int(row["level"]), int(row["points"]), row["what_it_looks_like"])
                for row in csv.DictReader(file)
            ]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise KitError(
            f"{exercise.name}/teacher/rubric.csv: cannot be read; columns are criterion, level, points, "
            "what_it_looks_like"
        ) from problem


def levels_named(exercise: Exercise, score: Score, comment: str) -> tuple[list[Level], str]:
    """Return the levels that a teacher's comment names, and the rest of the comment.

    They count only if each criterion is named once, as the rubric has it, and their points are those of the memo:
    otherwise none is returned, and the comment whole, so that a student never reads a level that was not given.
    """
    known = {(level.criterion, level.level, level.points): level for level in rubric(exercise)}
    named = [known.get((found[1], int(found[2]), int(found[3]))) for found in LEVEL.finditer(comment)]
    criteria = list(dict.fromkeys(level.criterion for level in known.values()))
    if None in named or sorted(level.criterion for level in named) != sorted(criteria):
        return [], comment
    if sum(level.points for level in named) != score.points - score.extra:
        return [], comment
    return sorted(named, key=lambda level: criteria.index(level.criterion)), LEVEL.sub("", comment).strip()


# One student


def _without(exercise: Exercise, course: Course, student_id: str) -> Given:
    handed_in = course.notebook("submitted", student_id, exercise.name).is_file()
    return Given(student_id, None, NOT_YET if handed_in else NOTHING)


def _give(exercise: Exercise, course: Course, book: Gradebook, student_id: str) -> Given:
    from nbgrader.api import MissingEntry

    place, handed_in = (course.notebook(step, student_id, exercise.name) for step in ("autograded", "submitted"))
    try:
        paper = Paper.read(place)
        entry = book.find_submission_notebook(exercise.name, exercise.name, student_id)
    except (FileNotFoundError, MissingEntry):
        return _without(exercise, course, student_id)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Given(student_id, None, DAMAGED)
    scores = {
        grade.name: Score(float(grade.score or 0), float(grade.extra_credit or 0), bool(grade.needs_manual_grade))
        for grade in entry.grades
    }
    if handed_in.is_file() and papers.fingerprint(exercise, handed_in.read_bytes()) != paper.key:
        return Given(student_id, None, ANEW)
    if not scores.keys() >= {*(check.cell_id for check in exercise.checks), *exercise.memos}:
        return Given(student_id, None, DAMAGED)
    comments = {comment.name: comment.manual_comment or "" for comment in entry.comments}
    page = Page(exercise, paper, scores, comments, _own_places(course)).written(student_id)
    target = course.feedback(student_id, exercise.name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        files.replace(target, page)
        for beside in (handed_in.with_name(name) for name in EXCHANGED):
            if beside.is_file():
                files.replace(target.with_name(beside.name), beside.read_bytes())
    except OSError as problem:
        return Given(student_id, None, f"{target} cannot be written ({problem.strerror})")
    return Given(student_id, target, OPEN if any(scores[name].waiting for name in exercise.memos) else WRITTEN)


@dataclass(frozen=True)
class Paper:
    """What the marked notebook says; its words are a student's and may be anything."""

    key: str
    marked_on: date
    reason: str
    """Why nothing could be marked."""
    missing: tuple[str, ...]
    messages: dict[str, str]
    """By check."""
    answers: dict[str, str]
    """The text of each cell; of memos as they were written."""
    printed: dict[str, str]
    """By cell."""

    @classmethod
    def read(cls, path: Path) -> Paper:
        """Return what a marked notebook on disk says; one that is damaged raises what comes."""
        notebook = json.loads(path.read_bytes())
        said, cells = notebook["metadata"]["pactlab"], notebook["cells"]
        return cls(
            key=said["key"],
            # Not today: a page that says nothing new must not change.
            marked_on=date.fromtimestamp(path.stat().st_mtime),
            reason=said["reason"],
            missing=tuple(said["missing"]),
            messages=dict(said["messages"]),
            answers={cell["id"]: "".join(cell["source"]) for cell in cells} | said["memos"],
            printed={cell["id"]: "".join(part["text"]) for cell in cells for part in cell.get("outputs", [])[:1]},
        )


def _own_places(course: Course) -> re.Pattern[str]:
    """Match folders of the teacher's machine, which a student's code can print; the outer ones come last."""
    places = {course.root, data.root().parent, Path(sys.prefix), Path(sys.base_prefix), Path.home()}
    named = {str(form) for place in places for form in (place.absolute(), place.resolve())} - {"/", "/usr"}
    return re.compile(f"(?<![\\w/])({'|'.join(map(re.escape, sorted(named, key=len, reverse=True)))})(?![\\w-])")


# The page


@dataclass(frozen=True)
class Page:
    """One student's page, before it is written."""

    exercise: Exercise
    paper: Paper
    scores: dict[str, Score]
    comments: dict[str, str]
    """The teacher's, by answer or memo."""
    places: re.Pattern[str]
    """Folders of the teacher's machine."""

    def written(self, student_id: str) -> bytes:
        """Return the page as UTF-8."""
        style = Path(__file__).with_name("feedback.css").read_text(encoding="utf-8")
        text = _template().render(
            title=self.exercise.notebook.cells[0].source.splitlines()[0].lstrip("# "),
            student_id=student_id,
            marked_on=f"{self.paper.marked_on.day} {self.paper.marked_on:%B %Y}",
            drawn=self.drawn,
            parts=[self.part(cells) for cells in _questions(self.exercise)],
            earned_all=self.earned(self.scores),
            reason=self.shown(self.paper.reason, LARGEST_OUTPUT),
            style=Markup(style),
            # Only this very style sheet counts: one that came in with a student's words would not.
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        )
        return text.encode("utf-8", "replace")

    @property
    def drawn(self) -> Markup:
        """What the set-up told the student: the state, the texts, the years that are theirs."""
        first = [cell.id for cell in self.exercise.notebook.cells if not _marks(cell).get("solution")]
        told = [self.paper.printed.get(name, "") for name in first if name not in self.scores]
        return self.shown("\n".join(filter(None, told)).strip(), LARGEST_OUTPUT)

    def earned(self, names: Iterable[str]) -> dict:
        """Sum the points of some cells, of those that are marked."""
        scores = [self.scores[name] for name in names]
        most = {check.cell_id: check.points for check in self.exercise.checks} | self.exercise.memos
        return {
            "points": sum(score.points for score in scores if not score.waiting),
            "most": sum(most.get(name, 0) for name in names),
            "waiting": any(score.waiting for score in scores),
        }

    def part(self, cells: list[NotebookNode]) -> dict:
        """Return a question: heading, points, and its cells as the template shows them."""
        heading, _, text = REGION.sub("", cells[0].source).partition("\n")
        shown = [{"kind": "text", "text": _trusted(text)}, *(self.cell(cell) for cell in cells[1:])]
        return {
            "heading": re.sub(r" \(\d+ points?\)$", "", heading.lstrip("# ")),
            "earned": self.earned([cell.id for cell in cells if cell.id in self.scores]),
            "cells": shown,
        }

    def cell(self, cell: NotebookNode) -> dict:
        """Return one cell of a question; no text of a cell that the teacher wrote for checks or as a solution."""
        comment = self.comments.get(cell.id, "")
        if cell.id in self.exercise.memos:
            score = self.scores[cell.id]
            # Words on a memo that waits may be on the one before it.
            levels, rest = levels_named(self.exercise, score, "" if score.waiting else comment)
            return self.answer(cell.id, "memo", rest) | {"levels": levels, "earned": self.earned([cell.id])}
        if cell.id in self.exercise.answers:
            return self.answer(cell.id, "code", comment)
        if cell.id in self.scores:
            message = self.shown(self.paper.messages.get(cell.id, ""), LARGEST_OUTPUT)
            earned = self.earned([cell.id])
            return {
                "kind": "check",
                "names": next(check.names for check in self.exercise.checks if check.cell_id == cell.id),
                "message": Markup(re.sub(r"`(\w+)`", r"<code>\1</code>", str(message))),
                "earned": earned,
                "right": not message and earned["points"] >= earned["most"],
            }
        return {"kind": "text", "text": _trusted(cell.source) if cell.cell_type == "markdown" else ""}

    def answer(self, name: str, kind: str, comment: str) -> dict:
        """Return what the student wrote and printed, and the teacher's words on it."""
        text = self.paper.answers.get(name, "").strip("\n")
        if kind == "code":
            shown = self.highlighted(text)
        else:
            blocks = re.split(r"\n\s*\n", self.clean(text).strip())
            shown = [Markup(block) for block in _cut("\n\n".join(blocks), LARGEST_MEMO).split("\n\n") if block]
        return {
            "kind": kind,
            "text": shown,
            "levels": [],
            "missing": name in self.paper.missing,
            "printed": self.shown(self.paper.printed.get(name, ""), LARGEST_OUTPUT),
            "comment": _said(self.clean(comment)),
        }

    def clean(self, text: str) -> str:
        """Return text without commands to a terminal or to the order of letters, and without the teacher's folders."""
        text = papers.CONTROL.sub("", text.replace("\r\n", "\n"))
        return self.places.sub("...", UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text))

    def shown(self, text: str, most: int) -> Markup:
        """Return text as HTML of at most so many bytes, every mark of HTML escaped."""
        return _cut(self.clean(text), most)

    def highlighted(self, code: str) -> Markup:
        """Return code with its words marked by classes, or plain where that would grow too large."""
        from pygments import highlight
        from pygments.formatters import HtmlFormatter
        from pygments.lexers import PythonLexer

        text = self.clean(code)
        if len(text) < LARGEST_ANSWER:
            marked = highlight(text, PythonLexer(stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True))
            if len(marked.encode("utf-8", "replace")) <= LARGEST_ANSWER:
                return Markup(marked)
        return _cut(text, LARGEST_ANSWER)


def _cut(text: str, most: int) -> Markup:
    """Escape text, and end it in words that say so where it would fill more bytes."""
    fits = _fits(text, most)
    return escape(text[:fits]) + ("" if fits == len(text) else " [... the rest is in your notebook]")


def _fits(text: str, most: int) -> int:
    """Count the characters of a text that fill at most so many bytes when they are escaped."""
    sizes = (len(escape(letter).encode("utf-8", "replace")) for letter in text[:most])
    return sum(size <= most for size in itertools.accumulate(sizes))


def _marks(cell: NotebookNode) -> dict:
    return cell.metadata.get("nbgrader", {})


def _questions(exercise: Exercise) -> list[list[NotebookNode]]:
    """Return the cells of each question: it begins with a heading of the second level and has points."""
    parts: list[list[NotebookNode]] = []
    for cell in exercise.notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## ") and cell.id not in exercise.memos:
            parts.append([])
        if parts:
            parts[-1].append(cell)
    return parts


def _trusted(text: str) -> Markup:
    """Return the teacher's own Markdown as HTML, without what stands between markers."""
    made = _markdown(hard_wrap=False)(REGION.sub("", text))
    return Markup(
        made.replace("<table>", '<div class="wide" tabindex="0"><table>').replace("</table>", "</table></div>")
    )


def _said(text: str) -> Markup:
    """Return a teacher's comment, Markdown, as HTML of few harmless tags."""
    import bleach

    fits = _fits(text, LARGEST_COMMENT)
    made = _markdown(hard_wrap=True)(text[:fits] + ("" if fits == len(text) else " [...]"))
    return Markup(bleach.clean(made, tags=SAID, attributes={}, strip=True).strip())


@cache
def _markdown(*, hard_wrap: bool) -> Callable[[str], str]:
    import mistune

    return mistune.create_markdown(escape=True, hard_wrap=hard_wrap, plugins=["table"])


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    room = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    room.filters["points"] = lambda points: f"{points:.2f}".rstrip("0").rstrip(".")
    return room.get_template("feedback.html.j2")
