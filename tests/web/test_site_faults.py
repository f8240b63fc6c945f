"""What stops a build: each fault names lesson and cell, and leaves the site that was there."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pactlab import data
from pactlab.errors import KitError
from pactlab.web import build as building
from pactlab.web import search
from pactlab.web.build import OURS, build

KIT = data.root().parent
SPOILED = "13_maritime_security"
LESSONS = building.lesson_files()


def first(notebook: dict, kind: str) -> dict:
    return next(cell for cell in notebook["cells"][1:] if cell["cell_type"] == kind)


def shown(notebook: dict) -> dict:
    return next(output for cell in notebook["cells"] for output in cell.get("outputs", []) if "data" in output)


def figure(notebook: dict) -> dict:
    return next(
        output["data"]
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if "<figure" in "".join(output.get("data", {}).get("text/html", ""))
    )


def spoil_outputs(notebook: dict) -> None:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []


def spoil_run(notebook: dict) -> None:
    first(notebook, "code")["execution_count"] = None


def spoil_cell(notebook: dict) -> None:
    first(notebook, "markdown")["cell_type"] = "heading"


def spoil_output(notebook: dict) -> None:
    shown(notebook)["output_type"] = "pyout"


def spoil_form(notebook: dict) -> None:
    shown(notebook)["data"]["application/javascript"] = "1"


def spoil_alt(notebook: dict) -> None:
    stored = figure(notebook)
    stored["text/html"] = "".join(stored["text/html"]).replace(' alt="', ' data-was="', 1)


def spoil_picture(notebook: dict) -> None:
    stored = figure(notebook)
    stored["text/html"] = "".join(stored["text/html"]).replace("data:image/webp", "https://host.example/", 1)


def write(text: str) -> Callable[[dict], None]:
    def spoil(notebook: dict) -> None:
        first(notebook, "markdown")["source"] = text

    return spoil


FAULTS = {
    "no outputs": (spoil_outputs, r"the lesson has no stored outputs"),
    "not run": (spoil_run, r"cell 1: was not run"),
    "unknown cell": (spoil_cell, r"cell \d+: unknown kind of cell, 'heading'"),
    "unknown output": (spoil_output, r"cell \d+: unknown kind of output, 'pyout'"),
    "unknown form": (spoil_form, r"cell \d+: unknown form of output, application/javascript"),
    "no alt text": (spoil_alt, r"cell \d+: an image has no alternative text"),
    "no alt text in prose": (write("![](data:image/png;base64,AA==)"), r"cell \d+: an image has no alternative text"),
    "picture elsewhere": (spoil_picture, r"cell \d+: the image .* is not stored in the notebook"),
    "dead link": (write("[here](../classroom/no_such.md)"), r"cell \d+: the link .* leads nowhere"),
    "link out of the kit": (write("[here](../../../etc/passwd)"), r"cell \d+: the link .* leads nowhere"),
    "dead lesson": (write("[here](99_nothing.ipynb)"), r"cell \d+: the link .* leads nowhere"),
    "dead term": (write("[here](glossary.md#no-such-term)"), r"cell \d+: the link .*no-such-term.* leads nowhere"),
    "dead anchor": (write("[here](#no-such-heading)"), r"cell \d+: the link .*no-such-heading.* leads nowhere"),
    "no notebook": (None, r"not a notebook that can be read"),
}


@pytest.fixture
def spoiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a spoiled copy in the place of one lesson."""

    def put(spoil: Callable[[dict], None] | None, *, alone: bool) -> None:
        path = tmp_path / f"{SPOILED}.ipynb"
        notebook = json.loads((KIT / "lessons" / path.name).read_text(encoding="utf-8"))
        if spoil:
            spoil(notebook)
        path.write_text(json.dumps(notebook) if spoil else "not JSON", encoding="utf-8")
        found = [path] if alone else [path if one.stem == SPOILED else one for one in LESSONS]
        monkeypatch.setattr(building, "lesson_files", lambda: found)

    return put


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_stops_the_build_and_names_the_place(name, spoiled, tmp_path):
    spoil, message = FAULTS[name]
    spoiled(spoil, alone=name not in ("dead term", "dead anchor"))
    place = tmp_path / "site"
    place.mkdir()
    (place / OURS).write_text("{}")
    (place / "index.html").write_text("whole")
    with pytest.raises(KitError, match=rf"^{SPOILED}\.ipynb[,:].*{message[message.find(':') + 1 :].strip()}") as raised:
        build(place)
    if message.startswith("cell"):
        assert "cell" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert (place / "index.html").read_text(encoding="utf-8") == "whole", "a fault has touched the site that was there"
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{SPOILED}.ipynb", "site"], "something was left behind"


def test_a_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(KitError, match="holds something else than a site"):
        build(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_a_file_is_refused(tmp_path):
    (tmp_path / "site").write_text("a file")
    with pytest.raises(KitError, match="is not a folder"):
        build(tmp_path / "site")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows asks for a right to make such a link")
def test_a_link_to_a_folder_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "site").symlink_to(tmp_path / "real")
    with pytest.raises(KitError, match="is not a folder"):
        build(tmp_path / "site")


def test_a_site_is_replaced_as_a_whole(site, tmp_path):
    place = tmp_path / "site"
    place.mkdir()
    (place / OURS).write_text("{}")
    (place / "old_page.html").write_text("of last year")
    built = build(place)
    assert built.pages > 60
    assert not (place / "old_page.html").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_without_pagefind_all_else_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(search, "available", lambda: False)
    said = []
    built = build(tmp_path / "site", say=said.append)
    assert not built.search
    assert len(said) == 1
    assert "No search" in said[0]
    assert not (built.folder / "pagefind").exists()
    assert 'role="search"' not in (built.folder / "index.html").read_text(encoding="utf-8")
    assert "without a search" in (built.folder / "search.html").read_text(encoding="utf-8")


def test_a_public_address_brings_its_links(tmp_path, monkeypatch):
    from pactlab.web.site import Site

    monkeypatch.setattr(Site, "address", "https://github.com/someone/pactlab")
    built = build(tmp_path / "site")
    run = (built.folder / "run.html").read_text(encoding="utf-8")
    assert "https://mybinder.org/v2/gh/someone/pactlab/HEAD" in run
    assert "git clone https://github.com/someone/pactlab" in run
    assert "https://github.com/someone/pactlab/issues" in (built.folder / "about.html").read_text(encoding="utf-8")
    assert "/blob/HEAD/exercises/README.md" in (built.folder / "syllabus.html").read_text(encoding="utf-8")
