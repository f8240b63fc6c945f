"""House rules for lessons; each message tells an author what to do."""

import ast
import html
import re
import sys
import warnings
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import nbformat
import pytest
from test_packages import made_from_the_pins

from pactlab import data, show
from pactlab.errors import KitError
from pactlab.explore import Control
from pactlab.lessons import glossary, numbers
from pactlab.lessons.gallery import page, published
from pactlab.lessons.run import Step, read, steps
from pactlab.show.figure import ALT_LENGTH
from pactlab.show.lesson import LINK, folder

LESSONS = sorted(folder().glob("[0-9][0-9]_*.ipynb"))
FIRST, CAPSTONE = "00_start_here", "20_capstone_brief"
PILLARS = range(13, 20)  # short lessons, of two or three steps of evidence each
REPEATABLE = sys.platform == "linux" and made_from_the_pins()
"""Equal bytes of pictures are promised on Linux with the pinned packages."""
TERMS = set(data.load("glossary")["term_id"])
MOST_LINES = 12
WIDEST = 120
MOST_COMBINATIONS = 200
SHOWN = re.compile(r"<figure data-plotted=.*?</figure>", re.DOTALL)
ALT = re.compile(r'<img alt="([^"]*)"')
QUESTION = re.compile(r"<fieldset>.*?</fieldset>", re.DOTALL)

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[tuple[int, nbformat.NotebookNode]]:
    return [(index, cell) for index, cell in enumerate(read(path).cells) if cell.cell_type == "code"]


def texts(path: Path) -> list[tuple[int, str]]:
    return [(index, cell.source) for index, cell in enumerate(read(path).cells) if cell.cell_type == "markdown"]


def sections(path: Path) -> list[str]:
    return [heading for _, text in texts(path) for heading in re.findall(r"^## (.+)$", text, re.MULTILINE)]


def stored_html(cell: nbformat.NotebookNode) -> str:
    return "".join(output.get("data", {}).get("text/html", "") for output in cell.outputs)


@cache
def ran(path: Path) -> list[Step]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return list(steps(path))


def shown(path: Path, kind: type) -> list:
    return [step.shown for step in ran(path) if isinstance(step.shown, kind)]


def test_there_are_lessons():
    assert LESSONS, "lessons/ holds no notebook called NN_topic.ipynb"


@each_lesson
def test_card(path):
    card = show.lesson_card(path.stem)
    assert card.question.endswith("?"), "the card's question ends with a question mark"
    assert 20 <= card.minutes <= 120, "the card's minutes are between 20 and 120"
    assert 3 <= len(card.objectives) <= 5, "a lesson has three to five objectives"
    assert date.fromisoformat(card.reviewed) <= date.today(), "`reviewed` is the ISO date of the last factual review"
    known = {lesson.stem for lesson in LESSONS}
    assert set(card.prerequisites) <= known, f"prerequisites are names of lessons: {sorted(known)}"


@each_lesson
def test_readme_repeats_the_card(path):
    card, readme = show.lesson_card(path.stem), (path.parent.parent / "README.md").read_text(encoding="utf-8")
    row = next(line for line in readme.splitlines() if f"lessons/{path.name}" in line)
    assert row.endswith(f"| {card.question} | {card.minutes} |"), "README's table gives the card's question and minutes"


@each_lesson
def test_card_names_the_tables_the_code_loads(path):
    code = "\n".join(cell.source for _, cell in code_cells(path))
    loaded = set(re.findall(r"""data\.load\(["'](\w+)["']\)""", code))
    assert loaded == set(show.lesson_card(path.stem).data), "the card's `data` lists the tables that the code loads"


@each_lesson
def test_frame(path):
    found = sections(path)
    evidence = [heading for heading in found if heading.startswith("Evidence")]
    assert 2 <= len(evidence) <= 6, "a lesson has two to six steps of evidence"
    for place, heading in enumerate(evidence, 1):
        assert heading.startswith(f"Evidence {place}: "), f"evidence is numbered in order; found {heading!r}"
    expected = ["Setting", *evidence, "Explore", "Limits", "Check yourself", "Decide", "Sources", "Next"]
    before = [heading for heading in found if heading != "Decide, first"]
    assert before == expected, "the sections of a lesson stand in the order of the frame"
    first = texts(path)[0]
    assert first[0] == 0, "a lesson begins with its title"
    assert first[1].startswith("# "), "a lesson begins with its title"
    assert "**Decision question.**" in first[1], "the decision question stands under the title"


