"""Cuts prose for pages that have little room: no citations, whole sentences, a number of words."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup

CITED = re.compile(r'\[([^\]]+)\]\((\S+) "[^"]+"\)')
"""A citation in prose: label, address, source id."""
GLOSSARY = re.compile(r"\[([^\]]+)\]\((?:\.\./lessons/)?glossary\.md#([\w-]+)\)")
"""A link to a term: the word, the term's id."""
LINK = re.compile(r"\[([^\]]+)\]\([^)\s]+\)")
MARK = "\x00"
SENTENCE = re.compile(r"(?<=[.?!])(?<!\b[A-Z]\.)(?<!e\.g\.)(?<!i\.e\.)(?<!etc\.)[\"'”*)]*\s+(?=[\"'“*(]*[A-Z0-9])")


def uncited(text: str) -> str:
    """Return Markdown without its citations in brackets; a citation that is part of a sentence leaves its label.

    Links to terms and to files leave their words.
    """
    labels = []

    def keep(match: re.Match[str]) -> str:
        labels.append(match[1])
        return MARK

    text = CITED.sub(keep, text)
    # Brackets that hold a citation go, and the label of each with them.
    parts, kept = re.split(rf"(\s*\([^()]*{MARK}[^()]*\))", text), []
    for part in parts:
        bracketed = re.fullmatch(rf"\s*\([^()]*{MARK}[^()]*\)", part)
        held = [labels.pop(0) for _ in range(part.count(MARK))]
        plain_parts = part.split(MARK)
        filled = "".join(text + label for text, label in zip(plain_parts, [*held, ""], strict=True))
        kept.append("" if bracketed else filled)
    return LINK.sub(r"\1", "".join(kept))


def plain(html: str) -> str:
    """Return the words of a piece of HTML in one line."""
    return " ".join(BeautifulSoup(html, "html.parser").get_text(" ").split()).replace(" ,", ",").replace(" .", ".")


def count(text: str) -> int:
    """Return how many words a text has."""
    return len(text.split())


def sentences(text: str) -> list[str]:
    """Return the sentences of a paragraph; a mark that closes behind the full stop stays with its sentence."""
    found, start = [], 0
    for match in SENTENCE.finditer(text):
        found.append(text[start : match.end()].strip())
        start = match.end()
    return [*found, text[start:].strip()] if text[start:].strip() else found


def cut(text: str, most: int) -> str:
    """Return the first whole sentences of a paragraph with at most so many words; the first sentence in any case.

    An emphasis that the cut would leave open is dropped.
    """
    if count(text) <= most:
        return re.sub(r":$", ".", text)
    taken: list[str] = []
    for sentence in sentences(text):
        if taken and count(" ".join([*taken, sentence])) > most:
            break
        taken.append(sentence)
    return _closed(taken)


def asking(text: str, most: int) -> str:
    """Return the sentences of a paragraph that ask, and as many of the others as a number of words leaves room for.

    They keep their order. A paragraph that is short enough is returned whole.
    """
    if count(text) <= most:
        return re.sub(r":$", ".", text)
    found = sentences(text)
    first = sorted(range(len(found)), key=lambda place: (not re.search(r"\?[\"'”*)]*$", found[place]), place))
    taken: list[int] = []
    for place in first:
        if not taken or count(" ".join(found[one] for one in [*taken, place])) <= most:
            taken.append(place)
    return _closed([found[place] for place in sorted(taken)])


def _closed(taken: list[str]) -> str:
    """Join sentences; one that announces what was cut off goes, and one whose bracket does not close.

    An emphasis that the cut would leave open is dropped.
    """
    while len(taken) > 1 and (taken[-1].endswith(":") or " ".join(taken).count("(") > " ".join(taken).count(")")):
        taken = taken[:-1]
    return re.sub(r":$", ".", " ".join(_even(sentence) for sentence in taken))


def _even(sentence: str) -> str:
    """Drop the marks of an emphasis that begins or ends in another sentence."""
    if sentence.count("**") % 2:
        sentence = sentence.replace("**", "")
    if sentence.replace("**", "").count("*") % 2:
        sentence = re.sub(r"(?<!\*)\*(?!\*)", "", sentence)
    return sentence
