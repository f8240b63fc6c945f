"""Lessons as HTML, by nbconvert and a template of our own; a lesson that is not whole stops here."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from traitlets.config import Config

from pactlab.errors import KitError
from pactlab.web.mending import Page

CELLS = ("markdown", "code")
OUTPUTS = ("execute_result", "display_data", "stream")
FORMS = {"text/html", "text/plain"}
CARD = "show.lesson_card("
"""A cell that only shows the lesson's card: the page's head shows it in its place."""


@dataclass(frozen=True)
class Text:
    """A lesson's text on the site."""

    title: str
    """First heading."""
    lead: str
    """What stands under it, as HTML: the decision question."""
    body: str
    """All the rest, as HTML."""


def whole(notebook: nbformat.NotebookNode, name: str) -> None:
    """Raise KitError with lesson and cell where a reader could not read a lesson to its end.

    name: the lesson's file, for the message.
    """
    for cell in notebook.cells:
        try:
            check(cell)
        except KitError as problem:
            raise KitError(f"{name}, cell {cell.metadata.place}: {problem}") from problem
    if not any(cell.get("outputs") for cell in notebook.cells):
        raise KitError(f"{name}: the lesson has no stored outputs; run `uv run pactlab refresh {Path(name).stem}`")


def check(cell: nbformat.NotebookNode) -> None:
    """Raise KitError when a cell was not run or has a kind, an output or a form that the site does not know."""
    if cell.cell_type not in CELLS:
        raise KitError(f"unknown kind of cell, {cell.cell_type!r}; the site knows {' and '.join(CELLS)}")
    if cell.cell_type == "code" and cell.source.strip() and not cell.get("execution_count"):
        raise KitError("was not run, so its output is not stored; run `uv run pactlab refresh`")
    for output in cell.get("outputs", []):
        if output.output_type not in OUTPUTS or output.get("name") == "stderr":
            raise KitError(f"unknown kind of output, {output.get('name', output.output_type)!r}")
        if unknown := set(output.get("data", {})) - FORMS:
            raise KitError(f"unknown form of output, {', '.join(sorted(unknown))}; run `uv run pactlab refresh`")


class LessonExporter(HTMLExporter):
    """nbconvert's exporter with the template in `web/template`, and with a filter that mends stored HTML."""

    def __init__(self, templates: Path, **options: Any) -> None:
        """Take the template folder `template` inside the folder `templates`."""
        config = Config()
        config.TemplateExporter.extra_template_basedirs = [str(templates)]
        config.HTMLExporter.exclude_anchor_links = True
        config.HTMLExporter.default_preprocessors = []
        super().__init__(config=config, template_name="template", **options)
        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer="ipython3", parent=self))
        self.register_filter("mended", lambda stored, page, place: page.mended(stored, place))

    def from_notebook_node(self, nb: nbformat.NotebookNode, resources: dict | None = None, **options: Any) -> tuple:
        """Convert a notebook; HTMLExporter would then parse it all again and invent alternative texts."""
        return TemplateExporter.from_notebook_node(self, nb, resources, **options)


def markdown(text: str) -> str:
    """Return Markdown as HTML, as Jupyter renders it."""
    return MarkdownWithMath(renderer=IPythonRenderer(escape=False, exclude_anchor_links=True)).render(text)


def read(path: Path) -> nbformat.NotebookNode:
    """Return a notebook whose cells know their place; raises KitError when the file is none.

    The file is read as it is: nbformat's validation takes longer than the rest, and the lessons' checks have done it.
    """
    try:
        notebook = nbformat.from_dict(json.loads(path.read_text(encoding="utf-8")))
        for place, cell in enumerate(notebook.cells):
            cell.source = "".join(cell.source)
            cell.metadata.place = place
            for output in cell.get("outputs", []):
                output.update({"text": "".join(output.text)} if "text" in output else {})
                output.update({"data": {form: "".join(said) for form, said in output.get("data", {}).items()}})
    except (OSError, ValueError, AttributeError, TypeError) as problem:
        raise KitError(f"{path.name}: not a notebook that can be read ({problem})") from problem
    return notebook


def text(notebook: nbformat.NotebookNode, page: Page, exporter: LessonExporter) -> Text:
    """Return a lesson's text on the site; the page learns its headings, figures and terms.

    Raises KitError with lesson and cell at the first fault.
    """
    whole(notebook, page.name)
    first, *others = notebook.cells
    title, _, lead = first.source.partition("\n")
    if first.cell_type != "markdown" or not title.startswith("# "):
        raise KitError(f"{page.name}, cell 0: a lesson begins with its title, `# ...`")
    shown = copy.copy(notebook)
    shown.cells = [cell for cell in others if not cell.source.startswith(CARD)]
    head = page.mended(markdown(lead), 0)
    body, _ = exporter.from_notebook_node(shown, {"page": page})
    return Text(title.removeprefix("# "), head, body)
