"""Reads a lesson by its frame: question, steps of evidence, limits, quiz, memo, sources."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup, Tag

from pactlab import data
from pactlab.errors import KitError
from pactlab.pack.words import GLOSSARY, uncited
from pactlab.show import LessonCard, lesson_card
from pactlab.show.lesson import find
from pactlab.web.notebooks import check, markdown, read

LOOK = "*What to look for.*"
SLIDE = "slide"
"""A cell with this tag is in the deck, with its code if it has any, whatever the rule says."""
NUMBER = re.compile(r"[+\-\u2212]?[\d,.]+( ?%)?|NaN|<NA>|")
"""What stands in a column of numbers."""
LEAD = re.compile(r"\*\*?[^*\n]+\*\*?")


@dataclass(frozen=True)
class Picture:
    """A figure as it is stored."""

    title: str
    """The finding, computed."""
    alt: str
    """What a reader who does not see it should know."""
    src: str
    """The picture as a `data:` address."""
    caption: str
    """What is shown, and what to mind."""
    source: str
    """Where the data come from."""


@dataclass(frozen=True)
class Piece:
    """One thing on the page, in order: text or output of a cell."""

    kind: str
    """`text`, `figure`, `control`, `table`, `plain` or `code`."""
    cell: int
    """Number of its cell, from 0."""
    text: str = ""
    """Markdown of a text; words of a plain output; code."""
    html: str = ""
    """A table, or what else an output shows."""
    pictures: tuple[Picture, ...] = ()
    """The figure; of a control every stored pane."""
    choices: tuple[str, ...] = ()
    """Of a control: what each pane's choice is."""
    tagged: bool = False
    """Whether the cell has the tag `slide`."""


@dataclass
class Section:
    """What stands under one heading of the second level."""

    heading: str
    """Its words, without the marks."""
    cell: int
    """Number of the heading's cell, from 0."""
    pieces: list[Piece] = field(default_factory=list)
    """Text and outputs, in order."""

    @property
    def paragraphs(self) -> list[tuple[int, str]]:
        """Paragraphs of Markdown, each with the number of its cell."""
        return [
            (piece.cell, paragraph.strip())
            for piece in self.pieces
            if piece.kind == "text"
            for paragraph in re.split(r"\n\s*\n", piece.text)
            if paragraph.strip()
        ]

    @property
    def figures(self) -> list[Piece]:
        """Pieces that are a figure; controls are not among them."""
        return [piece for piece in self.pieces if piece.kind == "figure"]

    @property
    def look(self) -> str:
        """What to look for, without citations; the first paragraph where no such words stand. Markdown."""
        said = [text for _, text in self.paragraphs if LOOK in text]
        return uncited(said[0].split(LOOK, 1)[1] if said else self.paragraphs[0][1]).strip() if self.paragraphs else ""

    def finding(self, after: int) -> str:
        """Return the reading that follows a cell: its first paragraph, without citations. Markdown, perhaps empty."""
        read = [(cell, text) for cell, text in self.paragraphs if cell > after and LOOK not in text]
        led = [text for _, text in read if LEAD.match(text)]
        return uncited(led[0] if led else read[0][1]) if read else ""

    @property
    def prose(self) -> str:
        """All its text without citations. Markdown."""
        return "\n\n".join(uncited(text) for _, text in self.paragraphs)


@dataclass(frozen=True)
class Question:
    """A question of the quiz."""

    text: str
    """The question, with its number."""
    options: tuple[tuple[str, str, str], ...]
    """Option, verdict (`Yes.`, `No.`, `Partly.`), and what the feedback explains."""

    @property
    def right(self) -> tuple[str, str, str]:
        """Letter, option and explanation of the right answer."""
        for letter, (option, verdict, why) in zip("ABCDEFGH", self.options, strict=False):
            if verdict == "Yes.":
                return letter, option, why
        raise KitError(f"no option of the question {self.text!r} is right")


@dataclass(frozen=True)
class Rubric:
    """How a memo is marked: a row a criterion."""

    levels: tuple[str, ...]
    """0 to 3."""
    rows: tuple[tuple[str, ...], ...]
    """Criterion, then what each level looks like."""


