"""Writes the pack of a lesson: made beside its place, then put there file by file; what is foreign stays untouched."""

from __future__ import annotations

import base64
import csv
import io
import multiprocessing
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from pactlab import data, files
from pactlab.classroom import exercise as exercises
from pactlab.errors import KitError
from pactlab.pack import key, plan, printed
from pactlab.pack.deck import deck
from pactlab.pack.handout import foot, handout
from pactlab.pack.pages import TEMPLATES, render
from pactlab.pack.pdf import missing, on_one_sheet, pdf
from pactlab.pack.reading import Lesson, lesson, said
from pactlab.show.lesson import find, folder

REVEAL = "reveal"
"""Folder of reveal.js, shared by the decks of a pack."""
VENDORED = ("reveal.js", "reveal.css", "reset.css", "notes.js", "LICENSE")
KEY = "key"
"""Folder for the teacher alone; never in a zip."""
OWN = re.compile(
    r"slides\.html|pictures/[0-9a-f]{16}\.\w+|(?:handout|lesson|plan|role_cards)\.pdf|(?:plan|rubric|role_cards)\.html"
    rf"|rubric\.csv|{KEY}/TEACHERS-ONLY_key\.html"
)
"""What a pack writes into a lesson's folder; whatever else lies there stays."""
PDFS = ("handout.pdf", "lesson.pdf", "plan.pdf", "role_cards.pdf")
PLAN_POINTS = (10, 9.5, 9, 8.5, 8, 7.5)
CARD_BREAK = re.compile(r'<div style="break-after: page"></div>')
PROCESSES = 2
EARLIEST = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Packed:
    """What came of one lesson."""

    name: str
    files: int
    """Files in its folder."""
    changed: int
    """Those that are new or differ from what lay there."""
    fault: str = ""
    """Why nothing was written, if nothing was."""


def pack(names: list[str], to: Path, *, zipped: bool = False, say: Callable[[str], None] = print) -> list[Packed]:
    """Write the pack of lessons into folders `NN_topic` under `to`, and the decks' scripts into `reveal`.

    names: lessons by name or number; `all` means all. zipped: also a zip for each lesson, without the key. say: prints
    a line. Where WeasyPrint or pango is missing a line says so, and all but the PDFs is made. One bad lesson is a
    `fault`, the others go on. Raises KitError for an unknown lesson and for a place that cannot be written to.
    """
    paths = [
        path
        for name in names
        for path in (sorted(folder().glob("[0-9][0-9]_*.ipynb")) if name == "all" else [find(name)])
    ]
    chosen = list(dict.fromkeys(path.stem for path in paths))
    if to.exists() and not to.is_dir():
        raise KitError(f"{to}: is a file; --to names a folder")
    if lack := missing():
        say(f"Left out {', '.join(PDFS)}: {lack}")
    try:
        to.mkdir(parents=True, exist_ok=True)
        _put(_scripts(), to / REVEAL)
        if len(chosen) == 1:
            return [_one(chosen[0], to, zipped)]
        # Fresh processes: a fork would copy what threads of the caller hold.
        with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
            return list(pool.map(_one, chosen, [to] * len(chosen), [zipped] * len(chosen)))
    except OSError as problem:
        raise KitError(f"{problem.filename or to}: cannot be written ({problem.strerror or problem})") from problem


def _one(name: str, to: Path, zipped: bool) -> Packed:
    beside = None
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=to))
        _make(lesson(name), beside)
        made = {
            path.relative_to(beside).as_posix(): path.read_bytes()
            for path in sorted(beside.rglob("*"))
            if path.is_file()
        }
        changed = _put(made, to / name)
        if zipped:
            files.replace(to / f"{name}.zip", _zip(name, made))
        return Packed(name, len(made), changed)
    except KitError as problem:
        return Packed(name, 0, 0, str(problem))
    finally:
        if beside:
            shutil.rmtree(beside)


