"""Renders the pack's pages from their templates."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from pactlab.pack import words
from pactlab.pack.reading import inline, said

TEMPLATES = Path(__file__).with_name("template")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=True),
    )  # fmt: skip
    made.filters["css"] = lambda text: Markup(re.sub(r'["\\<&\n]', " ", text))
    made.filters |= {
        "picture": lambda name: f"pictures/{name}",
        "inline": inline,
        "said": said,
        "cut": words.cut,
        "plain": words.plain,
        "uncited": words.uncited,
        "asking": words.asking,
    }
    return made


def render(template: str, **values: Any) -> str:
    """Return a page from its template; a value that the template asks for and does not get is an error."""
    return _environment().get_template(template).render(**values)