@dataclass(frozen=True)
class Lesson:
    """A lesson, read by its frame."""

    name: str
    """As in 05_hitachi_2016."""
    title: str
    """Title without the question."""
    asked: str
    """The question in the title."""
    lead: str
    """What stands under the title. Markdown."""
    card: LessonCard
    """Minutes, objectives and so on."""
    sections: tuple[Section, ...]
    """In order."""
    questions: tuple[Question, ...]
    """The quiz."""
    rubric: Rubric | None
    """The memo's rubric, where the lesson has one."""
    sources: tuple[data.Source, ...]
    """What the prose cites, in the order of first mention."""
    terms: tuple[str, ...]
    """Ids of the glossary's terms that the prose links to, in order."""

    @property
    def number(self) -> str:
        """Two digits."""
        return self.name[:2]

    @property
    def steps(self) -> list[Section]:
        """The steps of evidence."""
        return [section for section in self.sections if section.heading.startswith("Evidence")]

    def section(self, heading: str) -> Section | None:
        """Return the section with a heading, if the lesson has one."""
        return next((section for section in self.sections if section.heading.split(":")[0] == heading), None)

    @property
    def memo(self) -> str:
        """The memo's task without its rubric and without what is folded away. Markdown."""
        decide = self.section("Decide")
        kept = [text for _, text in decide.paragraphs if not text.startswith("|")] if decide else []
        return re.sub(r"<details>.*?</details>", "", uncited("\n\n".join(kept)), flags=re.DOTALL).strip()

    @property
    def limits(self) -> list[str]:
        """The limits, one a line. Markdown."""
        limits = self.section("Limits")
        lines = "\n".join(text for _, text in limits.paragraphs).splitlines() if limits else []
        return [uncited(line.removeprefix("- ")) for line in lines if line.startswith("- ")]


def lesson(name: str) -> Lesson:
    """Return a lesson by name, number or path.

    Raises KitError with lesson and cell where something is missing that a pack needs: a stored output, an
    alternative text, a heading.
    """
    path = find(name)
    cells = read(path).cells
    first = cells[0].source if cells else ""
    title = re.match(r"# ([^:\n]+): ([^\n]+)\n", first)
    if title is None:
        raise KitError(f"{path.name}, cell 0: a lesson begins with `# Title: question?`")
    sections = []
    for place, cell in enumerate(cells):
        try:
            for piece in _pieces(cell, place):
                heading = re.match(r"## ([^\n]+)\n?", piece.text) if piece.kind == "text" else None
                rest = replace(piece, text=piece.text[heading.end() :].strip()) if heading else piece
                if heading:
                    sections.append(Section(heading[1], place))
                if sections and (rest.text or rest.kind != "text"):
                    sections[-1].pieces.append(rest)
        except KitError as problem:
            raise KitError(f"{path.name}, cell {place}: {problem}") from problem
    return _read(path, title, first[title.end() :].strip(), sections)


def _read(path: Path, title: re.Match[str], lead: str, sections: list[Section]) -> Lesson:
    said = {section.heading: section for section in sections}
    for heading in ("Setting", "Limits", "Check yourself", "Decide", "Sources"):
        if heading not in said:
            raise KitError(f"{path.name}: has no heading `## {heading}`")
    prose = "\n\n".join([lead, *(text for section in sections for _, text in section.paragraphs)])
    quiz, decide = said["Check yourself"], said["Decide"]
    try:
        questions = tuple(_questions("\n\n".join(text for _, text in quiz.paragraphs)))
        rubric = _rubric("\n\n".join(text for _, text in decide.paragraphs))
    except KitError as problem:
        raise KitError(f"{path.name}: {problem}") from problem
    return Lesson(
        path.stem, title[1], title[2][0].upper() + title[2][1:], lead, lesson_card(path.stem), tuple(sections),
        questions, rubric,
        tuple(data.source(match) for match in dict.fromkeys(re.findall(r'\]\(\S+ "([^"]+)"\)', prose))),
        tuple(dict.fromkeys(match[2] for match in GLOSSARY.finditer(prose))),
    )  # fmt: skip


def _pieces(cell: nbformat.NotebookNode, place: int) -> Iterator[Piece]:
    """Yield what a cell shows; raise KitError for what cannot be shown."""
    check(cell)
    tags = cell.metadata.get("tags", [])
    tagged = SLIDE in tags
    if cell.cell_type == "markdown":
        yield Piece("text", place, cell.source.strip(), tagged=tagged)
        return
    if not cell.outputs and _shows(cell.source):
        raise KitError("has no stored output; run `uv run pactlab refresh`")
    if tagged:
        yield Piece("code", place, cell.source, tagged=True)
    for output in cell.outputs:
        yield _shown(output, place, tagged)


def _shows(code: str) -> bool:
    """Whether a cell ends in a figure, a table or a control, so that something of it must be stored."""
    tree = ast.parse(code)
    last = tree.body[-1].value if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    return isinstance(last, ast.Call) and ast.unparse(last.func).startswith(("show.", "explore."))


