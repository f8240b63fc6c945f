"""The lesson's own card and its list of sources, read from the saved notebook."""

import difflib
import html
import json
import re
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

from pactlab import data
from pactlab.errors import KitError

LINK = re.compile(r'\[([^\]]+)\]\((\S+) "([^"]+)"\)')
"""A citation in prose, as `data.cite` writes it: label, address, source id."""


def folder() -> Path:
    """Return the folder of the lessons: beside the data folder."""
    return data.root().parent / "lessons"


def find(name: str) -> Path:
    """Return the notebook of a lesson named in full (`01_the_pact`), by number (`01`, `1`) or by path.

    Raises KitError with the nearest names when there is no such lesson.
    """
    lessons = {path.stem: path for path in sorted(folder().glob("[0-9][0-9]_*.ipynb"))}
    stem = Path(name).stem
    if stem in lessons:
        return lessons[stem]
    numbered = [path for known, path in lessons.items() if stem.isdigit() and known.startswith(f"{int(stem):02d}_")]
    if numbered:
        return numbered[0]
    near = difflib.get_close_matches(stem, lessons, n=3, cutoff=0.4) or list(lessons)
    raise KitError(f"no lesson is called {name!r}; the nearest: {', '.join(near)}")


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def notebook(name: str) -> dict:
    """Return the saved notebook of a lesson as JSON; a kernel cannot see its own notebook, so the file is read."""
    path = find(name)
    return _read(path, path.stat().st_mtime_ns)


def prose(name: str) -> list[str]:
    """Return the text of each markdown cell of a lesson."""
    return ["".join(cell["source"]) for cell in notebook(name)["cells"] if cell["cell_type"] == "markdown"]


@dataclass(frozen=True)
class LessonCard:
    """What a reader should know before the lesson starts; kept once, in the notebook's metadata under `pactlab`."""

    question: str
    """The decision question."""
    minutes: int
    """Time for an average reader."""
    level: str
    """What the reader should be able to do already."""
    prerequisites: tuple[str, ...]
    """Lessons to read before."""
    objectives: tuple[str, ...]
    """What the reader can do afterwards, with verbs one can check."""
    data: tuple[str, ...]
    """Tables used."""
    reviewed: str
    """Date of the last factual review."""

    @property
    def lines(self) -> dict[str, str | tuple[str, ...]]:
        """The card's lines: label to text, or to several texts."""
        return {
            "Time": f"{self.minutes} minutes",
            "Level": self.level,
            "Before this": ", ".join(self.prerequisites) or "nothing",
            "Afterwards you can": self.objectives,
            "Data": ", ".join(self.data),
            "Facts last reviewed": self.reviewed,
        }

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        # A list of terms: JupyterLab would set the cells of a table flush right, which is no way to read a sentence.
        terms, plain = [], []
        for label, text in self.lines.items():
            several = isinstance(text, tuple)
            said = (
                f"<ol>{''.join(f'<li>{html.escape(line)}</li>' for line in text)}</ol>"
                if several
                else html.escape(text)
            )
            terms.append(f"<dt>{label}</dt><dd>{said}</dd>")
            plain.append(f"{label}: {'; '.join(text) if several else text}")
        return {"text/html": f"<dl>{''.join(terms)}</dl>", "text/plain": "\n".join(plain)}


def lesson_card(name: str) -> LessonCard:
    """Return the card of a lesson; raises KitError that names what is missing in the notebook's metadata."""
    kept = notebook(name).get("metadata", {}).get("pactlab", {})
    missing = [field.name for field in fields(LessonCard) if field.name not in kept]
    if missing:
        raise KitError(f"{find(name).name}: the notebook's metadata under `pactlab` lacks {', '.join(missing)}")
    kept = {field.name: kept[field.name] for field in fields(LessonCard)}
    return LessonCard(**{key: tuple(value) if isinstance(value, list) else value for key, value in kept.items()})


@dataclass(frozen=True)
class SourceList:
    """The sources a lesson cites in its prose, in the order of first mention."""

    cited: tuple[data.Source, ...]
    """The sources, each once."""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        items, plain = [], []
        for source in self.cited:
            title = html.escape(source.title)
            link = f'<a href="{html.escape(source.url)}">{title}</a>' if source.url else title
            dated = source.date or "no date"
            items.append(f"<li>{html.escape(source.publisher)}, {dated}. {link}. {html.escape(source.kind)}.</li>")
            plain.append(f"{source.publisher}, {dated}. {source.title}. {source.url or source.kind}")
        return {"text/html": f"<ol>{''.join(items)}</ol>", "text/plain": "\n".join(plain)}


def sources(name: str) -> SourceList:
    """Return the list of sources that a lesson's prose cites; raises KitError at an id that is not in sources.csv."""
    ids = dict.fromkeys(match[3] for text in prose(name) for match in LINK.finditer(text))
    return SourceList(tuple(data.source(source_id) for source_id in ids))
