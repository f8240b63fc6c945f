"""The teacher's pack, piece by piece: what is cut where, what is refused, what stays untouched."""

import builtins
import hashlib
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pactlab.errors import KitError
from pactlab.pack import deck, packing, pdf, plan, reading, syllabus, words

ROOT = Path(__file__).resolve().parents[2]
LESSON = "13_maritime_security"
VENDOR = ROOT / "web" / "vendor" / "reveal"


# Words


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("One two. Three four five.", "One two."),
        ("One two three four five six. Seven.", "One two three four five six."),
        ("*One two.* Three four *five six. Seven* eight.", "*One two.*"),
        ("Two. It matters: one of many things here.", "Two."),
        ('Say "no." Then go on at once.', 'Say "no."'),
    ],
)
def test_cut_keeps_whole_sentences(text: str, short: str) -> None:
    assert words.cut(text, 3) == short


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("We have data. They are old. Who counted?", "We have data. Who counted?"),
        ("Who counted? (One person. Or two, perhaps many.) The end is here.", "Who counted?"),
        ("The rules are these:", "The rules are these."),
        ("*Now one. Or two* is it three?", "Or two is it three?"),
    ],
)
def test_a_prompt_keeps_its_question(text: str, short: str) -> None:
    assert words.asking(text, 5) == short


def test_citations_go_and_words_stay() -> None:
    text = (
        'It fell ([The Hindu (India), 2 May 2016](https://a.example/x "hindu-1")), says '
        '[BBC, 2017](https://b.example "bbc-2"). See [AIS](glossary.md#ais) '
        '(*for "cut"*: [X, 2018](https://c.example "x"); [Y, 2019](https://d.example "y")).'
    )
    assert words.uncited(text) == "It fell, says BBC, 2017. See AIS."


# The syllabus


def test_the_syllabus_is_found_by_lesson() -> None:
    assert syllabus.named("| 11 | [12](a): 75, [13](b) to [16](c): 25 |") == {"12", "13", "14", "15", "16"}
    assert [(week.course, week.week) for week in syllabus.weeks("17")] == [("Twelve weeks", "11")]
    assert [week.course for week in syllabus.weeks("05")] == ["Six weeks", "Twelve weeks"]


def test_the_plan_for_a_class_makes_ninety_minutes() -> None:
    parts = syllabus.lesson_plan()
    assert sum(part.minutes for part in parts) == 90, f"classroom/syllabus.md, 'A plan for 90 minutes': {parts}"
    lines = plan.lines(reading.lesson(LESSON), None)
    assert [line.when for line in lines] == ["Before class", *["In class"] * len(parts), "Assign", "Grade"]
    assert all(line.minutes for line in lines)


# A lesson that is not whole


