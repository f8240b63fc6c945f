"""Ties the numbers in a lesson's prose to the data they were read off."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from pactlab.lessons.run import read, steps

CHECKED = ("Setting", "Evidence", "Explore", "Limits", "Check yourself")
"""Sections whose prose states what is so; a title asks, a memo task sets a length."""

WORDS = {
    word: number
    for number, word in enumerate(
        "three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen"
        " nineteen twenty".split(),
        start=3,
    )
}
MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
ASIDE = re.compile(r"`[^`]*`|<summary>.*?</summary>|^#.*$|(?:^|<legend>)\d+\.\s", re.MULTILINE)
"""Code, an option of a quiz (it may be wrong on purpose), a heading, the number of a list's entry."""
NAMED = re.compile(
    rf"""\b\d{{1,2}}(?:\ (?:to|and)\ \d{{1,2}})?\ {MONTH}(?:\ \d{{4}})?   # days
    | \b(?:19|20)\d\d(?:[-\u2013](?:19|20)?\d\d)?\b                   # years
    | \b\d{{1,2}}:\d\d\b                                              # times of day
    | \b[Ll]essons?\ \d+(?:\ (?:to|and)\ \d+)?                        # lessons
    | \bEvidence\ \d\b | \bFive\ Eyes\b                               # steps, names
    | \b5G\b | \b2\+2\b | \bG20\b                                    # names
    """,
    re.VERBOSE,
)
LINK = re.compile(r'\[[^\]]+\]\(\S+ "[^"]+"\)')
SOURCED = "\u00a7"
NUMBER = re.compile(rf"-?\d[\d,]*(?:\.\d+)?|\b(?:{'|'.join(WORDS)})(?=fold\b|\b)", re.IGNORECASE)


@dataclass(frozen=True)
class Fault:
    """A number in prose that nothing holds, or that the data contradict."""

    lesson: str
    """Name of the lesson."""
    cell: int
    """Place of the text cell, from 0."""
    number: str
    """The number as written, or the text given in the metadata."""
    why: str
    """What is wrong, and what to do."""

    def __str__(self) -> str:
        """One line: lesson, cell, number, remedy."""
        return f"{self.lesson}, cell {self.cell}: {self.number!r} {self.why}"


def plain(token: str) -> str:
    """Return a number as digits: "5,692" as "5692", "twelve" as "12"."""
    return str(WORDS.get(token.lower(), token.replace(",", "")))


def agrees(text: str, value: Any) -> bool:
    """Tell whether a value, rounded as the text rounds it, is the first number in the text; a text value must be equal.

    >>> agrees("7.8-fold", 7.765), agrees("5,692 words", 5692), agrees("twelve", 13)
    (True, True, False)
    """
    if isinstance(value, str):
        return value == text
    found = NUMBER.search(text)
    if not found:
        return False
    shown = plain(found[0])
    decimals = len(shown.partition(".")[2])
    return f"{float(value):.{decimals}f}" == f"{float(shown):.{decimals}f}"


def sentences(text: str) -> list[str]:
    """Return the sentences of a markdown cell; a line break, and the end of a question or an answer, end a sentence too."""
    return [
        part for part in re.split(r"(?<=[.!?:])[\"*_)]*\s+(?=[\"*_(\[]*[A-Z])|\n+|</p>|</legend>", text) if part.strip()
    ]


def stated(text: str) -> list[str]:
    """Return the numbers that a markdown cell states on its own: no dates, names, code, headings, or sourced sentences."""
    prose = LINK.sub(SOURCED, ASIDE.sub(" ", text))
    unsourced = [NAMED.sub(" ", sentence) for sentence in sentences(prose) if SOURCED not in sentence]
    return [found[0] for sentence in unsourced for found in NUMBER.finditer(sentence)]


def _kept(cell: nbformat.NotebookNode) -> dict[str, str]:
    return cell.metadata.get("pactlab", {}).get("numbers", {})


def _compared(cell: nbformat.NotebookNode) -> str:
    """Return the compared text of a code cell: what it prints, and the plain text of what it shows."""
    if "nbval-check-output" not in cell.metadata.get("tags", []):
        return ""
    return "\n".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)


def untied(path: Path) -> Iterator[Fault]:
    """Yield each number in a lesson's prose that stands neither in its section's compared output nor in the metadata."""
    section, output = "", ""
    for index, cell in enumerate(read(path).cells):
        if cell.cell_type == "code":
            output += "\n" + _compared(cell)
            continue
        heading = re.search(r"^## (.+)$", cell.source, re.MULTILINE)
        if heading:
            section, output = heading[1], ""
        if not section.startswith(CHECKED):
            continue
        tied = {plain(found[0]) for text in (output, *_kept(cell)) for found in NUMBER.finditer(text)}
        for number in stated(cell.source):
            if plain(number) not in tied:
                yield Fault(path.stem, index, number, "is tied to nothing: add it to the cell's metadata `pactlab.numbers`"
                            " with the expression that gives it, cite a source in the same sentence, or cut it")  # fmt: skip


def contradicted(path: Path) -> Iterator[Fault]:
    """Yield each entry of `pactlab.numbers` that the data contradict or that its cell does not say.

    The expressions are evaluated among the names that the code cells above have defined.
    """
    for step in steps(path):
        if step.cell.cell_type == "code":
            continue
        for text, expression in _kept(step.cell).items():
            if text not in step.cell.source:
                yield Fault(path.stem, step.index, text, "stands in `pactlab.numbers` but not in the text: drop it")
                continue
            value = eval(expression, step.names)
            if not agrees(text, value):
                yield Fault(path.stem, step.index, text, f"is written, but {expression} gives {value}")
