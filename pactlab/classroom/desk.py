"""The server behind `pactlab mark`: the pages of nbgrader's formgrader that marking needs, and no other."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from functools import cache
from pathlib import Path
from typing import Any

import mistune
import nbformat
from jinja2 import ChoiceLoader, Environment, FileSystemLoader
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyter_server.utils import url_path_join
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader import apihandlers, handlers
from nbgrader.server_extensions.formgrader.formgrader import FormgradeExtension
from tornado import web
from traitlets import default

from pactlab.classroom import exercise as exercises
from pactlab.classroom.feedback import rubric
from pactlab.errors import KitError

PAGES = Path(__file__).with_name("desk_pages")
KEPT = {
    handlers.GradebookAssignmentsHandler,
    handlers.GradebookNotebooksHandler,
    handlers.GradebookNotebookSubmissionsHandler,
    handlers.SubmissionHandler,
    handlers.SubmissionNavigationHandler,
    apihandlers.AssignmentCollectionHandler,
    apihandlers.NotebookCollectionHandler,
    apihandlers.SubmittedNotebookCollectionHandler,
    apihandlers.FlagSubmissionHandler,
    apihandlers.GradeCollectionHandler,
    apihandlers.GradeHandler,
    apihandlers.CommentCollectionHandler,
    apihandlers.CommentHandler,
}
"""What marking needs. Left out is what runs students' code with the teacher's rights (autograde) or hands it hidden
checks (generate feedback, release), and what serves files."""

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""No page of this server loads from, or sends to, another."""


class NoFiles(AsyncLargeFileManager):
    """Gives out no file of the course's folder."""

    def get_extra_handlers(self) -> list:
        """Add no address for files."""
        return []


class Desk(ServerApp):
    """A Jupyter server without notebooks, files, terminals and kernels."""

    default_services = ("auth", "security", "shutdown")

    @default("contents_manager_class")
    def _no_files(self) -> type:
        return NoFiles

    def find_server_extensions(self) -> None:
        """Take none of those that are enabled on this machine."""

    def load_server_extensions(self) -> None:
        """Add the marking pages."""
        # nbgrader's pages call their base "", and a cookie that the first of them sets would hold for its folder alone.
        self.identity_provider.cookie_options = {"path": self.base_url}
        marking = Marking(parent=self)
        marking.root_dir = self.root_dir
        marking.log = self.log
        marking.initialize([])
        marking.init_tornado_settings(self.web_app)
        marking.init_handlers(self.web_app)


class Marking(FormgradeExtension):
    """Formgrader, less what should not be at hand, plus the rubric."""

    def init_tornado_settings(self, webapp: web.Application) -> None:
        """Set what nbgrader's handlers ask for."""
        super().init_tornado_settings(webapp)
        webapp.settings["nbgrader_exporter"] = PaperExporter(config=self.config)
        pages = ChoiceLoader([FileSystemLoader(PAGES), FileSystemLoader(handlers.template_path)])
        webapp.settings["nbgrader_jinja2_env"] = Environment(loader=pages, autoescape=True)
        webapp.settings["headers"] = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}

    def init_handlers(self, webapp: web.Application) -> None:
        """Add the pages that are kept."""
        every = [*handlers.default_handlers, *apihandlers.default_handlers]
        routes = [route for route in every if route[1] in KEPT]
        routes.append((r"/formgrader/static/(.*)", web.StaticFileHandler, {"path": handlers.static_path}))
        routes.append((r"/marking/(rubric\.(?:js|css))", web.StaticFileHandler, {"path": str(PAGES)}))
        base = webapp.settings["base_url"]
        webapp.add_handlers(".*$", [(url_path_join(base, path), *rest) for path, *rest in routes])


class PaperExporter(HTMLExporter):
    """Shows a marked notebook with formgrader's fields, and the rubric under each memo."""

    def __init__(self, **options: Any) -> None:
        """Take formgrader's template, and ours that extends it."""
        places = [str(PAGES), handlers.template_path]
        whole = FileSystemLoader(handlers.template_path)  # by which ours finds the one it extends
        super().__init__(template_name="paper", extra_template_basedirs=places, extra_loaders=[whole], **options)

    def from_filename(self, filename: str, resources: dict | None = None, **options: Any) -> tuple[str, dict]:
        """Return the page of a marked notebook on disk, in which no script runs but those of an empty one."""
        resources = dict(resources or {})
        resources["rubric"] = panel(resources["assignment_id"])
        page, resources = super().from_filename(filename, resources=resources, **options)
        empty, _ = self.from_notebook_node(nbformat.v4.new_notebook(), resources=dict(resources))
        policy = f'<meta http-equiv="Content-Security-Policy" content="{html.escape(only_these_scripts(empty))}">'
        return page.replace("<head>", f"<head>\n{policy}", 1), resources


def only_these_scripts(page: str) -> str:
    """Return a policy that lets the scripts in a page run, each known by its digest, and no other."""
    blocks = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    inline = re.findall(r'\son\w+="([^"]*)"', page)
    script, attribute = (" ".join(dict.fromkeys(map(_digest, found))) for found in (blocks, inline))
    return f"script-src 'self' {script}; script-src-attr 'unsafe-hashes' {attribute}"


def _digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


@cache
def panel(name: str) -> str:
    """Return the rubric and the marked memos of an exercise as HTML; a line that says so where there are none.

    A click on a level of each criterion fills in points and comment; see rubric.js beside the template.
    """
    try:
        exercise = exercises.find(name)
        levels = rubric(exercise)
        memos = [path.read_text(encoding="utf-8") for path in sorted(exercise.teacher.glob("memos/*.md"))]
    except (KitError, OSError, UnicodeDecodeError) as problem:
        return f"<p>The rubric is not at hand: {html.escape(str(problem))}</p>"
    shown = mistune.create_markdown(escape=True, plugins=["table"])
    rows = {level.criterion: [one for one in levels if one.criterion == level.criterion] for level in levels}
    specimens = [(*memo.removeprefix("# ").split("\n", 1), "")[:2] for memo in memos]
    room = Environment(loader=FileSystemLoader(PAGES), autoescape=True)
    return room.get_template("rubric.html.j2").render(
        rows=rows,
        # The best first: what one looks for.
        specimens=sorted(((title, shown(text)) for title, text in specimens), key=_points, reverse=True),
    )


def _points(specimen: tuple[str, str]) -> int:
    found = re.search(r"(\d+) of \d+ points", specimen[0])
    return int(found[1]) if found else 0


if __name__ == "__main__":
    Desk.launch_instance()
