"""What is handed out: as nbgrader would make it, whole, and never over somebody's work."""

import copy
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbgrader.converters import GenerateAssignment
from test_exercises import course, grade, work

from pactlab import classroom, data
from pactlab.classroom import exercise as sources
from pactlab.classroom.assign import HOWTO, assign, released, tables_of
from pactlab.classroom.exercise import Exercise
from pactlab.errors import KitError
from pactlab.lessons.run import read

NAMES = sources.names()
EXERCISE = "04_counting_incidents"
NOTEBOOK = f"{EXERCISE}.ipynb"


@pytest.fixture
def exercise() -> Exercise:
    return sources.find(EXERCISE)


def all_in(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, hidden ones too."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def with_cell(exercise: Exercise, cell_id: str, old: str, new: str) -> Exercise:
    """The exercise with some words of a cell changed."""
    notebook = copy.deepcopy(exercise.notebook)
    (cell,) = [cell for cell in notebook.cells if cell.id == cell_id]
    assert old in cell.source
    cell.source = cell.source.replace(old, new)
    return Exercise(exercise.name, exercise.path, notebook)


def with_source(tmp_path: Path, change: Callable[[dict], None]) -> Path:
    """A copy of the source whose JSON a teacher has changed."""
    notebook = json.loads(sources.find(EXERCISE).path.read_text(encoding="utf-8"))
    change(notebook)
    place = tmp_path / NOTEBOOK
    place.write_text(json.dumps(notebook), encoding="utf-8")
    return place


# The notebook


@pytest.mark.parametrize("name", ["03_critical_sectors", EXERCISE, "20_capstone_brief"])
def test_it_is_what_nbgrader_makes(name: str, tmp_path: Path) -> None:
    """To the last checksum: whoever goes on with nbgrader's own tools notices no difference."""
    work(GenerateAssignment, course(tmp_path), name, ".")
    theirs = read(tmp_path / "release" / name / f"{name}.ipynb")
    ours = released(sources.find(name))
    assert ours.cells == theirs.cells
    assert ours.metadata == theirs.metadata


def test_notes_in_metadata_stay_with_the_teacher(exercise: Exercise) -> None:
    notebook = copy.deepcopy(exercise.notebook)
    notebook.metadata.answers = notebook.metadata.pactlab.hint = "the key"
    notebook.cells[0].metadata.tags = ["the key"]
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.outputs, cell.execution_count = [nbformat.v4.new_output("stream", text="the key")], 1
    made = released(Exercise(exercise.name, exercise.path, notebook))
    assert "the key" not in nbformat.writes(made)
    assert made == released(exercise)
    assert notebook.metadata.answers == "the key", "the exercise itself was changed"


@pytest.mark.parametrize(
    ("cell_id", "old", "new"),
    [
        ("q1", "### END SOLUTION", ""),
        ("q1", "### BEGIN SOLUTION\n", ""),
        ("q1-totals", "### END HIDDEN TESTS", "### END HIDDEN TEST"),
        ("q1-totals", "HIDDEN TESTS", "HIDDEN TEST"),
        ("q1-totals", "### BEGIN HIDDEN", "## BEGIN  HIDDEN TESTS\n### BEGIN HIDDEN"),
    ],
)
def test_a_marker_that_hides_nothing_stops_it(
    exercise: Exercise, tmp_path: Path, cell_id: str, old: str, new: str
) -> None:
    with pytest.raises(KitError, match=f"04_counting_incidents, cell {cell_id}: its markers are ") as problem:
        assign(with_cell(exercise, cell_id, old, new), tmp_path / "out")
    assert "\n" not in str(problem.value)
    assert not (tmp_path / "out").exists()


def test_what_nbgrader_refuses_is_one_line(exercise: Exercise, capfd: pytest.CaptureFixture) -> None:
    broken = with_cell(exercise, "set-up", "import pandas as pd", "### BEGIN SOLUTION\nsecret = 1\n### END SOLUTION")
    with pytest.raises(KitError, match="nbgrader refuses the source: Solution region detected") as problem:
        released(broken)
    assert "\n" not in str(problem.value)
    assert capfd.readouterr() == ("", ""), "nbgrader prints the cell, answer and all"


# A question changed in one place


def draws(**changed: object) -> Callable[[dict], None]:
    return lambda notebook: notebook["metadata"]["pactlab"]["draw"].update(changed)


def test_a_changed_list_reaches_students_and_checks(tmp_path: Path) -> None:
    """`state` and `series` stand in the set-up as written by us; the metadata say something else."""
    changed = sources.read(with_source(tmp_path, draws(state=["IND", "JPN"])))
    made = released(changed)
    (set_up,) = [cell.source for cell in made.cells if cell.id == "set-up"]
    assert "STATES = ['IND', 'JPN']\n" in set_up
    assert '"MYS"' not in set_up
    assert made.metadata.pactlab.draw.state == ["IND", "JPN"]
    mine = {name: classroom.draw(name, "state", ["IND", "JPN"]) for name in ("s1", "s2", "s3", "s4")}
    assert set(mine.values()) == {"IND", "JPN"}
    for name, state in mine.items():
        solved = grade(changed.notebook, name)
        assert solved.names["state"] == solved.names["_state"] == state, "set-up and hidden checks draw the same"
        assert not solved.faults
        assert grade(made, name).names["state"] == state


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"state": []}, r"pactlab.draw, 'state': is \[\]; write a list of options"),
        ({"state": "MYS"}, "pactlab.draw, 'state': is \"MYS\"; write a list of options"),
        ({"state": ["MYS", "MYS"]}, "pactlab.draw, 'state': has an option twice"),
        ({"states": ["MYS", "KOR"]}, "pactlab.draw, 'states': no cell draws it; nearest: state"),
    ],
    ids=["empty", "no list", "twice", "misspelt"],
)
def test_a_broken_list_is_one_line(tmp_path: Path, changed: dict, says: str) -> None:
    with pytest.raises(KitError, match=says) as problem:
        released(sources.read(with_source(tmp_path, draws(**changed))))
    assert "\n" not in str(problem.value)


