"""Where links lead: from a file of the kit to a page of the site, and whether every page's links resolve."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pactlab.errors import KitError
from pactlab.web.mending import slug

PAGES = {
    "README.md": "run.html",
    "CITATION.cff": "about.html#cite",
    "LICENSE": "about.html#licences",
    "LICENSE-content": "about.html#licences",
    "lessons/glossary.md": "glossary.html",
    "data/README.md": "data/index.html",
    "figures/README.md": "figures.html",
    "classroom/README.md": "teachers.html",
    "classroom/syllabus.md": "syllabus.html",
    "classroom/box.md": "box.html",
    "classroom/hub/README.md": "hub.html",
    # The cards hold each delegation's secrets: a class prints them, and the site does not show them.
    "classroom/role_cards": "teachers.html#role-cards",
    "classroom/role_cards/05_hitachi_2016.md": "teachers.html#role-cards",
    "classroom/role_cards/20_capstone_brief.md": "teachers.html#role-cards",
}
"""Files of the kit that have a page."""


def followed(address: str, source: str, page: str, kit: Path, repository: str = "") -> str | None:
    """Return a link's address on the site, or None for a file of the kit that has no page there.

    address: as the source writes it, relative to it. source: the file it stands in, from the kit's folder. page: the
    page it will stand on, from the site's. repository: the public address, if there is one; files without a page are
    linked there. Raises KitError when the kit has no such file.
    """
    parts = urlsplit(address)
    if not parts.path:
        return f"#{slug(unquote(parts.fragment))}"
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), unquote(parts.path)))
    if path.startswith("..") or not (kit / path).exists():
        raise KitError(f"the link {address!r} leads nowhere: there is no {path} in the kit")
    fragment = f"#{slug(unquote(parts.fragment))}" if parts.fragment else ""
    if path.startswith("lessons/") and path.endswith(".ipynb"):
        target = f"lessons/{Path(path).stem}.html{fragment}"
    elif path == "data/README.md" and parts.fragment:
        target = f"data/{parts.fragment}.html"
    elif path in PAGES:
        target = PAGES[path] + ("" if "#" in PAGES[path] else fragment)
    else:
        return f"{repository}/blob/HEAD/{path}" if repository else None
    path, hash_, fragment = target.partition("#")
    return f"{posixpath.relpath(path, posixpath.dirname(page) or '.')}{hash_}{fragment}"


TAG = re.compile(r"<(/?[a-z][a-z0-9]*)([^>]*)>")
NAMED = re.compile(r'\s(id|href|src|data-cell)="([^"]*)"')


@dataclass
class _Found:
    """What a page holds. Its tags are our own: every attribute in double quotes, every angle escaped in text."""

    ids: set[str]
    """Places that a link can name."""
    links: list[tuple[str, str]]
    """Addresses, each with the cell it stands in."""

    @classmethod
    def on(cls, page: str) -> _Found:
        """Read a page."""
        found, cell = cls(set(), []), ""
        for tag, attributes in TAG.findall(page):
            if tag == "/main":
                cell = ""
            for name, value in NAMED.findall(attributes):
                if name == "data-cell":
                    cell = value
                elif name == "id":
                    found.ids.add(unescape(value))
                else:
                    found.links.append((unescape(value), cell))
        return found


def check(pages: dict[str, str], files: set[str]) -> None:
    """Raise KitError for the first link or anchor that leads nowhere, with page and cell.

    pages: HTML of each page, by its path on the site. files: paths of all other files of the site.
    """
    found = {name: _Found.on(text) for name, text in pages.items()}
    for name, page in found.items():
        for address, cell in page.links:
            fault = _fault(address, name, found, files)
            if fault:
                lesson = re.fullmatch(r"lessons/(.+)\.html", name)
                where = f"{lesson[1]}.ipynb, cell {cell}" if lesson and cell else name
                raise KitError(f"{where}: {fault}")


def _fault(address: str, name: str, pages: dict[str, _Found], files: set[str]) -> str:
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return ""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path))) if parts.path else name
    if path not in pages and path not in files:
        return f"the link {address!r} leads nowhere: the site has no {path}"
    if parts.fragment and path in pages and unquote(parts.fragment) not in pages[path].ids:
        return f"the link {address!r} leads nowhere: {path} has no heading or place called {parts.fragment!r}"
    return ""