@pytest.fixture
def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[list[dict]], None]], None]:
    """Put a changed copy of a lesson in place of the lesson."""

    def change(by: Callable[[list[dict]], None]) -> None:
        notebook = json.loads((ROOT / "lessons" / f"{LESSON}.ipynb").read_text(encoding="utf-8"))
        by(notebook["cells"])
        (tmp_path / f"{LESSON}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        monkeypatch.setattr(reading, "find", lambda _: tmp_path / f"{LESSON}.ipynb")

    return change


def drop_output(cells: list[dict]) -> None:
    cells[8]["outputs"] = []


def drop_alt(cells: list[dict]) -> None:
    shown = cells[8]["outputs"][0]["data"]
    shown["text/html"] = re.sub(r'alt="[^"]*"', 'alt=" "', "".join(shown["text/html"]))


def picture_elsewhere(cells: list[dict]) -> None:
    shown = cells[8]["outputs"][0]["data"]
    shown["text/html"] = re.sub(r'src="[^"]*"', 'src="https://a.example/x.png"', "".join(shown["text/html"]))


def strange_output(cells: list[dict]) -> None:
    cells[8]["outputs"][0]["data"] = {"application/x-strange": "1"}


def strange_cell(cells: list[dict]) -> None:
    cells[8]["cell_type"] = "raw"


def no_title(cells: list[dict]) -> None:
    cells[0]["source"] = "Maritime security"


@pytest.mark.parametrize(
    ("fault", "cell", "said"),
    [
        (drop_output, 8, "no stored output"),
        (drop_alt, 8, "alternative text"),
        (picture_elsewhere, 8, "not stored in the notebook"),
        (strange_output, 8, "application/x-strange"),
        (strange_cell, 8, "raw"),
        (no_title, 0, "Title: question"),
    ],
)
def test_a_fault_names_lesson_and_cell(changed: Callable, fault: Callable, cell: int, said: str) -> None:
    changed(fault)
    with pytest.raises(KitError, match=rf"{LESSON}\.ipynb, cell {cell}: .*{said}"):
        reading.lesson(LESSON)


def test_a_fault_leaves_the_old_pack(tmp_path: Path, changed: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "missing", lambda: "none here")
    to = tmp_path / "to"
    packing.pack([LESSON], to, say=lambda _: None)
    before = {path: path.read_bytes() for path in to.rglob("*") if path.is_file()}
    changed(drop_alt)
    (packed,) = packing.pack([LESSON], to, say=lambda _: None)
    assert "cell 8" in packed.fault
    assert {path: path.read_bytes() for path in to.rglob("*") if path.is_file()} == before
    assert {path.name for path in to.iterdir()} == {LESSON, "reveal"}, "nothing half-made is left beside"


# The deck


def test_a_tagged_cell_is_in_the_deck(changed: Callable) -> None:
    def tag(cells: list[dict]) -> None:
        cells[9]["metadata"]["tags"] = ["slide"]

    changed(tag)
    shown = deck.slides(reading.lesson(LESSON))
    (code,) = [slide for slide in shown if slide.kind == "code"]
    assert "halves = near.groupby" in code.body
    assert [slide for slide in shown if slide.kind == "table" and "January to June" in slide.body]
    assert deck.FEWEST <= len(shown) <= deck.MOST


def test_too_many_tags_are_refused(changed: Callable) -> None:
    def tag(cells: list[dict]) -> None:
        for cell in cells:
            cell["metadata"]["tags"] = ["slide"]

    changed(tag)
    with pytest.raises(KitError, match="tag fewer"):
        deck.slides(reading.lesson(LESSON))


def test_nothing_on_a_slide_is_small() -> None:
    style = (ROOT / "pactlab" / "pack" / "template" / "deck.css").read_text(encoding="utf-8")
    sizes = [float(size) for size in re.findall(r"font(?:-size)?:[^;]*?([\d.]+)px", style)]
    assert len(sizes) > 10
    assert min(sizes) >= 24, "the last row cannot read letters under 24 pixels"


# What came from others


def test_the_vendored_files_are_those_of_the_page() -> None:
    page = (VENDOR / "README.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"sha256 of `([^`]+)` \| `(\w{64})`", page))
    files = {path.name: path.read_bytes() for path in VENDOR.iterdir() if path.name != "README.md"}
    assert said == {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert set(files) == set(packing.VENDORED)
    assert sum(map(len, files.values())) < 300_000


# Where it writes


@pytest.fixture
def no_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "missing", lambda: "the system's pango is missing")


def test_unknown_lessons_get_the_nearest_names(tmp_path: Path) -> None:
    with pytest.raises(KitError, match=r"'maritime'.*13_maritime_security"):
        packing.pack(["maritime"], tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_file_is_no_place(tmp_path: Path, no_pdf: None) -> None:
    (tmp_path / "to").write_text("mine")
    with pytest.raises(KitError, match="is a file"):
        packing.pack([LESSON], tmp_path / "to")
    with pytest.raises(KitError, match=r"is a file|cannot be written"):
        packing.pack([LESSON], tmp_path / "to" / "deeper", say=lambda _: None)
    assert (tmp_path / "to").read_text() == "mine"


def test_a_file_or_folder_in_the_way_is_named(tmp_path: Path, no_pdf: None) -> None:
    (tmp_path / LESSON).write_text("mine")
    (packed,) = packing.pack([LESSON], tmp_path, say=lambda _: None)
    assert "is a file where the pack needs a folder" in packed.fault
    (tmp_path / LESSON).unlink()
    (tmp_path / LESSON / "slides.html").mkdir(parents=True)
    (packed,) = packing.pack([LESSON], tmp_path, say=lambda _: None)
    assert "is a folder where the pack needs a file" in packed.fault


def test_what_is_foreign_stays(tmp_path: Path, no_pdf: None) -> None:
    foreign = {tmp_path / name: "mine" for name in ("notes.txt", f"{LESSON}/my slides.html", f"{LESSON}/key/marks.csv")}
    stale = [tmp_path / LESSON / "handout.pdf", tmp_path / LESSON / "pictures" / f"{'0' * 16}.webp"]
    for path in [*foreign, *stale]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    (packed,) = packing.pack([LESSON], tmp_path, say=lambda _: None)
    assert not packed.fault
    assert {path: path.read_text() for path in foreign} == foreign
    assert not [path for path in stale if path.exists()], "what an earlier pack wrote and this one does not make goes"
    (again,) = packing.pack([LESSON], tmp_path, say=lambda _: None)
    assert not again.changed


def test_the_zip_has_no_key(tmp_path: Path, no_pdf: None) -> None:
    packing.pack([LESSON], tmp_path, zipped=True, say=lambda _: None)
    first = (tmp_path / f"{LESSON}.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / f"{LESSON}.zip") as archive:
        names = set(archive.namelist())
    assert {f"{LESSON}/slides.html", "reveal/reveal.js", "reveal/deck.css"} <= names
    assert not [name for name in names if "key" in name.lower() or "TEACHERS" in name]
    packing.pack([LESSON], tmp_path / "again", zipped=True, say=lambda _: None)
    assert (tmp_path / "again" / f"{LESSON}.zip").read_bytes() == first


def test_a_kit_without_exercises_has_no_key(tmp_path: Path, no_pdf: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "_exercise", lambda _: None)
    packing.pack([LESSON], tmp_path, say=lambda _: None)
    assert not (tmp_path / LESSON / "key").exists()
    assert "The memo on the handout" in (tmp_path / LESSON / "plan.html").read_text(encoding="utf-8")


# Without pango


def test_without_pango_one_line_and_the_rest(tmp_path: Path, no_pdf: None) -> None:
    said: list[str] = []
    (packed,) = packing.pack(["05"], tmp_path, say=said.append)
    assert said == ["Left out handout.pdf, lesson.pdf, plan.pdf, role_cards.pdf: the system's pango is missing"]
    made = {path.name for path in (tmp_path / packed.name).iterdir()}
    assert made == {"slides.html", "pictures", "plan.html", "rubric.html", "rubric.csv", "role_cards.html", "key"}


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (OSError("cannot load library 'libpango-1.0-0'"), "apt install libpango-1.0-0"),
        (ModuleNotFoundError("No module named 'weasyprint'", name="weasyprint"), "pactlab[web]"),
        (ModuleNotFoundError("No module named 'pydyf'", name="pydyf"), "the package pydyf is missing"),
    ],
)
def test_what_is_missing_is_said(problem: Exception, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def importing(name: str, *rest: object, **named: object) -> object:
        if name == "weasyprint":
            raise problem
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", importing)
    assert said in pdf.missing.__wrapped__()