def test_a_list_that_is_missing_is_one_line(tmp_path: Path) -> None:
    place = with_source(tmp_path, lambda notebook: notebook["metadata"]["pactlab"]["draw"].pop("state"))
    with pytest.raises(KitError, match=r"cell set-up: .* do not say what 'state' draws from"):
        sources.read(place)


def test_tables_that_nobody_lists_are_one_line(tmp_path: Path) -> None:
    place = with_source(tmp_path, lambda notebook: notebook["metadata"]["pactlab"].pop("data"))
    with pytest.raises(KitError, match=r"pactlab\.data, do not list the tables"):
        released(sources.read(place))


# The bundle


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All exercises, unpacked from the zips that teachers upload."""
    to = tmp_path_factory.mktemp("bundles")
    for name in NAMES:
        assign(sources.find(name), to / "teacher")
        with zipfile.ZipFile(to / "teacher" / f"{name}.zip") as archive:
            archive.extractall(to / "student")
        assert all_in(to / "student" / name) == all_in(to / "teacher" / name), "zip and folder hold the same"
    return to / "student"


@pytest.mark.parametrize("name", NAMES)
def test_a_bundle_runs_on_its_own(name: str, bundles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables are those of the bundle, and the visible checks of a blank notebook say what to do."""
    monkeypatch.delenv("PACTLAB_DATA", raising=False)
    monkeypatch.chdir(bundles / name)
    assert data.root() == Path.cwd() / "data"
    assert data.verify() == []
    assert set(sources.read(Path(f"{name}.ipynb")).tables) <= set(data.tables())
    blank = grade(read(Path(f"{name}.ipynb")), "s12")
    assert blank.faults
    assert all("replace the dots" in str(fault) for fault in blank.faults.values()), blank.faults


def test_a_bundle_holds_what_is_needed_and_no_more(bundles: Path) -> None:
    found = {path.relative_to(bundles / EXERCISE).as_posix() for path in (bundles / EXERCISE).rglob("*.*")}
    tables = {f"data/{name}.csv" for name in sources.find(EXERCISE).tables}
    recipes = {f"data/recipes/{name}.py" for name in ("_files", "incident_counts", "tracker_counts")}
    assert found == {NOTEBOOK, HOWTO, "data/datapackage.json", "data/sources.csv"} | tables | recipes


def test_the_page_for_students(bundles: Path) -> None:
    text = (bundles / EXERCISE / HOWTO).read_text(encoding="utf-8")
    assert text.startswith("# Exercise 04: counting incidents\n\n26 points, 75 to 90 minutes. This folder holds `04_")
    assert "{" not in text
    for said in ("uv run pactlab lab", "Restart Kernel and Run All Cells", "Do not rename", "`data/`, the tables"):
        assert said in text


def test_without_the_tables(exercise: Exercise, tmp_path: Path) -> None:
    assign(exercise, tmp_path, data_too=False)
    assert set(all_in(tmp_path / EXERCISE)) == {NOTEBOOK, HOWTO}
    assert "data/" not in (tmp_path / EXERCISE / HOWTO).read_text(encoding="utf-8")


