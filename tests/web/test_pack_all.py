"""The packs of all lessons, made once: decks, PDFs, keys."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from pactlab.classroom import exercise
from pactlab.pack import deck, packing, pdf
from pactlab.show.lesson import folder

LESSONS = sorted(path.stem for path in folder().glob("[0-9][0-9]_*.ipynb"))
CHROMIUM = shutil.which("chromium")
LONG = 20
"""Letters from which on a line of a solution is told from a line that anybody would write."""


def needs(there: object, what: str) -> pytest.MarkDecorator:
    """Skip where something is missing, but not where everything is asked for: there the test runs and fails."""
    return pytest.mark.skipif(not there and not os.environ.get("PACTLAB_REQUIRE_ALL"), reason=f"needs {what}")


needs_pdf = needs(not pdf.missing(), pdf.missing())
needs_browser = needs(CHROMIUM and find_spec("axe_playwright_python"), "chromium, playwright, axe-playwright-python")


@dataclass(frozen=True)
class Made:
    to: Path
    results: list[packing.Packed]

    def pages(self, name: str) -> dict[str, BeautifulSoup]:
        """Return a file of each lesson that has it, as parsed HTML."""
        found = {lesson: self.to / lesson / name for lesson in LESSONS}
        return {
            lesson: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
            for lesson, path in found.items()
            if path.is_file()
        }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    to = tmp_path_factory.mktemp("packs")
    return Made(to, packing.pack(["all"], to, say=lambda _: None))


def test_every_lesson_is_packed(made: Made) -> None:
    assert not [one.fault for one in made.results if one.fault]
    assert [one.name for one in made.results] == LESSONS
    assert sorted(path.name for path in made.to.iterdir()) == sorted([*LESSONS, "reveal"])
    for lesson in LESSONS:
        foreign = [
            path
            for path in (made.to / lesson).rglob("*")
            if path.is_file() and not packing.OWN.fullmatch(path.relative_to(made.to / lesson).as_posix())
        ]
        assert not foreign, f"OWN in packing.py does not know {foreign}: a later pack would leave them there"


@cache
def text_of(path: Path) -> str:
    """Return the text of a PDF, read once for all tests, or of a page."""
    if path.suffix == ".pdf":
        from pypdf import PdfReader

        return "".join(page.extract_text() for page in PdfReader(path).pages)
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").get_text()


# Decks


def test_decks_have_twelve_to_eighteen_slides(made: Made) -> None:
    counts = {lesson: len(page.select(".slides > section")) for lesson, page in made.pages("slides.html").items()}
    assert len(counts) == len(LESSONS)
    assert not {lesson: count for lesson, count in counts.items() if not deck.FEWEST <= count <= deck.MOST}


def test_decks_are_whole_and_alone(made: Made) -> None:
    for lesson, page in made.pages("slides.html").items():
        assert page.html["lang"] == "en-GB"
        assert page.title.get_text().strip()
        addresses = [tag[name] for name in ("src", "href") for tag in page.find_all(**{name: True}) if tag.name != "a"]
        assert len(addresses) > 6
        for address in addresses:
            assert not re.match(r"[a-z]+:|//", address), f"{lesson}: the deck asks {address}"
            assert (made.to / lesson / address).is_file(), f"{lesson}: {address} is missing"
        for image in page("img"):
            alone = image.find_parent(attrs={"aria-hidden": "true"})
            assert image.get("alt", "").strip() or alone, f"{lesson}: an image without alternative text"
        for section in page.select(".slides > section"):
            heading = page.find(id=section["aria-labelledby"])
            assert heading.name in {"h1", "h2"}
            assert heading.get_text().strip()
            assert section.select_one("aside.notes"), f"{lesson}: {heading.get_text()}: no speaker notes"
        pictures = {path.name for path in (made.to / lesson / "pictures").iterdir()}
        assert pictures == {image["src"].removeprefix("pictures/") for image in page("img")}, (
            f"{lesson}: unused pictures"
        )


def test_decks_show_no_mark_of_markdown(made: Made) -> None:
    for lesson, page in made.pages("slides.html").items():
        for aside in page("aside"):
            aside.decompose()
        text = page.select_one(".slides").get_text()
        assert not re.findall(r"\*\*|\]\(|\x00|\\\[", text), lesson
        assert "None" not in {tag.get_text().strip() for tag in page(["p", "li", "h2"])}


def test_every_step_asks_before_it_shows(made: Made) -> None:
    for lesson, page in made.pages("slides.html").items():
        kinds = [section["class"][0] for section in page.select(".slides > section")]
        figures = [place for place, kind in enumerate(kinds) if kind == "figure"]
        assert len(figures) >= 2, f"{lesson}: a deck is figures"
        assert all({"question", "figure"} & {kinds[place - 1]} for place in figures), f"{lesson}: {kinds}"
        assert "quiz" in kinds


# PDFs


def walk(node: Any, seen: set[int]) -> Iterator[dict]:
    """Yield the elements of a PDF's tree of structure."""
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for one in node:
            yield from walk(one, seen)
    elif isinstance(node, dict) and id(node) not in seen:
        seen.add(id(node))
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from walk(node["/K"], seen)


