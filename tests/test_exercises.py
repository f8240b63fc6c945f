"""House rules for exercises; each message tells an author what to do."""

import ast
import contextlib
import csv
import doctest
import importlib
import io
import itertools
import json
import logging
import os
import re
import sysconfig
import tomllib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from pactlab import classroom, data
from pactlab.errors import KitError
from pactlab.lessons.run import execute, read

ROOT = Path(__file__).resolve().parent.parent
EXERCISES = sorted((ROOT / "exercises").glob("[0-9][0-9]_*"))
REGION = re.compile(r"^ *### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)^ *### END \1$", re.DOTALL | re.MULTILINE)
BLANK, FULL = "blank", "full_marks"
LONGEST_LINE = 110

each_exercise = pytest.mark.parametrize("folder", EXERCISES, ids=lambda folder: folder.name)


# The parts of an exercise


def source(folder: Path) -> nbformat.NotebookNode:
    return read(folder / f"{folder.name}.ipynb")


def mark(cell: nbformat.NotebookNode, name: str) -> Any:
    return cell.metadata.get("nbgrader", {}).get(name, False)


def answers(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and mark(cell, "solution")]


def checks(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and mark(cell, "grade")]


def memos(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "markdown" and mark(cell, "grade")]


def enclosed(cell: nbformat.NotebookNode) -> str:
    return "".join(match[2] for match in REGION.finditer(cell.source))


def lines(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines() if line.strip()}


def asserts(text: str) -> list[ast.Assert]:
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Assert)]


def message(node: ast.Assert) -> str:
    return node.msg.value if isinstance(node.msg, ast.Constant) and isinstance(node.msg.value, str) else ""


def ids_for(notebook: nbformat.NotebookNode) -> list[str]:
    """Name at least 12 students so that each option of each draw is somebody's."""
    draws = notebook.metadata.pactlab.draw
    missing = {(what, json.dumps(option)) for what, options in draws.items() for option in options}
    names = []
    for name in (f"student-{number}" for number in itertools.count()):
        found = {(what, json.dumps(classroom.draw(name, what, options))) for what, options in draws.items()}
        if missing & found or len(names) < 12:
            names.append(name)
            missing -= found
        if not missing and len(names) >= 12:
            return names
    raise AssertionError


# Wrong answers, and what they earn


@dataclass(frozen=True)
class Specimen:
    name: str
    why: str
    student_id: str = ""
    start: str = "solution"
    """Where cells that the specimen does not name come from: the solution or the release."""
    cells: dict[str, str] = field(default_factory=dict)
    expect: dict[str, float] = field(default_factory=dict)
    """Points by check; a check that is not named earns all its points."""


def specimens(folder: Path) -> dict[str, Specimen]:
    paths = sorted((folder / "teacher" / "specimens").glob("*.toml"))
    return {path.stem: Specimen(**tomllib.loads(path.read_text(encoding="utf-8"))) for path in paths}


EACH_SPECIMEN = [(folder, name) for folder in EXERCISES for name in specimens(folder)]
each_specimen = pytest.mark.parametrize(
    ("folder", "name"), EACH_SPECIMEN, ids=[f"{folder.name}-{name}" for folder, name in EACH_SPECIMEN]
)


@dataclass(frozen=True)
class Graded:
    points: dict[str, float]
    faults: dict[str, Exception]
    """What each cell raised that did not run through, by the cell's name."""
    names: dict[str, Any]


def grade(notebook: nbformat.NotebookNode, student_id: str = "", cells: dict[str, str] | None = None) -> Graded:
    """Run a notebook in one namespace; a check earns its points if it raises nothing.

    For notebooks that a teacher wrote: the code runs in this process.
    """
    texts = {"student-id": f"student_id = {student_id!r}", **(cells or {})}
    points, faults, names = {}, {}, {"__name__": "__main__"}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("error")
        for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
            try:
                execute(texts.get(cell.id, cell.source), names, cell.id)
            except Exception as fault:
                faults[cell.id] = fault
            if mark(cell, "grade"):
                points[cell.id] = 0 if cell.id in faults else mark(cell, "points")
    return Graded(points, faults, names)


