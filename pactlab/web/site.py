"""The site while it is built: its lessons, its menu, its pages so far."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import pactlab
from pactlab import show
from pactlab.errors import KitError
from pactlab.web import links
from pactlab.web.mending import Heading, Page, Shown
from pactlab.web.notebooks import LessonExporter, Text, read, text

MENU = (
    ("index.html", "Lessons"),
    ("data/index.html", "Data"),
    ("figures.html", "Figures"),
    ("glossary.html", "Glossary"),
    ("syllabus.html", "Syllabus"),
    ("teachers.html", "Teachers"),
    ("run.html", "Run it"),
    ("about.html", "About"),
)
GROUPS = (
    ("The pact and its world", range(12)),
    ("The oceans", range(12, 20)),
    ("The brief", range(20, 100)),
)
UNSEARCHED = {"search.html", "index.html"}
"""Pages that the search leaves out."""


@dataclass(frozen=True)
class Lesson:
    """A lesson of the site."""

    name: str
    """As 05_hitachi_2016."""
    title: str
    """First heading: `Hitachi, 2016: what would the pact have changed?`."""
    card: show.LessonCard
    """Question, minutes, level, and so on."""
    text: Text
    """Its words as HTML."""
    headings: list[Heading]
    """Its headings, in order."""
    figures: list[Shown]
    """Its figures, in order."""
    terms: set[str]
    """Terms of the glossary that it links to."""

    @property
    def number(self) -> str:
        """Two digits."""
        return self.name[:2]

    @property
    def short(self) -> str:
        """The title up to its colon."""
        return self.title.partition(": ")[0]

    @property
    def rest(self) -> str:
        """The title after its colon."""
        return self.title.partition(": ")[2]


@dataclass
class Site:
    """A site while it is built."""

    kit: Path
    """The kit's folder."""
    folder: Path
    """Where the site is being built."""
    search: bool
    """Whether it will have a search."""
    pages: dict[str, str] = field(default_factory=dict)
    """HTML of each page, by path."""
    settings: dict[str, Any] = field(default_factory=dict)
    """`[tool.pactlab]` of pyproject.toml."""

    def __post_init__(self) -> None:
        """Read the settings and the templates."""
        if not (self.kit / "web" / "template").is_dir():
            raise KitError("this edition of the kit has no web/ folder, so it cannot build the site")
        if (self.kit / "pyproject.toml").exists():
            project = tomllib.loads((self.kit / "pyproject.toml").read_text(encoding="utf-8"))
            self.settings = project.get("tool", {}).get("pactlab", {})
        templates = FileSystemLoader(self.kit / "web" / "template")
        self.templates = Environment(loader=templates, autoescape=True, undefined=StrictUndefined)

    @property
    def address(self) -> str:
        """The repository's public address; empty as long as there is none."""
        return self.settings.get("address", "")

    @cached_property
    def exporter(self) -> LessonExporter:
        """nbconvert with the site's template, made once."""
        return LessonExporter(self.kit / "web")

    def source(self, name: str, path: str) -> Page:
        """Return an empty page at a path of the site, made from a file of the kit."""
        return Page(
            name=Path(name).name,
            up="../" * path.count("/"),
            site=self.folder,
            follow=lambda address: links.followed(address, name, path, self.kit, self.address),
        )

    def add(self, path: str, template: str, *, title: str, description: str, section: str = "", **said: Any) -> None:
        """Render a page from a template of `web/template` and keep it."""
        shown = {"contents": [], "section": section, "more": "", **said}
        self.pages[path] = self.templates.get_template(f"{template}.html.j2").render(
            path=path,
            up="../" * path.count("/"),
            title=title,
            description=description,
            menu=MENU,
            search=self.search,
            unsearched=UNSEARCHED,
            version=pactlab.__version__,
            address=self.address,
            **shown,
        )


def lesson(site: Site, path: Path) -> Lesson:
    """Return a lesson as the site shows it; raises KitError with lesson and cell at the first fault."""
    name = path.stem
    page = site.source(f"lessons/{path.name}", f"lessons/{name}.html")
    said = text(read(path), page, site.exporter)
    return Lesson(name, said.title, show.lesson_card(name), said, page.headings, page.figures, page.terms)