@each_lesson
def test_code_is_short_and_plain(path):
    for index, cell in code_cells(path):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= MOST_LINES, f"cell {index} has {len(lines)} lines; split it, at most {MOST_LINES}"
        assert not re.search(r"^\s*[%!]|input\(|https?://|pyplot", cell.source, re.MULTILINE), (
            f"cell {index}: no magics, shell commands, input(), addresses or pyplot in a lesson"
        )
        longest = max(map(len, cell.source.splitlines()), default=0)
        assert longest <= WIDEST, f"cell {index} has a line of {longest} characters; at most {WIDEST}"
        ast.parse(cell.source)


@each_lesson
def test_outputs_are_stored(path):
    for number, (index, cell) in enumerate(code_cells(path), 1):
        assert cell.execution_count == number, f"cell {index} was not run in order: run `uv run pactlab refresh`"
        for output in cell.outputs:
            assert output.output_type != "error", f"cell {index} stores an error"
            assert output.get("name") != "stderr", f"cell {index} stores a warning"
            assert not any("widget" in form for form in output.get("data", {})), f"cell {index} stores a widget"
    assert "widgets" not in read(path).metadata, "widget state is not stored: run `uv run pactlab refresh`"


@each_lesson
def test_every_output_is_compared(path):
    for index, cell in code_cells(path):
        if cell.outputs:
            assert "nbval-check-output" in cell.metadata.get("tags", []), (
                f"cell {index} shows something that no check compares: give it the tag nbval-check-output"
            )


@each_lesson
def test_figures_and_control(path):
    figures, controls = shown(path, show.Figure), shown(path, Control)
    wanted = 2 if path.stem in (FIRST, CAPSTONE) or int(path.stem[:2]) in PILLARS else 4
    assert len(figures) >= wanted, f"a lesson has {wanted} figures or more"
    assert controls, "a lesson has a control"
    tables = set(show.lesson_card(path.stem).data)
    assert all(figure.caption.endswith((".", "?")) for figure in figures), "a caption is a sentence"
    assert not any(figure.title.endswith(".") for figure in figures), "a title carries no full stop"
    assert tables, "a lesson names its tables"


def comparable(shown_page: str) -> str:
    """A stored page as this machine can repeat it: with its pictures where packages are pinned, else without."""
    return shown_page if REPEATABLE else re.sub(r"data:image/[^\"]+", "picture", shown_page)


@each_lesson
def test_stored_figures_are_fresh(path):
    for step in ran(path):
        if isinstance(step.shown, show.Figure | Control):
            stored, now = stored_html(step.cell), step.shown.html
            assert comparable(stored) == comparable(now), (
                f"cell {step.index} stores another figure than it draws: run `uv run pactlab refresh {path.stem}`"
            )


def test_glossary_is_fresh():
    written = (folder() / glossary.PAGE).read_text(encoding="utf-8")
    assert written == glossary.page(), "run `uv run pactlab refresh`"


def test_gallery_is_fresh():
    figures = [one for path in LESSONS for one in published(path)]
    remedy = "run `uv run pactlab figures` and look at the pictures"
    folder = LESSONS[0].parent.parent / "figures"
    assert {path.name for path in folder.iterdir()} == {one.filename for one in figures} | {"README.md"}, remedy
    assert (folder / "README.md").read_text(encoding="utf-8") == page(figures), remedy
    if REPEATABLE:
        changed = [one.filename for one in figures if (folder / one.filename).read_bytes() != one.content]
        assert not changed, f"{changed} differ from what the lessons draw: {remedy}"


def test_readme_describes_its_picture_with_the_figures_own_numbers():
    readme = (LESSONS[0].parent.parent / "README.md").read_text(encoding="utf-8")
    alt, filename = re.search(r"!\[([^\]]+)\]\(figures/([^)]+)\)", readme).groups()
    drawn = next(one.figure for path in LESSONS for one in published(path) if one.filename == filename)
    said = set(re.findall(r"\d+", alt))
    assert said, "README's picture is described with figures in it"
    assert said <= set(re.findall(r"\d+", drawn.alt)), f"README's picture says what {filename} does not: {drawn.alt}"


@each_lesson
def test_errors_shown_in_prose_are_real(path):
    for index, text in texts(path):
        for shown_error in re.findall(r"^KitError: .+$", text, re.MULTILINE):
            wrong = re.search(r'no table "(\w+)"', shown_error)[1]
            with pytest.raises(KitError) as raised:
                data.load(wrong)
            assert shown_error == f"KitError: {raised.value}", f"cell {index}: the message now reads {raised.value}"


