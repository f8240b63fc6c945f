"""The whole lesson for paper: text, figures and tables, answers at the end; the code stays in the notebook."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bs4 import BeautifulSoup

from pactlab import data
from pactlab.pack.handout import foot
from pactlab.pack.pages import render
from pactlab.pack.reading import Lesson, Piece, said

LANGUAGES = {"hindi": "hi", "japanese": "ja"}


@dataclass
class Chapter:
    """A section as paper shows it."""

    heading: str
    pieces: list[tuple[Piece, str]] = field(default_factory=list)
    """Each piece, and its text as HTML."""


@dataclass(frozen=True)
class Term:
    """A term of the glossary."""

    id: str
    term: str
    definition: str
    forms: tuple[tuple[str, str], ...]
    """Language and form, where one was seen."""


def page(lesson: Lesson) -> str:
    """Return a lesson as HTML for paper.

    What a reader should find alone (answers of the quiz, what is folded away) stands at the end; links to the
    glossary lead to a list of the terms behind it.
    """
    answers: list[tuple[str, str]] = []
    chapters = []
    for section in lesson.sections:
        if section.heading in {"Check yourself", "Sources"}:
            continue
        chapter = Chapter(section.heading)
        for piece in section.pieces:
            text = ""
            if piece.kind == "text":
                text, folded = _unfolded(said(piece.text))
                answers += [(section.heading, one) for one in folded]
            if piece.kind != "code":
                chapter.pieces.append((piece, text))
        chapters.append(chapter)
    lead, _ = _unfolded(said(lesson.lead))
    values = {"chapters": chapters, "lead": lead, "answers": answers, "terms": _terms(lesson), "foot": foot(lesson)}
    return render("lesson.html.j2", lesson=lesson, **values)


def _unfolded(html: str) -> tuple[str, list[str]]:
    """Take out what is folded away; turn links to the glossary inwards, and links to files into their words."""
    soup = BeautifulSoup(html, "html.parser")
    folded = []
    for link in soup("a", href=True):
        term = re.search(r"glossary\.md#([\w-]+)$", link["href"])
        if term:
            link["href"] = f"#term-{term[1]}"
        elif not link["href"].startswith(("http://", "https://")):
            link.unwrap()
        del link["title"]
    for details in soup("details"):
        if details.find("summary"):
            details.find("summary").extract()
        folded.append(details.extract().decode_contents().strip())
    for table in soup("table"):
        for cell in table("th"):
            if cell.get_text(strip=True):
                cell["scope"] = "col"
            else:
                cell.name = "td"
    return str(soup), folded


def _terms(lesson: Lesson) -> list[Term]:
    rows = data.load("glossary").set_index("term_id")
    found = []
    for term in lesson.terms:
        row = rows.loc[term]
        forms = tuple((LANGUAGES[name], row[name]) for name in LANGUAGES if isinstance(row[name], str) and row[name])
        found.append(Term(term, row["term"], row["definition"], forms))
    return sorted(found, key=lambda one: one.term.lower())
