"""Two pages for students: question and key figures, then check questions, the memo with its rubric, sources."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pactlab import data
from pactlab.errors import KitError
from pactlab.pack import words
from pactlab.pack.pages import render
from pactlab.pack.pdf import pdf, sheets
from pactlab.pack.reading import Lesson, Picture, Section

TALL = 1.0
"""A figure higher than wide is a key figure only if there is no other."""
PROMPT = 45


@dataclass(frozen=True)
class Key:
    """A key figure with what to look for."""

    asked: str
    """The step's question."""
    look: str
    """What to look for. Markdown."""
    picture: Picture
    ratio: float
    """Height over width."""


@dataclass(frozen=True)
class First:
    """How large the first page is set."""

    points: float
    """Size of the letters."""
    figure: int
    """Most height of a figure in millimetres; 0 leaves the page out."""


@dataclass(frozen=True)
class Second:
    """How much stands on the second page, and how large."""

    points: float
    sources: int
    """How many; 0 leaves the page out."""


FIRST = [First(10, 84), First(10, 76), First(9.5, 70), First(9, 66), First(9, 60), First(8.5, 52)]
SECOND = [
    Second(10, 40),
    Second(9.5, 40),
    Second(9, 40),
    Second(8.5, 40),
    Second(8.5, 12),
    Second(8, 6),
    Second(7.5, 3),
]
"""Tried in this order until all stands on one page."""


def keys(lesson: Lesson, ratio_of: dict[str, float]) -> list[Key]:
    """Return two key figures: those of the first and the last step that have one which a page can hold.

    ratio_of: height over width by `data:` address.
    """
    found = []
    for step in lesson.steps:
        found += [_key(step, piece.pictures[0], ratio_of[piece.pictures[0].src]) for piece in step.figures]
    wide = [key for key in found if key.ratio <= TALL]
    chosen = wide if len(wide) >= 2 else sorted(found, key=lambda key: key.ratio)
    return [chosen[0], chosen[-1]] if len(chosen) > 1 else chosen


def handout(lesson: Lesson, ratio_of: dict[str, float]) -> bytes:
    """Return the handout as PDF: always two pages.

    ratio_of: height over width of the lesson's figures by `data:` address. Raises KitError when questions or memo do
    not fit on a page even in small letters.
    """

    def page(first: First, second: Second) -> str:
        return render(
            "handout.html.j2",
            lesson=lesson,
            keys=chosen,
            first=first,
            second=second,
            host=host,
            short=short,
            foot=foot(lesson),
        )

    chosen, no_first, no_second = keys(lesson, ratio_of), First(10, 0), Second(10, 0)
    first = next((fit for fit in FIRST if sheets(page(fit, no_second)) == 1), None)
    second = next((fit for fit in SECOND if sheets(page(no_first, fit)) == 1), None)
    if first is None or second is None:
        what = "two key figures" if first is None else "questions and memo"
        raise KitError(f"{lesson.name}: the handout's {what} take more than a page; make them shorter")
    return pdf(page(first, second))


def foot(lesson: Lesson) -> str:
    """Return the line at the foot of printed pages."""
    return f"PactLab, lesson {lesson.number}: {lesson.title}. Text and figures CC BY 4.0"


def host(source: data.Source) -> str:
    """Return a short address: the host without www."""
    return urlsplit(source.url).hostname.removeprefix("www.") if source.url else ""


def short(source: str) -> str:
    """Return the source line of a figure; only the names of its tables where it names more than one."""
    names = re.findall(r"\(table (\w+),", source)
    return f"tables {', '.join(names)}" if len(names) > 1 else source


def _key(step: Section, picture: Picture, ratio: float) -> Key:
    asked = step.heading.partition(": ")[2]
    return Key(asked[0].upper() + asked[1:], words.asking(step.look, PROMPT), picture, ratio)