@needs_pdf
@pytest.mark.parametrize("name", packing.PDFS)
def test_pdfs_are_for_everybody(made: Made, name: str) -> None:
    from pypdf import PdfReader

    paths = [path for lesson in LESSONS if (path := made.to / lesson / name).is_file()]
    assert len(paths) == (2 if name == "role_cards.pdf" else len(LESSONS))
    for path in paths:
        reader = PdfReader(path)
        root = reader.trailer["/Root"]
        assert root["/MarkInfo"]["/Marked"], f"{path}: not tagged"
        assert root["/Lang"] == "en-GB"
        assert reader.metadata.title.strip()
        assert root["/ViewerPreferences"]["/DisplayDocTitle"]
        assert b"pdfuaid" in root["/Metadata"].get_data(), f"{path}: does not say that it is PDF/UA"
        elements = list(walk(root["/StructTreeRoot"], set()))
        tags = [element["/S"] for element in elements]
        assert "/H1" in tags
        figures = [element for element in elements if element["/S"] == "/Figure"]
        without = [element for element in figures if not str(element.get("/Alt", "")).strip()]
        assert not without, f"{path}: {len(without)} of {len(figures)} figures have no alternative text"
        if name in {"handout.pdf", "lesson.pdf"}:
            assert len(figures) >= 2
        assert "\ufffd" not in text_of(path)
        assert "**" not in text_of(path)


@needs_pdf
def test_pages(made: Made) -> None:
    from pypdf import PdfReader

    for lesson in LESSONS:
        pages = {
            name: len(PdfReader(made.to / lesson / name).pages) for name in ("handout.pdf", "plan.pdf", "lesson.pdf")
        }
        assert pages["handout.pdf"] == 2, lesson
        assert pages["plan.pdf"] == 1, lesson
        assert 6 <= pages["lesson.pdf"] <= 24, f"{lesson}: {pages['lesson.pdf']} pages"
        for page in PdfReader(made.to / lesson / "lesson.pdf").pages:
            width, height = page.mediabox[2:]
            assert (round(width), round(height)) == (595, 842), "A4"


@needs_pdf
def test_every_glyph_is_in_a_font(made: Made) -> None:
    """A letter that no font has is shown as an empty box: glyph 0 of the font, which a whole text never uses."""
    from pypdf import PdfReader

    found = set()
    for lesson in LESSONS:
        text = text_of(made.to / lesson / "lesson.pdf")
        found |= set(re.findall(r"[\u0900-\u097f]|[\u3040-\u30ff\u4e00-\u9fff]", text))
        for page in PdfReader(made.to / lesson / "lesson.pdf").pages:
            for named in page["/Resources"].get("/Font", {}).values():
                font = named.get_object()
                widths = font["/DescendantFonts"][0].get_object()["/W"] if "/DescendantFonts" in font else [1]
                assert widths[0] != 0, (
                    f"{lesson}: {font['/BaseFont']} shows an empty box; install fonts for its letters"
                )
    assert {"\u0915", "\u0938"} & found, "the words of a lesson show Hindi"
    assert len(found) > 50, "the words of a lesson show Japanese"


@needs_pdf
def test_lessons_are_whole_on_paper(made: Made) -> None:
    from pypdf import PdfReader

    from pactlab.pack import reading

    for lesson in LESSONS:
        reader = PdfReader(made.to / lesson / "lesson.pdf")
        text = re.sub(r"\s", "", text_of(made.to / lesson / "lesson.pdf"))
        read = reading.lesson(lesson)
        wanted = [section.heading for section in read.sections] + [source.title for source in read.sources]
        wanted += [piece.pictures[0].title for step in read.steps for piece in step.figures]
        wanted += [why for question in read.questions for _, _, why in question.options]
        gone = [one for one in wanted if re.sub(r"[\s*`]", "", one) not in text]
        assert not gone, f"{lesson}: not on paper: {gone[:3]}"
        outline = [entry.title for entry in reader.outline if not isinstance(entry, list)]
        assert outline, f"{lesson}: no outline"