def grade_specimen(folder: Path, specimen: Specimen, released: nbformat.NotebookNode) -> Graded:
    """Grade a specimen by all checks."""
    cells = {cell.id: cell.source for cell in answers(released)} if specimen.start == "release" else {}
    return grade(source(folder), specimen.student_id, cells | specimen.cells)


# nbgrader at work in a course of its own


def course(root: Path) -> Config:
    """Take the kit's own configuration, with the course elsewhere."""
    config = PyFileConfigLoader("nbgrader_config.py", str(ROOT)).load_config()
    config.CourseDirectory.root = str(root)
    return config


def work(converter: type, config: Config, exercise: str, student_id: str) -> None:
    directory = CourseDirectory(config=config, assignment_id=exercise, student_id=student_id)
    app = converter(coursedir=directory, config=config)
    app.log.setLevel(logging.ERROR)
    with pytest.MonkeyPatch.context() as patch:  # nbgrader calls the program alembic by name
        patch.setenv("PATH", sysconfig.get_path("scripts") + os.pathsep + os.environ["PATH"])
        app.start()


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give the folder that nbgrader releases to students, by exercise."""
    root = tmp_path_factory.mktemp("course")
    for folder in EXERCISES:
        work(GenerateAssignment, course(root), folder.name, ".")
    return {folder.name: root / "release" / folder.name for folder in EXERCISES}


def released(releases: dict[str, Path], folder: Path) -> nbformat.NotebookNode:
    return read(releases[folder.name] / f"{folder.name}.ipynb")


# The source


def test_there_are_exercises() -> None:
    assert EXERCISES, "exercises/ holds no folder called NN_topic"


@each_exercise
def test_source_is_one_sound_notebook(folder: Path) -> None:
    found = [path.name for path in folder.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts]
    assert found == [f"{folder.name}.ipynb"], f"{folder.name} has one notebook, called like the folder: {found}"
    nbformat.validate(source(folder))
    for cell in source(folder).cells:
        if cell.cell_type == "code":
            assert not cell.outputs, f"{cell.id}: the source stores no outputs"
        if "nbgrader" in cell.metadata:
            assert mark(cell, "schema_version") == 3, f"{cell.id}: nbgrader's schema_version is 3"
            assert mark(cell, "grade_id") == cell.id, f"{cell.id}: give the cell's id and grade_id one name"


@each_exercise
def test_markers_are_balanced(folder: Path) -> None:
    for cell in source(folder).cells:
        here = re.findall(r"### (BEGIN|END) (SOLUTION|HIDDEN TESTS)", cell.source)
        word = "SOLUTION" if mark(cell, "solution") else "HIDDEN TESTS" if mark(cell, "grade") else None
        wanted = [("BEGIN", word), ("END", word)] if word else []
        assert here == wanted, f"{cell.id}: wants one pair of markers around {word}, found {here}"
        assert len(REGION.findall(cell.source)) == len(wanted) / 2, f"{cell.id}: each marker stands on its own line"


@each_exercise
def test_student_id_can_be_written(folder: Path) -> None:
    """nbgrader makes a locked cell read-only and puts its source back when it grades."""
    cells = [cell for cell in source(folder).cells if re.search(r"^student_id = \"\"", cell.source, re.MULTILINE)]
    assert [cell.id for cell in cells] == ["student-id"], 'one cell, with the id "student-id", says student_id = ""'
    assert "nbgrader" not in cells[0].metadata, "nbgrader must leave the cell with the student's id alone"


@each_exercise
def test_only_what_a_student_has(folder: Path) -> None:
    for cell in (cell for cell in source(folder).cells if cell.cell_type == "code"):
        tree = ast.parse(cell.source)
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        brought = {alias.name for node in nodes for alias in node.names}
        assert brought <= {"pandas", "classroom", "data"}, f"{cell.id}: an exercise uses pandas, data, classroom only"
        used = set(re.findall(r"\b(?:data|classroom)\.(\w+)", cell.source))
        assert used <= {"load", "draw"}, f"{cell.id}: an exercise uses data.load and classroom.draw only"
        defined = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
        assert not defined, f"{cell.id}: questions ask for values, never for functions: {defined}"
        longest = max(map(len, cell.source.splitlines()))
        assert longest <= LONGEST_LINE, f"{cell.id}: a line has {longest} characters; at most {LONGEST_LINE}"


@each_exercise
def test_tables_are_named(folder: Path) -> None:
    notebook = source(folder)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    loaded = set(re.findall(r"data\.load\(\"(\w+)\"\)", code))
    assert loaded == set(notebook.metadata.pactlab.data), "metadata `pactlab.data` lists the tables that are loaded"


@each_exercise
def test_draws_are_declared(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, draw = {}, classroom.draw

    def spy(student_id: str, what: str, options: list) -> Any:
        seen.setdefault(what, json.loads(json.dumps(options)))
        assert seen[what] == json.loads(json.dumps(options)), f"{what!r} is drawn twice, from two lists"
        return draw(student_id, what, options)

    monkeypatch.setattr(classroom, "draw", spy)
    faults = grade(source(folder)).faults
    assert not faults, f"the solution of {folder.name} does not run: {faults}"
    assert seen == source(folder).metadata.pactlab.draw, "metadata `pactlab.draw` holds what the set-up cell draws from"
    for what, options in seen.items():
        assert len({json.dumps(option) for option in options}) == len(options) > 1, f"{what}: options differ"


# Points


@each_exercise
def test_points(folder: Path) -> None:
    notebook = source(folder)
    by_machine, by_hand = (sum(mark(cell, "points") for cell in part(notebook)) for part in (checks, memos))
    assert by_hand >= by_machine > 0, f"memos weigh at least half: {by_hand} points against {by_machine}"
    assert notebook.cells[0].source.startswith("# "), "an exercise begins with its title"
    said = re.search(r"\*\*(\d+) points, (\d+) to (\d+) minutes\.\*\*", notebook.cells[0].source)
    assert said, "the title is followed by **N points, N to N minutes.**"
    assert int(said[1]) == by_machine + by_hand, f"the top says {said[1]} points; {by_machine + by_hand} can be won"
    assert 45 <= int(said[2]) <= int(said[3]) <= 90, "an exercise takes 45 to 90 minutes"


@each_exercise
def test_headings_tell_the_points(folder: Path) -> None:
    told, found = [], []
    for cell in source(folder).cells:
        if heading := re.match(r"## (Question (\d)|Memo).* \((\d+) points?\)$", cell.source.splitlines()[0]):
            told.append((heading[1], int(heading[3])))
            found.append(0)
        if mark(cell, "grade"):
            found[-1] += mark(cell, "points")
    questions = [name for name, _ in told if name != "Memo"]
    assert 3 <= len(questions) <= 5, "an exercise has three to five questions"
    assert [name for name, _ in told] == [f"Question {n + 1}" for n in range(len(questions))] + ["Memo"]
    assert [points for _, points in told] == found, f"the headings promise {told}; the cells give {found}"


@each_exercise
def test_rubric(folder: Path) -> None:
    with (folder / "teacher" / "rubric.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    criteria = list(dict.fromkeys(row["criterion"] for row in rows))
    assert len(criteria) == 4, "a rubric has four criteria"
    best, (memo,) = 0, memos(source(folder))
    shown = "\n".join(cell.source for cell in source(folder).cells)
    for criterion in criteria:
        levels = [row for row in rows if row["criterion"] == criterion]
        points = [int(row["points"]) for row in levels]
        assert [row["level"] for row in levels] == list("0123"), f"{criterion}: the levels are 0 to 3, in order"
        assert points[0] == 0, f"{criterion}: level 0 earns nothing"
        assert points == sorted(set(points)), f"{criterion}: a higher level earns more"
        row = f"| **{criterion}** ({points[3]} points) | " + " | ".join(row["what_it_looks_like"] for row in levels)
        assert f"{row} |" in shown, f"the notebook shows students the rubric as it stands in rubric.csv: {row} |"
        best += points[3]
    assert best == mark(memo, "points"), f"the rubric's top levels make {best} points, the memo {mark(memo, 'points')}"


def length_of(memo: str) -> int:
    return len(re.findall(r"[\w,.'\u2019-]*\w[\w,.'\u2019-]*", memo))


@each_exercise
def test_model_memo_keeps_to_its_length(folder: Path) -> None:
    (memo,) = memos(source(folder))
    text = "\n".join(cell.source for cell in source(folder).cells)
    shortest, longest = map(int, re.search(r"(\d{3}) to (\d{3}) words", text).groups())
    assert shortest <= length_of(enclosed(memo)) <= longest, f"the model memo has {length_of(enclosed(memo))} words"


@each_exercise
def test_marked_memos(folder: Path) -> None:
    with (folder / "teacher" / "rubric.csv").open(encoding="utf-8", newline="") as file:
        earns = {(row["criterion"], row["level"]): int(row["points"]) for row in csv.DictReader(file)}
    criteria = list(dict.fromkeys(name for name, _ in earns))
    best = sum(points for (_, level), points in earns.items() if level == "3")
    totals = []
    for level in ("weak", "middling", "strong"):
        memo, _, table = (
            (folder / "teacher" / "memos" / f"{level}.md").read_text(encoding="utf-8").partition("## Marks")
        )
        marks = re.findall(r"^\| ([^|]+) \| (\d) \| (\d+) \| ([^|]+\.) \|$", table, re.MULTILINE)
        assert [name for name, *_ in marks] == criteria, f"{level}: one row a criterion, with a sentence that says why"
        for name, reached, points, _ in marks:
            assert int(points) == earns[name, reached], f"{level}: {name}, level {reached} earns {earns[name, reached]}"
        totals.append(sum(int(points) for _, _, points, _ in marks))
        assert f"{totals[-1]} of {best} points" in memo.splitlines()[0], (
            f"{level}: the heading says {totals[-1]} of {best}"
        )
    assert totals == sorted(set(totals)), f"weak, middling, strong: {totals}"


# What students get


@each_exercise
def test_release_holds_no_answer(folder: Path, releases: dict[str, Path]) -> None:
    inside, outside = set(), set()
    for cell in source(folder).cells:
        inside |= lines(enclosed(cell))
        outside |= lines(REGION.sub("", cell.source))
    secret = inside - outside
    assert len(secret) > 20, "the source has solutions and hidden tests"
    notebook = released(releases, folder)
    for cell in notebook.cells:
        assert not lines(cell.source) & secret, f"{cell.id}: released with {lines(cell.source) & secret}"
        assert not cell.get("outputs"), f"{cell.id}: released with outputs"
    raw = (releases[folder.name] / f"{folder.name}.ipynb").read_text(encoding="utf-8")
    assert not re.search("BEGIN|SOLUTION|HIDDEN", raw), "the release holds a marker"
    kept = {"kernelspec", "language_info", "pactlab"}
    assert set(notebook.metadata) <= kept, "metadata of the notebook reach the students: keep no notes there"
    for cell in notebook.cells:
        extra = set(cell.metadata) - {"nbgrader", "deletable", "editable"}
        assert not extra, f"{cell.id}: metadata of cells reach the students: {extra}"


@each_exercise
def test_release_holds_nothing_of_the_teacher(folder: Path, releases: dict[str, Path]) -> None:
    teachers = {path.name for path in (folder / "teacher").rglob("*")} | {"teacher"}
    found = {path.name for path in releases[folder.name].rglob("*")}
    assert found >= {f"{folder.name}.ipynb"}, "nbgrader released no notebook"
    assert not found & teachers, f"nbgrader_config.py: CourseDirectory.ignore lets through {found & teachers}"


@each_exercise
def test_release_shows_dots(folder: Path, releases: dict[str, Path]) -> None:
    """A student's first run must end in a sentence that helps, not in an error of Python."""
    blank = grade(released(releases, folder))
    assert set(blank.faults) == {cell.id for cell in checks(source(folder))}, f"beyond the checks fail: {blank.faults}"
    for name, fault in blank.faults.items():
        assert isinstance(fault, AssertionError), f"{name}: a blank answer ends in {fault!r}"
        assert "replace the dots" in str(fault), f"{name}: say to replace the dots; it says {fault}"


