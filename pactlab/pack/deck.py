"""Makes a deck from a lesson by rule: figures large, the question before, the finding after."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup

from pactlab import data
from pactlab.errors import KitError
from pactlab.pack import words
from pactlab.pack.pages import render
from pactlab.pack.reading import Lesson, Piece, Question, Section, inline, said
from pactlab.pack.reading import Picture as Figure
from pactlab.web.pictures import Picture, written

FEWEST, MOST = 12, 18
"""Slides of a deck."""
WIDTH, HEIGHT = 1000, 640
"""Pixels of a picture that is shown in parts: at this width its own letters are at least 24 pixels high."""
OVERLAP = 40
TALL = 0.75
"""From this ratio of height to width on, a picture that fits the slide is too small to be read from the last row."""
BESIDE = 0.5
"""From this ratio on, the finding stands beside the picture, not under it."""
PROMPT, FINDING, SETTING, TASK, LIMIT = 60, 34, 40, 110, 20
"""Words of a prompt, a finding, the setting, the memo's task, and a limit."""
ROWS, COLUMNS, TABLE_WORDS = 8, 5, 80
"""Most that a table on a slide may have."""
SOURCES, TITLE = 5, 9
"""How many sources a slide names, and with how many words of their titles."""
QUIZ_RANKS = (0, 2, 7, 8)
"""The first question is in every deck."""
DENSITY = {35: "airy", 65: "even", 125: "dense"}
"""Up to how many words a slide has which size of letters; above, it is `full`."""


@dataclass
class Slide:
    """One slide."""

    kind: str
    """`title`, `question`, `words`, `figure`, `table`, `quiz`, `list`, `sources` or `code`."""
    title: str
    """Its heading, as HTML."""
    rank: int = 0
    """0: in every deck; the higher, the sooner it is left out."""
    over: str = ""
    """Small line over the heading."""
    body: str = ""
    """What stands under the heading, as HTML."""
    later: str = ""
    """What appears at the next key, as HTML."""
    items: tuple[str, ...] = ()
    """Lines of a list, as HTML."""
    notes: list[str] = field(default_factory=list)
    """Speaker notes: Markdown, a paragraph each."""
    figure: Figure | None = None
    """The figure as stored."""
    picture: Picture | None = None
    """Its file, once it is written."""

    @property
    def ratio(self) -> float:
        """Height of the picture over its width."""
        return self.picture.height / self.picture.width if self.picture else 0

    @property
    def shape(self) -> str:
        """Where the finding stands."""
        return "beside" if self.ratio > BESIDE else "under"

    @property
    def parts(self) -> list[int]:
        """How many pixels each part of a tall picture is moved up; empty for others."""
        height = WIDTH * self.ratio
        if self.ratio < TALL:
            return []
        pieces = math.ceil((height - OVERLAP) / (HEIGHT - OVERLAP))
        return [round(part * (height - HEIGHT) / (pieces - 1)) for part in range(pieces)]

    @property
    def dense(self) -> str:
        """How small the letters are: by the number of words."""
        said = " ".join([self.title, self.body, self.later, *self.items])
        number = words.count(words.plain(said))
        return next((name for most, name in DENSITY.items() if number <= most), "full")


def slides(lesson: Lesson) -> list[Slide]:
    """Return the slides of a lesson, 12 to 18.

    Every step of evidence has its question; a figure has a slide of its own, with the finding for the next key.
    Where more than 18 could be made, further figures, quiz questions and the rest go in the order of their rank.
    Cells tagged `slide` stay in. Raises KitError when a lesson gives fewer than 12, or tags too many cells.
    """
    found = list(_all(lesson))
    while len(found) > MOST:
        least = max(slide.rank for slide in found)
        if not least:
            raise KitError(f"{lesson.name}: {len(found)} slides, and {MOST} are the most; tag fewer cells `slide`")
        found.remove([slide for slide in found if slide.rank == least][-1])
    if len(found) < FEWEST:
        raise KitError(f"{lesson.name}: the deck has {len(found)} slides; tag further cells `slide`, up to {FEWEST}")
    return found