# Keys


def secrets(one: exercise.Exercise) -> set[str]:
    inside, outside = set(), set()
    for cell in one.notebook.cells:
        enclosed = "\n".join(match[2] for match in exercise.REGION.finditer(cell.source))
        inside |= {line.strip() for line in enclosed.splitlines()}
        outside |= {line.strip() for line in exercise.REGION.sub("", cell.source).splitlines()}
    return {line for line in inside - outside if len(line) >= LONG}


def squeezed(text: str) -> str:
    """Return a text without white space, marks of Markdown and bullets."""
    return re.sub(r"^- |[\s*`_|]", "", text, flags=re.MULTILINE)


def test_answers_are_in_the_key_alone(made: Made) -> None:
    for name in exercise.names():
        secret = {line: squeezed(line) for line in secrets(exercise.find(name))}
        assert len(secret) > 10
        memos = exercise.find(name).teacher / "memos"
        marks = {line: squeezed(line) for path in memos.iterdir() for line in path.read_text("utf-8").splitlines()}
        marks = {line: short for line, short in marks.items() if len(short) > 60 and not line.startswith("|")}
        key = squeezed(made.pages("key/TEACHERS-ONLY_key.html")[name].get_text())
        gone = [line for line, short in (secret | marks).items() if short not in key]
        assert not gone, f"{name}: not in the key: {gone[:3]}"
        others = [path for path in (made.to / name).rglob("*") if path.suffix in {".html", ".csv", ".pdf"}]
        for path in others:
            if path.parent.name != packing.KEY:
                shown = squeezed(text_of(path))
                leaked = [line for line, short in (secret | marks).items() if short in shown]
                assert not leaked, f"{path.relative_to(made.to)} holds {leaked[:3]}"


def test_a_key_says_for_whom_it_is(made: Made) -> None:
    for name, page in made.pages("key/TEACHERS-ONLY_key.html").items():
        assert "TEACHERS ONLY" in page.title.get_text(), name
        assert "TEACHERS ONLY" in page.select_one("main > p").get_text(), name


# In a browser


SPILLED = """() => [...document.querySelectorAll('.slides > section')].map((section, place) => {
  const was = section.style.display;
  section.style.display = 'block';
  const page = section.querySelector('.page'), box = page.getBoundingClientRect();
  const all = page.querySelectorAll(':scope > *:not(.part), .shown > *, li, td');
  const held = [...all].map(one => one.getBoundingClientRect());
  const spilled = [Math.max(...held.map(r => r.bottom)) - box.bottom, Math.max(...held.map(r => r.right)) - box.right];
  section.style.display = was;
  return [place + 1, ...spilled.map(Math.round)];
}).filter(([, down, right]) => down > -20 || right > -8)"""


@needs_browser
def test_decks_run_from_a_file_and_nothing_spills(made: Made, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    for lesson in LESSONS:
        page.goto((made.to / lesson / "slides.html").as_uri())
        page.wait_for_function("window.Reveal && Reveal.isReady()")
        assert not page.evaluate(SPILLED), f"{lesson}: slide, pixels over the lower and the right edge"
        page.keyboard.press("ArrowRight")
        assert page.evaluate("Reveal.getIndices().h") == 1, f"{lesson}: the arrow key does not go on"
    page.close()
    assert not errors
    assert not [url for url in asked if not url.startswith(("file:", "data:"))]


@needs_browser
@pytest.mark.parametrize("lesson", ["05_hitachi_2016", "14_maritime_ecology"])
def test_decks_have_no_barrier(made: Made, browser: Any, lesson: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto((made.to / lesson / "slides.html").as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    for place in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate(f"Reveal.slide({place}, 0, 99)")
        found = Axe().run(page).response["violations"]
        told = [(one["id"], [node["html"][:100] for node in one["nodes"]]) for one in found]
        assert not told, f"slide {place + 1}: {told}"
    page.close()


@needs_browser
@pytest.mark.parametrize("name", ["plan.html", "rubric.html", "role_cards.html", "key/TEACHERS-ONLY_key.html"])
def test_pages_have_no_barrier(made: Made, browser: Any, name: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page()
    page.goto((made.to / "05_hitachi_2016" / name).as_uri())
    found = Axe().run(page).response["violations"]
    assert not [(one["id"], [node["html"][:100] for node in one["nodes"]]) for one in found]
    page.close()
