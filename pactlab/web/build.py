"""Builds the site: every page beside its place, checked, then put there as a whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pygments.formatters import HtmlFormatter

import pactlab
from pactlab import data
from pactlab.errors import KitError
from pactlab.show.lesson import folder as lessons_folder
from pactlab.web import links, pages, search
from pactlab.web.site import Site, lesson

OURS = "site.json"
"""The file by which a folder is known to be a site of ours."""
LIGHT, DARK = "a11y-high-contrast-light", "a11y-high-contrast-dark"
"""Colours of code, from accessible-pygments."""


@dataclass(frozen=True)
class Built:
    """A site as it was built."""

    folder: Path
    """Where it is."""
    pages: int
    """How many pages it has."""
    bytes: int
    """Size of all files."""
    search: bool
    """Whether it has a search."""


def build(to: Path, *, say: Callable[[str], None] = lambda line: None) -> Built:
    """Make the site from the lessons' stored outputs, and put it at a folder in one step.

    to: a folder that is not there, is empty, or holds a site of ours. say: takes a line about what is left out.
    Raises KitError with lesson and cell, or with the page, at the first fault; what was at the folder stays then.
    """
    to = to.absolute()
    refuse_foreign(to)
    with beside(to) as new:
        has_search = search.available()
        site = Site(data.root().parent, new, has_search)
        lessons = [lesson(site, path) for path in lesson_files()]
        if not lessons:
            raise KitError("lessons/ holds no notebook called NN_topic.ipynb")
        pages.add_all(site, lessons)
        style(site)
        files = {path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file()}
        links.check(site.pages, files)
        for path, page in site.pages.items():
            place = new / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(page, encoding="utf-8", newline="\n")
        if has_search:
            search.write(new)
        else:
            say("No search: it needs the package pagefind (`uv sync --extra web`). All else is made.")
        (new / OURS).write_text(json.dumps({"pactlab": pactlab.__version__, "made_from": made_from()}) + "\n")
        sizes = [path.stat().st_size for path in new.rglob("*") if path.is_file()]
    return Built(to, len(site.pages), sum(sizes), has_search)


def lesson_files() -> list[Path]:
    """Return the notebooks of the lessons, in order."""
    return sorted(lessons_folder().glob("[0-9][0-9]_*.ipynb"))


def style(site: Site) -> None:
    """Write style sheet, script and icon; the colours of code are added to the style sheet."""
    light = HtmlFormatter(style=LIGHT, nobackground=True).get_style_defs(".highlight")
    dark = HtmlFormatter(style=DARK, nobackground=True)
    by_choice = dark.get_style_defs(':root[data-theme="dark"] .highlight')
    by_system = dark.get_style_defs(':root:not([data-theme="light"]) .highlight')
    sheet = (site.kit / "web" / "style.css").read_text(encoding="utf-8")
    system = f"@media screen and (prefers-color-scheme: dark) {{\n{by_system}\n}}"
    sheet = f"{sheet}\n/* Code */\n{light}\n{system}\n@media screen {{\n{by_choice}\n}}\n"
    (site.folder / "style.css").write_text(sheet, encoding="utf-8", newline="\n")
    for name in ("site.js", "icon.svg"):
        shutil.copyfile(site.kit / "web" / name, site.folder / name)


def refuse_foreign(to: Path) -> None:
    """Raise KitError when a folder holds something else than a site of ours."""
    if to.is_symlink() or (to.exists() and not to.is_dir()):
        raise KitError(f"{to} is not a folder; name another with --to")
    if to.exists() and any(to.iterdir()) and not (to / OURS).is_file():
        raise KitError(f"{to} holds something else than a site of this kit; name another folder with --to")


@contextmanager
def beside(to: Path) -> Iterator[Path]:
    """Give an empty folder beside `to`; put it in its place when all went well, else remove it."""
    new, old = (to.with_name(f".{to.name}.{kind}-{os.getpid()}") for kind in ("new", "old"))
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        new.mkdir()
    except OSError as problem:
        raise KitError(f"{problem.filename}: {problem.strerror}; name another folder with --to") from problem
    try:
        yield new
        if to.exists():
            os.replace(to, old)
        try:
            os.replace(new, to)
        except OSError:
            if old.exists():
                os.replace(old, to)
            raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def made_from() -> str:
    """Return a hash of everything a site is made from; another one means that the site is stale."""
    kit = data.root().parent
    sources = [
        *lesson_files(),
        *(kit / "data").glob("*.*"),
        *(kit / "classroom").rglob("*.md"),
        *(path for path in (kit / "web").rglob("*") if "vendor" not in path.parts),
        *(kit / "pactlab" / "web").glob("*.py"),
        *(kit / name for name in ("pyproject.toml", "CITATION.cff")),
    ]
    seen = hashlib.sha256(str(search.available()).encode())
    for path in sorted(path for path in sources if path.is_file()):
        seen.update(path.relative_to(kit).as_posix().encode() + path.read_bytes())
    return seen.hexdigest()[:16]


def stale(folder: Path) -> bool:
    """Say whether a folder holds no site, or one that was made from other files than those of today."""
    try:
        return json.loads((folder / OURS).read_text(encoding="utf-8")).get("made_from") != made_from()
    except (OSError, ValueError):
        return True