def deck(lesson: Lesson, folder: Path, reveal: str) -> str:
    """Return the deck as a page; pictures are written under `folder`.

    reveal: the way from the page to the folder of reveal.js.
    """
    shown = [
        replace(
            slide,
            notes=[said(note) for note in slide.notes if note],
            picture=written(slide.figure.src, folder) if slide.figure else None,
        )
        for slide in slides(lesson)
    ]
    return render("slides.html.j2", lesson=lesson, slides=shown, reveal=reveal, width=WIDTH, height=HEIGHT)


def _all(lesson: Lesson) -> Iterator[Slide]:
    yield from _opening(lesson)
    for step in lesson.steps:
        yield from _step(step)
    yield from _closing(lesson)


def _opening(lesson: Lesson) -> Iterator[Slide]:
    card, setting, first = lesson.card, lesson.section("Setting"), lesson.section("Decide, first")
    notes = [words.uncited(lesson.lead), f"{card.minutes} minutes. {card.level}"]
    name = f"<p>{inline(lesson.title)}</p>"
    yield Slide("title", inline(lesson.asked), over=f"Lesson {lesson.number}", body=name, notes=notes)
    notes = [f"Before this: {', '.join(card.prerequisites) or 'nothing'}.", f"Data: {', '.join(card.data)}."]
    objectives = tuple(inline(line) for line in card.objectives)
    yield Slide("list", "Afterwards you can", rank=4, items=objectives, notes=notes)
    said_first = _paragraph(words.cut(words.uncited(setting.paragraphs[0][1]), SETTING))
    yield Slide("words", "Where we are", over="Setting", body=said_first, notes=[setting.prose])
    yield from _tagged(setting)
    if first:
        asked = _paragraph(words.asking(first.prose, PROMPT))
        yield Slide("words", "Decide, first", rank=5, body=asked, notes=[first.prose])


def _closing(lesson: Lesson) -> Iterator[Slide]:
    explore, after = lesson.section("Explore"), lesson.section("Next")
    if explore:
        panes = [
            f"{choice}: {picture.title}"
            for piece in explore.pieces
            for choice, picture in zip(piece.choices, piece.pictures, strict=False)
        ]
        asked = _paragraph(words.asking(explore.prose, PROMPT))
        over = f"Live: uv run pactlab lab {lesson.number}"
        yield Slide("words", "Explore", rank=3, over=over, body=asked, notes=[explore.prose, *panes])
    limits = tuple(inline(words.cut(line, LIMIT)) for line in lesson.limits)
    yield Slide("list", "What the data cannot say", rank=1, over="Limits", items=limits, notes=lesson.limits)
    for place, question in enumerate(lesson.questions):
        yield _quiz(question, QUIZ_RANKS[min(place, len(QUIZ_RANKS) - 1)])
    yield Slide("words", "Your memo", over="Decide", body=_task(lesson.memo), notes=[lesson.memo])
    shown = lesson.sources[:SOURCES]
    notes = [f"{one.publisher}, {one.date or 'no date'}. {one.title}. {one.url}" for one in lesson.sources]
    yield Slide(
        "sources",
        f"Sources: {len(shown)} of {len(lesson.sources)}",
        over="The lesson lists them all",
        items=tuple(_source(one) for one in shown),
        notes=[*notes, *([after.prose] if after else [])],
    )


def _quiz(question: Question, rank: int) -> Slide:
    number, _, asked = question.text.partition(". ")
    letter, _, why = question.right
    return Slide(
        "quiz",
        inline(asked),
        rank=rank,
        over=f"Check yourself {number}",
        items=tuple(inline(option) for option, _, _ in question.options),
        later=f"<strong>{letter}.</strong> {inline(why)}",
        notes=[
            f"{one}: {verdict} {text}" for one, (_, verdict, text) in zip("ABCDEFGH", question.options, strict=False)
        ],
    )