@each_exercise
def test_a_student_can_edit_answers_and_nothing_else(folder: Path, releases: dict[str, Path]) -> None:
    notebook = released(releases, folder)
    free = [cell.id for cell in notebook.cells if cell.metadata.get("editable", True)]
    wanted = ["student-id", *(cell.id for cell in answers(notebook)), *(cell.id for cell in memos(notebook))]
    assert free == wanted, f"students can edit {free}; lock the others"
    loose = [cell.id for cell in notebook.cells if cell.metadata.get("deletable", True)]
    assert not loose, f"students can delete {loose}"


# Checks


@each_exercise
def test_checks_are_well_made(folder: Path) -> None:
    for cell in checks(source(folder)):
        visible = REGION.sub("", cell.source)
        assert asserts(visible), f"{cell.id}: check the form in sight, so that a student can mend it"
        assert asserts(enclosed(cell)), f"{cell.id}: check the truth between the markers of hidden tests"
        for node in asserts(cell.source):
            assert re.match(r"`\w+`", message(node)), f"{cell.id}: a message begins with the answer in backticks"
        for node in asserts(enclosed(cell)):
            assert not re.search(r"\d", message(node)), f"{cell.id}: a hidden check tells no number: {message(node)}"
        stored = {
            node.id
            for node in ast.walk(ast.parse(cell.source))
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        assert all(name.startswith("_") for name in stored), f"{cell.id}: begin a check's own names with _: {stored}"


@each_exercise
def test_checks_need_only_set_up_and_answers(folder: Path) -> None:
    """So that answers can leave the student's process as data, and one wrong answer costs one question."""
    notebook = source(folder)
    start = grade(notebook, cells={cell.id: "" for cell in answers(notebook) + checks(notebook)}).names
    names = grade(notebook).names
    for cell in checks(notebook):
        asked = {name for node in asserts(cell.source) for name in re.findall(r"`(\w+)`", message(node))}
        assert asked <= set(names), f"{cell.id}: a message names {asked - set(names)}, which no answer defines"
        execute(cell.source, start | {name: names[name] for name in asked}, cell.id)


@each_exercise
def test_full_marks_for_every_draw(folder: Path, releases: dict[str, Path]) -> None:
    notebook, handed_out = source(folder), released(releases, folder)
    solution = {cell.id: cell.source for cell in answers(notebook)}
    for student_id in ["", *ids_for(notebook)]:
        assert not grade(notebook, student_id).faults, f"{student_id!r}: the solution loses marks"
        faults = grade(handed_out, student_id, solution).faults
        assert not faults, f"{student_id!r}: a visible check refuses the solution: {faults}"


@each_exercise
def test_specimens_are_there(folder: Path) -> None:
    found = specimens(folder)
    assert {BLANK, FULL} <= set(found), "teacher/specimens holds blank.toml and full_marks.toml"
    assert len(found) >= 8, "six telling wrong answers or more"
    assert found[BLANK].start == "release", "blank is what was handed out"
    assert not found[BLANK].cells, "blank is what was handed out"
    assert found[FULL] == Specimen(found[FULL].name, found[FULL].why), "full marks is the solution"
    notebook = source(folder)
    for name, specimen in found.items():
        assert len(specimen.why) > 30, f"{name}: `why` says what the student did and why it is wrong"
        unknown = set(specimen.cells) - {cell.id for cell in answers(notebook)}
        unknown |= set(specimen.expect) - {cell.id for cell in checks(notebook)}
        assert not unknown, f"{name}: the notebook has no {unknown}"


@each_specimen
def test_specimen_earns_what_it_should(folder: Path, name: str, releases: dict[str, Path]) -> None:
    specimen = specimens(folder)[name]
    graded = grade_specimen(folder, specimen, released(releases, folder))
    full = {cell.id: mark(cell, "points") for cell in checks(source(folder))}
    assert graded.points == full | specimen.expect, f"{specimen.name}: {graded.faults}"
    for cell, fault in graded.faults.items():
        assert cell in full, f"{specimen.name}: {cell} does not run: {fault!r}"
        assert isinstance(fault, AssertionError), f"{specimen.name}: {cell} ends in {fault!r}; say it in words"


@each_exercise
def test_visible_checks_do_not_tell_the_answer(folder: Path, releases: dict[str, Path]) -> None:
    """For each check some specimen must have the right form and the wrong truth."""
    handed_out, caught = released(releases, folder), set()
    for specimen in specimens(folder).values():
        solution = {cell.id: cell.source for cell in answers(source(folder))}
        seen = grade(handed_out, specimen.student_id, solution | specimen.cells).points
        true = grade_specimen(folder, specimen, handed_out).points
        caught |= {name for name in seen if seen[name] > true[name]}
    missing = {cell.id for cell in checks(source(folder))} - caught
    assert not missing, f"no specimen passes the visible part and fails the hidden part of {missing}"


# nbgrader gives the same marks


def submission(folder: Path, specimen: Specimen, handed_out: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Fill in a released notebook as a student would."""
    solution = {cell.id: cell.source for cell in answers(source(folder))}
    texts = {"student-id": f'student_id = "{specimen.student_id}"'} | solution | specimen.cells
    for cell in handed_out.cells:
        cell.source = texts.get(cell.id, cell.source)
    return handed_out


@pytest.mark.filterwarnings("ignore:Object of type:sqlalchemy.exc.SAWarning")  # nbgrader's own gradebook
@each_exercise
def test_nbgrader_gives_the_same_marks(folder: Path, tmp_path: Path) -> None:
    """The specimen is one with an id of its own: nbgrader must keep what the student wrote there."""
    config = course(tmp_path)
    work(GenerateAssignment, config, folder.name, ".")
    own = [specimen for specimen in specimens(folder).values() if specimen.student_id]
    specimen = max(own, key=lambda specimen: len(specimen.expect))
    handed_out = read(tmp_path / "release" / folder.name / f"{folder.name}.ipynb")
    wanted = grade_specimen(folder, specimen, handed_out).points
    to = tmp_path / "submitted" / specimen.student_id / folder.name / f"{folder.name}.ipynb"
    to.parent.mkdir(parents=True)
    nbformat.write(submission(folder, specimen, handed_out), to)
    work(Autograde, config, folder.name, specimen.student_id)
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        notebook = gradebook.find_submission_notebook(folder.name, folder.name, specimen.student_id)
        given = {grade.name: grade.auto_score for grade in notebook.grades if grade.name in wanted}
        by_hand = [grade.name for grade in notebook.grades if grade.needs_manual_grade]
    assert given == wanted, f"nbgrader marks {specimen.name} otherwise"
    assert len(by_hand) <= 1, "only the memo waits for a hand"


# The draw


def test_draw_doctest() -> None:
    module = importlib.import_module("pactlab.classroom.draw")
    found = doctest.testmod(module)
    assert found.attempted > 0, "the draw shows what it does"
    assert found.failed == 0, "the example of the draw no longer holds"


def test_draw_is_for_ever() -> None:
    """Change this, and every student of a running course gets another question."""
    drawn = [classroom.draw(f"s{number:02}", "theme", list("abcd")) for number in range(12)]
    assert "".join(drawn) == "dbbbaabbccaa", "the draw must not change between versions"


def test_draw_is_fair_and_draws_are_independent() -> None:
    options = list(range(4))
    pairs = [(classroom.draw(f"u{n}", "a", options), classroom.draw(f"u{n}", "b", options)) for n in range(4000)]
    counts = [pairs.count(pair) for pair in itertools.product(options, options)]
    assert all(200 < count < 300 for count in counts), f"each pair is due about 250 times: {counts}"


@pytest.mark.parametrize("student_id", ["ab12", " AB12\n", "\uff21\uff22\uff11\uff12"])
def test_draw_reads_an_id_as_people_do(student_id: str) -> None:
    assert classroom.draw(student_id, "state", range(1000)) == classroom.draw("ab12", "state", range(1000))


def test_draw_without_id_is_the_first() -> None:
    assert classroom.draw("  ", "state", ["India", "Japan"]) == "India"


@pytest.mark.parametrize(("student_id", "options", "says"), [(12, ["a"], "quotation marks"), ("s1", [], "no option")])
def test_draw_says_what_is_wrong(student_id: Any, options: list, says: str) -> None:
    with pytest.raises(KitError, match=says):
        classroom.draw(student_id, "state", options)


# Exercise 01: what its text takes for granted


PACT = ROOT / "exercises" / "01_the_pact"
PAIRS = source(PACT).metadata.pactlab.draw.texts


def reachable(first: list[str], second: list[str]) -> Iterator[float]:
    """Try out all that "unclear" cells could turn into, provision by provision."""
    sides = {"yes": (1,), "no": (0,), "unclear": (0, 1)}
    found = {(0, 0)}
    for one, other in zip(first, second, strict=True):
        found = {(both + (a & b), either + (a | b)) for both, either in found for a in sides[one] for b in sides[other]}
    return (both / either for both, either in found)


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_pact_smallest_and_largest_share(pair: list[str]) -> None:
    wide = data.load("pact_provisions").pivot(index="provision", columns="short_name", values="present")
    for text in pair:
        assert text in wide, f"{text}: no such short_name in pact_provisions; change it in the set-up cell and metadata"
        unclear = (wide[text] == "unclear").mean()
        assert 0 < unclear < 1, f"{text}: some cells are unclear, not all; draw another"
    student_id = next(f"s{n}" for n in itertools.count() if classroom.draw(f"s{n}", "texts", PAIRS) == pair)
    names = grade(source(PACT), student_id).names
    shares = list(reachable(*(wide[text].astype(str).tolist() for text in pair)))
    assert names["low"] == pytest.approx(min(shares))
    assert names["high"] == pytest.approx(max(shares))
    easy = {"first": wide[pair[0]], "second": wide[pair[1]]}
    alike = [(easy["first"].isin(yes), easy["second"].isin(yes)) for yes in (["yes"], ["yes", "unclear"])]
    guesses = [(one & other).sum() / (one | other).sum() for one, other in alike]
    assert 0 < names["low"] < guesses[0] - 0.01, "a pair must show that unclear is not no"
    assert guesses[1] + 0.01 < names["high"], "a pair must show that unclear cells need not turn out alike"


def test_pact_claim_holds_for_some_themes_only() -> None:
    notebook = source(PACT)
    themes = set(data.load("india_japan_timeline")["theme"].cat.categories) - {"cyber"}
    holds = {}
    for student_id in ids_for(notebook):
        names = grade(notebook, student_id).names
        holds[names["theme"]] = names["holds"]
        ratio = names["rate_after"] / names["rate_before"]
        assert abs(ratio - 2) > 0.05, f"{names['theme']}: the ratio {ratio:.2f} is too near to the claim"
    assert set(holds) == themes, "all themes but cyber are drawn"
    assert set(holds.values()) == {True, False}, "a claim that holds for everyone can be answered without counting"


def test_pact_rough_dates_can_be_answered() -> None:
    events = data.load("india_japan_timeline").set_index("event_id")
    day = "2020-10-07"
    years = events[(events["date_precision"] == "year") & (events["date"].dt.year == 2020)]
    months = events[(events["date_precision"] == "month") & (events["date"].dt.strftime("%Y-%m") == day[:7])]
    unsure = [*years.index, *months.index]
    assert not unsure, f"these may lie on either side of the day, so `rough dates` is no wrong answer: {unsure}"


def test_pact_memos_quote_the_gaps() -> None:
    gaps = {f"{days:,}" for days in grade(source(PACT)).names["gaps"]}
    (memo,) = memos(source(PACT))
    texts = {"model": enclosed(memo)}
    texts |= {path.stem: path.read_text(encoding="utf-8") for path in (PACT / "teacher" / "memos").glob("*.md")}
    for name in ("model", "middling", "strong"):
        missing = [gap for gap in gaps if gap not in texts[name]]
        assert not missing, f"the {name} memo does not quote the gaps {missing}: has the data changed?"