def _make(read: Lesson, to: Path) -> None:
    """Write everything of a lesson into an empty folder."""
    with_pdf = not missing()
    (to / "slides.html").write_text(deck(read, to, f"../{REVEAL}"), encoding="utf-8")
    if with_pdf:
        (to / "handout.pdf").write_bytes(handout(read, _ratios(read)))
        (to / "lesson.pdf").write_bytes(pdf(printed.page(read)))
    exercise = _exercise(read.name)
    cards = data.root().parent / "classroom" / "role_cards" / f"{read.name}.md"
    pages = _plans(read, exercise, cards.is_file())
    fitting = on_one_sheet(pages) if with_pdf else (next(pages), b"")
    if fitting is None:
        raise KitError(f"{read.name}: the plan takes more than a page; make the memo's question or the limits shorter")
    (to / "plan.html").write_text(fitting[0], encoding="utf-8")
    if with_pdf:
        (to / "plan.pdf").write_bytes(fitting[1])
    if read.rubric:
        (to / "rubric.html").write_text(render("rubric.html.j2", lesson=read, foot=foot(read)), encoding="utf-8")
        (to / "rubric.csv").write_text(_rubric(read), encoding="utf-8", newline="")
    if cards.is_file():
        each = [_own_words(said(card)) for card in CARD_BREAK.split(cards.read_text(encoding="utf-8"))]
        shown = render("cards.html.j2", lesson=read, cards=each, foot=foot(read))
        (to / "role_cards.html").write_text(shown, encoding="utf-8")
        if with_pdf:
            (to / "role_cards.pdf").write_bytes(pdf(shown))
    if exercise:
        (to / KEY).mkdir()
        (to / KEY / "TEACHERS-ONLY_key.html").write_text(key.page(exercise, read), encoding="utf-8")


def _plans(read: Lesson, exercise: exercises.Exercise | None, cards: bool) -> Iterator[str]:
    """Yield the plan as HTML, each time in smaller letters."""
    prepare = [
        f"<code>uv run pactlab lab {read.number}</code> on the projector, slides.html beside it (S opens the notes)",
        "handout.pdf, two pages, for each student",
        *(["role_cards.pdf: one role a page, each team its own card only"] if cards else []),
        *([f"{KEY}/TEACHERS-ONLY_key.html: solutions, hidden checks, three marked memos"] if exercise else []),
    ]
    values = {
        "lines": plan.lines(read, exercise),
        "weeks": plan.in_the_syllabus(read),
        "surprises": plan.surprises(read),
        "traps": plan.traps(read),
        "prepare": prepare,
        "foot": foot(read),
    }
    for points in PLAN_POINTS:
        yield render("plan.html.j2", lesson=read, points=points, **values)


def _rubric(read: Lesson) -> str:
    """Return the rubric as CSV, in the columns that the exercises' rubrics have, without points."""
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(["criterion", "level", "what_it_looks_like"])
    for criterion, *looks in read.rubric.rows:
        rows.writerows([criterion, level, look] for level, look in zip(read.rubric.levels, looks, strict=True))
    return written.getvalue()


def _exercise(name: str) -> exercises.Exercise | None:
    """Return a lesson's exercise; None in the students' edition, and for a lesson that has none."""
    place = data.root().parent / "exercises" / name / f"{name}.ipynb"
    return exercises.read(place) if place.is_file() else None


def _ratios(read: Lesson) -> dict[str, float]:
    found = {}
    for piece in (piece for step in read.steps for piece in step.figures):
        for picture in piece.pictures:
            with Image.open(io.BytesIO(base64.b64decode(picture.src.partition(",")[2]))) as opened:
                found[picture.src] = opened.height / opened.width
    return found


def _own_words(html: str) -> str:
    """Turn links to files of the kit into their words."""
    return re.sub(r'<a href="(?!https?:)[^"]*">(.*?)</a>', r"\1", html, flags=re.DOTALL)


def _scripts() -> dict[str, bytes]:
    vendor = data.root().parent / "web" / "vendor" / REVEAL
    gone = [name for name in VENDORED if not (vendor / name).is_file()]
    if gone:
        raise KitError(f"web/vendor/{REVEAL}: {', '.join(gone)} is missing; take the whole kit")
    return {name: (vendor / name).read_bytes() for name in VENDORED} | {
        "deck.css": (TEMPLATES / "deck.css").read_bytes()
    }


def _put(made: dict[str, bytes], to: Path) -> int:
    """Put files into a folder, drop those of an earlier pack that are not made any more; return how many changed."""
    if to.exists() and not to.is_dir():
        raise KitError(f"{to}: is a file where the pack needs a folder; move it away")
    changed = 0
    for name, content in made.items():
        place = to / name
        if place.is_dir():
            raise KitError(f"{place}: is a folder where the pack needs a file; move it away")
        place.parent.mkdir(parents=True, exist_ok=True)
        changed += files.replace(place, content)
    for path in sorted(to.rglob("*")):
        name = path.relative_to(to).as_posix()
        if path.is_file() and name not in made and OWN.fullmatch(name):
            path.unlink()
            changed += 1
    return changed


def _zip(name: str, made: dict[str, bytes]) -> bytes:
    """Return a zip of a lesson's folder and the decks' scripts, without the key; the same bytes for the same files."""
    held = {f"{name}/{path}": content for path, content in made.items() if not path.startswith(f"{KEY}/")}
    held |= {f"{REVEAL}/{path}": content for path, content in _scripts().items()}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for path, content in sorted(held.items()):
            entry = zipfile.ZipInfo(path, EARLIEST)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return written.getvalue()