def _step(step: Section) -> Iterator[Slide]:
    number, _, asked = step.heading.partition(": ")
    heading = inline(asked[0].upper() + asked[1:])
    figures = [(place, piece) for place, piece in enumerate(step.pieces) if piece.kind == "figure"]
    table = next((piece for piece in step.pieces if piece.kind == "table" and _fits(piece)), None)
    text = [piece.text for piece in step.pieces if piece.kind == "text"]
    # The figure that a reading with its finding in front follows is the step's own; others come if there is room.
    own = next((piece for place, piece in figures if _reading(step, place)), figures[0][1] if figures else None)
    question = Slide("question", heading, over=number, body=_paragraph(words.asking(step.look, PROMPT)), notes=text[:1])
    if own is None and table is None:
        question.later = _finding(step, step.cell)
        question.notes = text
    yield question
    for _, piece in figures:
        yield _figure(step, piece, 0 if piece is own or piece.tagged else 6)
    if own is None and table:
        finding = _finding(step, table.cell)
        yield Slide("table", heading, over=number, body=table.html, later=finding, notes=text[1:])
    yield from _tagged(step)


def _finding(step: Section, after: int) -> str:
    return inline(words.cut(step.finding(after), FINDING))


def _reading(step: Section, place: int) -> bool:
    after = step.pieces[place + 1 :]
    until = next((n for n, piece in enumerate(after) if piece.kind == "figure"), len(after))
    return any(piece.kind == "text" and piece.text.startswith("*") for piece in after[:until])


def _figure(step: Section, piece: Piece, rank: int) -> Slide:
    (figure,) = piece.pictures
    return Slide(
        "figure",
        inline(figure.title),
        rank=rank,
        over=inline(step.heading),
        figure=figure,
        later=_finding(step, piece.cell),
        notes=[f"{figure.caption} Source: {figure.source}.", *(t for cell, t in step.paragraphs if cell > piece.cell)],
    )


def _tagged(section: Section) -> Iterator[Slide]:
    """Yield a slide for each piece with the tag `slide` that is no figure: a figure has one already."""
    title = inline(section.heading)
    for piece in (piece for piece in section.pieces if piece.tagged):
        if piece.kind in {"code", "plain"}:
            yield Slide("code", title, body=f'<pre tabindex="0">{escape(piece.text)}</pre>')
        elif piece.kind == "text":
            yield Slide("words", title, body=said(words.uncited(piece.text)))
        elif piece.kind == "table":
            yield Slide("table", title, body=piece.html)


def _paragraph(text: str) -> str:
    return f"<p>{inline(text)}</p>"


def _task(memo: str) -> str:
    """Return the memo's task, paragraph by paragraph, as far as a slide has room."""
    kept, room = [], TASK
    for paragraph in re.split(r"\n\s*\n", memo):
        if room < 20:
            break
        short = words.cut(paragraph, room) if not re.match(r"\d\.", paragraph) else paragraph
        if words.count(short) > room and kept:
            break
        kept.append(said(short))
        room -= words.count(short)
    return "".join(kept)


def _source(source: data.Source) -> str:
    return inline(f"{source.publisher}, {source.date[:4] if source.date else 'no date'}: {_short(source.title)}")


def _short(title: str) -> str:
    """Return a title as far as one line of a slide has room."""
    return title if words.count(title) <= TITLE else " ".join(title.split()[:TITLE]).rstrip(",:") + " ..."


def _fits(piece: Piece) -> bool:
    rows = BeautifulSoup(piece.html, "html.parser")("tr")
    small = len(rows) <= ROWS + 1 and all(len(row(["td", "th"])) <= COLUMNS for row in rows)
    return small and words.count(words.plain(piece.html)) <= TABLE_WORDS