def test_alt_texts_differ():
    alts = Counter(
        html.unescape(alt) for path in LESSONS for _, cell in code_cells(path) for alt in ALT.findall(stored_html(cell))
    )
    twice = [alt for alt, times in alts.items() if times > 1]
    assert not twice, f"each picture has an alt text of its own; this one stands twice: {twice[0]}"
    assert alts, "no stored picture was found"


@each_lesson
def test_alt_texts_tell(path):
    shortest, longest = ALT_LENGTH
    for index, cell in code_cells(path):
        pictures = SHOWN.findall(stored_html(cell))
        assert len(pictures) == stored_html(cell).count("<img"), f"cell {index}: every picture is shown by show.figure"
        for picture in pictures:
            alt = html.unescape(ALT.search(picture)[1])
            assert shortest <= len(alt) <= longest, f"cell {index}: an alt text has {shortest} to {longest} characters"
            assert re.search(r"\d", alt), f"cell {index}: an alt text has figures in it"


def choices(control: Control) -> list[dict]:
    """Every combination, or, where these are many, every value of each option with the others at the start."""
    if len(control.choices()) <= MOST_COMBINATIONS:
        return control.choices()
    start = control.telling[0]
    return [{**start, name: value} for name, values in control.options.items() for value in values]


@each_lesson
def test_every_option_of_every_control(path):
    for control in shown(path, Control):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            drawn = {str(choice): control.figure(**choice) for choice in choices(control)}
            for figure in drawn.values():
                figure.drawing.draw_without_rendering()
        alts = Counter(figure.alt for figure in drawn.values())
        assert len(alts) > 1, f"{path.stem}: every option of the control tells the same"
        assert all(re.search(r"\d", alt) for alt in alts), f"{path.stem}: an option's alt text has no figure in it"


@each_lesson
def test_links_in_prose_resolve(path):
    for index, text in texts(path):
        for match in LINK.finditer(text):
            assert match[0] == data.cite(match[3]), f"cell {index}: cite {match[3]} as {data.cite(match[3])}"
        other = re.findall(r"\]\(([^\s)]+)\)", LINK.sub("", text))
        for target in other:
            there = (path.parent / target.partition("#")[0]).exists()
            assert there, f"cell {index}: {target} is neither a cited source nor a file of the kit"
            if target.startswith(glossary.PAGE):
                assert target.partition("#")[2] in TERMS, f"cell {index}: {target} is no term_id of data/glossary.csv"
        bare = re.findall(r"https?://\S+", LINK.sub("", text))
        assert not bare, (
            f"cell {index}: {bare[0] if bare else ''} stands bare; cite it by `uv run pactlab data cite ID`"
        )


@each_lesson
def test_setting_is_sourced(path):
    text = next(text for _, text in texts(path) if "## Setting" in text)
    assert len(LINK.findall(text)) >= 2, "the setting cites its sources"


@each_lesson
def test_numbers_are_tied(path):
    loose = [str(fault) for fault in numbers.untied(path)]
    assert not loose, "\n".join(loose)


@each_lesson
def test_numbers_agree_with_the_data(path):
    wrong = [str(fault) for fault in numbers.contradicted(path)]
    assert not wrong, "\n".join(wrong)


@each_lesson
def test_quiz(path):
    text = "\n".join(text for _, text in texts(path))
    questions = QUESTION.findall(text)
    assert 3 <= len(questions) <= 5, "a lesson asks three to five questions"
    for question in questions:
        options = re.findall(r"<summary>(.+?)</summary><p><strong>(Yes|No|Partly)\.</strong> (.+?)</p>", question)
        assert "<legend>" in question, "a question stands in the legend"
        assert len(options) == question.count("<summary>") >= 3, "each option has feedback: Yes, No or Partly, and why"
        assert [verdict for _, verdict, _ in options].count("Yes") == 1, "one option of a question is right"
        assert all(len(why) > 20 for _, _, why in options), "feedback explains"


@each_lesson
def test_memo_has_a_rubric(path):
    if path.stem == FIRST:
        return
    text = next(text for _, text in texts(path) if "## Decide\n" in text)
    assert re.search(r"\b\d{3}(?: to |-)\d{3} words", text), "a memo says how long it is, as in 150 to 250 words"
    rows = [line for line in text.splitlines() if line.startswith("| **")]
    assert len(rows) == 4, "a rubric has four criteria"
    assert all(row.count("|") == 6 for row in rows), "a criterion has its name and four levels, 0 to 3"