def test_a_table_that_is_not_as_sealed_is_not_handed_out(
    exercise: Exercise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(data.root(), tmp_path / "data")
    with (tmp_path / "data" / "countries.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    monkeypatch.setenv("PACTLAB_DATA", str(tmp_path / "data"))
    with pytest.raises(KitError, match=r"04_counting_incidents is not handed out: data/countries\.csv, row "):
        tables_of(exercise)


# A roster


def test_each_student_gets_a_notebook(exercise: Exercise, tmp_path: Path) -> None:
    assign(exercise, tmp_path / "one")
    made = assign(exercise, tmp_path / "many", {"s1": object(), "Zoë@school": object()})
    folder = tmp_path / "many" / EXERCISE
    assert {path.name for path in folder.iterdir()} == {HOWTO, "data", "s1", "Zoë@school"}
    for name in ("s1", "Zoë@school"):
        notebook = read(folder / name / NOTEBOOK)
        (cell,) = [cell for cell in notebook.cells if cell.id == sources.STUDENT_ID]
        assert cell.source == f'student_id = "{name}"'
        assert [one for one in notebook.cells if one != cell] == [
            one for one in released(exercise).cells if one.id != sources.STUDENT_ID
        ]
        assert folder / name / NOTEBOOK in made
    zips = [tmp_path / kind / f"{EXERCISE}.zip" for kind in ("one", "many")]
    assert zips[0].read_bytes() == zips[1].read_bytes(), "one file for all, the same with a roster"


def test_one_bad_id_is_one_line(exercise: Exercise, tmp_path: Path) -> None:
    said: list[str] = []
    assign(exercise, tmp_path, ["s1", "../../s2", "Data", "S1", "", "s3"], say=said.append)
    assert {path.parent.name for path in tmp_path.glob(f"*/*/{NOTEBOOK}")} == {"s1", "s3"}
    assert len(said) == 4
    assert all("\n" not in line for line in said)
    assert "'../../s2' cannot be a student's id" in said[0]
    assert "Data: passed over, since the folder of the tables" in said[1]
    assert "S1: passed over, since the student s1 has that name" in said[2]


# Run again


@pytest.mark.parametrize("students", [None, ["s1", "s2"]], ids=["without roster", "with roster"])
def test_a_second_run_changes_nothing(exercise: Exercise, tmp_path: Path, students: list[str] | None) -> None:
    assert len(assign(exercise, tmp_path, students)) > 10
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in tmp_path.rglob("*") if path.is_file()}
    assert assign(exercise, tmp_path, students) == []
    after = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before


def test_what_is_not_ours_stays(exercise: Exercise, tmp_path: Path) -> None:
    assign(exercise, tmp_path)
    others = [tmp_path / "marks.csv", tmp_path / EXERCISE / "notes.md", tmp_path / EXERCISE / "data" / "mine.txt"]
    for place in others:
        place.write_text("mine", encoding="utf-8")
    changed = assign(with_cell(exercise, "q1-text", "three lists", "four lists"), tmp_path)
    assert changed == [tmp_path / EXERCISE / NOTEBOOK, tmp_path / f"{EXERCISE}.zip"]
    assert [place.read_text(encoding="utf-8") for place in others] == ["mine"] * 3


def worked_in(place: Path) -> bytes:
    notebook = read(place)
    (cell,) = [cell for cell in notebook.cells if cell.id == "q1"]
    cell.source = "totals = 5"
    nbformat.write(notebook, place)
    return place.read_bytes()


def test_answers_are_never_overwritten(exercise: Exercise, tmp_path: Path) -> None:
    assign(exercise, tmp_path)
    answers = worked_in(tmp_path / EXERCISE / NOTEBOOK)
    with pytest.raises(KitError, match="somebody wrote in it"):
        assign(exercise, tmp_path)
    assert (tmp_path / EXERCISE / NOTEBOOK).read_bytes() == answers


def test_one_students_answers_stop_nobody_else(exercise: Exercise, tmp_path: Path) -> None:
    assign(exercise, tmp_path, ["s1", "s2"])
    answers, said = worked_in(tmp_path / EXERCISE / "s1" / NOTEBOOK), []
    newer = with_cell(exercise, "q1-text", "three lists", "four lists")
    changed = assign(newer, tmp_path, ["s1", "s2"], say=said.append)
    assert (tmp_path / EXERCISE / "s1" / NOTEBOOK).read_bytes() == answers
    assert (tmp_path / EXERCISE / "s2" / NOTEBOOK) in changed
    assert len(said) == 1
    assert said[0].startswith("s1: passed over, since somebody wrote in ")


def test_a_source_is_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "exercises" / EXERCISE
    shutil.copytree(sources.find(EXERCISE).path.parent, place)
    before = all_in(tmp_path)
    for students in (None, ["s1"]):
        with pytest.raises(KitError, match="holds the sources of the exercises"):
            assign(sources.read(place / NOTEBOOK), tmp_path / "exercises", students)
    with pytest.raises(KitError, match="somebody wrote in it"):
        assign(sources.find(EXERCISE), tmp_path / "exercises")
    assert all_in(tmp_path) == before


def test_a_half_made_bundle_is_not_left(exercise: Exercise, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tmp_path / f".{EXERCISE}.new" / "of a run that was killed"
    left.mkdir(parents=True)
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name.startswith("sources.csv"):
            raise OSError(28, "No space left on device", str(path))
        return write(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(KitError, match="No space left on device"):
            assign(exercise, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assign(exercise, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {EXERCISE, f"{EXERCISE}.zip"}


def test_a_place_that_is_no_folder(exercise: Exercise, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for to in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(KitError, match="name a folder"):
            assign(exercise, to)
    assert os.listdir(tmp_path) == ["file"]