def _shown(output: nbformat.NotebookNode, place: int, tagged: bool) -> Piece:
    if output.output_type == "stream":
        return Piece("plain", place, output.text.rstrip(), tagged=tagged)
    stored = output.data.get("text/html")
    if stored is None:
        return Piece("plain", place, output.data.get("text/plain", "").rstrip(), tagged=tagged)
    soup = BeautifulSoup(stored, "html.parser")
    for image in soup("img"):
        if not image.get("alt", "").strip():
            raise KitError("an image has no alternative text; say in words what it shows")
        if not image.get("src", "").startswith("data:image/"):
            raise KitError(f"the image {image.get('src', '')[:60]!r} is not stored in the notebook")
    pictures = tuple(_picture(figure) for figure in soup("figure"))
    if soup.find("fieldset") and pictures:
        choices = [soup.select_one("fieldset > p").get_text(), *(one.get_text() for one in soup("summary"))]
        return Piece("control", place, pictures=pictures, choices=tuple(choices), tagged=tagged)
    if pictures:
        return Piece("figure", place, pictures=pictures[:1], tagged=tagged)
    return Piece("table" if soup.find("table") else "html", place, html=tidy(soup), tagged=tagged)


def _picture(figure: Tag) -> Picture:
    caption = copy.copy(figure.find("figcaption"))
    source = caption.find("small").extract().get_text() if caption and caption.find("small") else ""
    image = figure.find("img")
    return Picture(
        figure.find("strong").get_text() if figure.find("strong") else "",
        image["alt"],
        image["src"],
        caption.get_text().strip() if caption else "",
        source.removeprefix("Source: "),
    )


def tidy(soup: BeautifulSoup) -> str:
    """Return stored HTML without styles, with one row of names over each table and a scope for each name."""
    for tag in soup("style"):
        tag.decompose()
    for tag in soup(True):
        for name in ("style", "border", "class"):
            del tag[name]
    for table in soup("table"):
        head = table.find("thead")
        rows = head("tr") if head else []
        if len(rows) == 2:
            # pandas puts the names of the index into a row of their own.
            upper, lower = (row(["th", "td"]) for row in rows)
            both = [a.get_text(strip=True) and b.get_text(strip=True) for a, b in zip(upper, lower, strict=False)]
            if len(upper) == len(lower) and not any(both):
                for above, below in zip(upper, lower, strict=True):
                    above.string = above.get_text(strip=True) or below.get_text(strip=True)
                rows[1].decompose()
        for cell in table("th"):
            if cell.get_text(strip=True):
                cell["scope"] = "col" if cell.find_parent("thead") else "row"
            else:
                cell.name = "td"
        for text in table.find_all(string=re.compile(r";\S")):
            # A row of source ids has no place to break a line.
            text.replace_with(re.sub(r";(?=\S)", "; ", text))
        _align(table)
    return str(soup)


def _align(table: Tag) -> None:
    """Set a column flush right if all that stands in it are numbers."""
    rows = [row(["td", "th"]) for row in table("tr")]
    body = [row for row in rows if not row[0].find_parent("thead")]
    for place in range(max(map(len, rows), default=0)):
        column = [row[place] for row in body if place < len(row) and row[place].name == "td"]
        if column and all(NUMBER.fullmatch(cell.get_text(strip=True)) for cell in column):
            for cell in [*column, *(row[place] for row in rows if row not in body and place < len(row))]:
                cell["class"] = "number"


def _questions(quiz: str) -> Iterator[Question]:
    for one in BeautifulSoup(quiz, "html.parser")("fieldset"):
        options = []
        for item in one("li"):
            answer = item.find("p")
            verdict = answer.find("strong").extract().get_text().strip()
            options.append((_words(item.find("summary")), verdict, _words(answer)))
        question = Question(_words(one.find("legend")), tuple(options))
        _ = question.right
        yield question


def _words(tag: Tag) -> str:
    return " ".join(tag.get_text().split())


def _rubric(decide: str) -> Rubric | None:
    rows = [
        tuple(part.strip().replace("**", "") for part in re.split(r"(?<!\\)\|", line.strip().strip("|")))
        for line in decide.splitlines()
        if line.startswith("|") and not re.fullmatch(r"[|\s:-]+", line)
    ]
    return Rubric(rows[0][1:], tuple(tuple(uncited(part) for part in row) for row in rows[1:])) if rows else None


def said(text: str) -> str:
    """Return Markdown as HTML, as Jupyter renders it, without whitespace around it."""
    return markdown(text).strip()


def inline(text: str) -> str:
    """Return one paragraph of Markdown as HTML without the paragraph around it."""
    return re.sub(r"^<p>(.*)</p>$", r"\1", said(text), flags=re.DOTALL)
