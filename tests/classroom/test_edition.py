"""What students get: no answer and nothing of the teacher's, and a kit that works by itself."""

import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pactlab import data
from pactlab.classroom import exercise as sources
from pactlab.classroom.assign import assign
from pactlab.classroom.edition import contents, edition
from pactlab.classroom.exercise import REGION
from pactlab.errors import KitError

KIT = data.root().parent
PROJECT = tomllib.loads((KIT / "pyproject.toml").read_text(encoding="utf-8"))
TOP = f"pactlab-{PROJECT['project']['version']}"
NAMES = sources.names()

NO_ANSWERS = {
    # Lesson 03 shows and explains this method; the exercise asks for another group and year.
    'low = yearly[group] / yearly["any sector"] * 100': "03_critical_sectors",
    'high = (yearly[group] + yearly["multiple sectors"]) / yearly["any sector"] * 100': "03_critical_sectors",
    # A word of the table un_votes, which the set-up of exercise 11 gives to everybody.
    'missing = "absent or not recorded"': "20_capstone_brief",
}
"""Lines of a solution that students meet elsewhere, and rightly so; to the exercise whose solution it is."""


def unpacked(packed: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(packed) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return edition(tmp_path_factory.mktemp("edition")).path


@pytest.fixture(scope="module")
def handed_out(packed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Every file that any student gets: the edition's, and those of every bundle, with and without a roster."""
    held, to = unpacked(packed), tmp_path_factory.mktemp("bundles")
    for name in NAMES:
        assign(sources.find(name), to, ["s1"])
        held |= unpacked(to / f"{name}.zip")
        held[f"{name}/s1"] = (to / name / "s1" / f"{name}.ipynb").read_bytes()
    return held


# No answers


def texts(value: object) -> Iterator[str]:
    """Every text in a JSON value; a list of texts, as notebooks keep a cell's lines, is one text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and all(isinstance(one, str) for one in value):
        yield "".join(value)
        yield from value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts(one)


def lines(text: str) -> set[str]:
    """The lines that say something: a bracket or `else:` alone does not."""
    found = (line.strip() for line in text.splitlines())
    return {line for line in found if len(re.findall(r"\w", line)) >= 5}


def lines_of(name: str, content: bytes) -> set[str]:
    if b"\0" in content:  # coastlines
        return set()
    text = content.decode("utf-8")
    notebook = name.endswith((".ipynb", "/s1"))
    return set().union(*(lines(one) for one in texts(json.loads(text)))) if notebook else lines(text)


@pytest.fixture(scope="module")
def students_lines(handed_out: dict[str, bytes]) -> dict[str, set[str]]:
    return {name: lines_of(name, content) for name, content in handed_out.items()}


def shown(name: str) -> set[str]:
    return set().union(*(lines(REGION.sub("", cell.source)) for cell in sources.find(name).notebook.cells))


def secret(name: str) -> set[str]:
    """The lines of solutions and hidden checks that stand nowhere outside of them."""
    hidden = (match[2] for cell in sources.find(name).notebook.cells for match in REGION.finditer(cell.source))
    return set().union(*(lines(text) for text in hidden)) - shown(name)


@pytest.mark.parametrize("name", NAMES)
def test_no_line_of_an_answer(name: str, students_lines: dict[str, set[str]]) -> None:
    answers = secret(name)
    assert len(answers) > 20, "the source has solutions and hidden checks"
    found = {place: held for place, here in students_lines.items() if (held := here & (answers - set(NO_ANSWERS)))}
    assert not found, f"lines of solutions or hidden checks of {name} are handed out: {found}"


@pytest.mark.parametrize("name", NAMES)
def test_no_line_of_the_teachers_folder(name: str, students_lines: dict[str, set[str]]) -> None:
    """Marked memos and specimens; of the rubric, the part that students do not see."""
    pages = [path for path in sources.find(name).teacher.rglob("*") if path.is_file()]
    theirs = set().union(*(lines(page.read_text(encoding="utf-8")) for page in pages)) - shown(name) - set(NO_ANSWERS)
    assert len(theirs) > 20
    found = {place: held for place, here in students_lines.items() if (held := here & theirs)}
    assert not found, f"lines of {name}/teacher are handed out: {found}"


@pytest.mark.parametrize("line", NO_ANSWERS)
def test_exceptions_are_still_needed(line: str, students_lines: dict[str, set[str]]) -> None:
    assert line in secret(NO_ANSWERS[line]), "no line of that solution any more: take it out of NO_ANSWERS"
    assert any(line in here for here in students_lines.values()), "handed out nowhere: take it out of NO_ANSWERS"


def test_an_answer_would_be_seen(packed: Path) -> None:
    """The search itself works: it finds each source, and each marked memo, when they are among the files."""
    source = sources.find("04").path
    assert lines_of(source.name, source.read_bytes()) >= secret("04")
    one_cell = {"cells": [{"source": ["x = 1\n", "  counts = totals.sum()"]}, {"outputs": [{"text": "the answer"}]}]}
    assert lines_of("a.ipynb", json.dumps(one_cell).encode()) == {"counts = totals.sum()", "the answer"}


def test_nothing_of_the_teachers_by_name(handed_out: dict[str, bytes]) -> None:
    private = re.compile(
        r"teacher|rubric|specimen|memos|role_cards|exercises/|tests/|course/|my_evidence|gradebook|/\."
    )
    library = re.compile(r"[^/]+/pactlab/")  # it has pages on which teachers mark, empty ones
    assert not [name for name in handed_out if private.search(name) and not library.match(name)]
    told = [name for name, content in handed_out.items() if name.endswith("ipynb") and b"### BEGIN" in content]
    assert not told, f"notebooks with a marker: {told}"


# What goes in, and what does not


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A teacher's copy of the kit, without git."""
    kit = tmp_path / "kit"
    kit.mkdir()
    for path in KIT.iterdir():
        if path.is_dir() and path.name in {"lessons", "data", "pactlab", "web", "exercises", "classroom"}:
            shutil.copytree(path, kit / path.name, copy_function=shutil.copyfile)
        elif path.is_file() and not path.name.startswith("."):
            shutil.copyfile(path, kit / path.name)
    monkeypatch.setenv("PACTLAB_DATA", str(kit / "data"))
    return kit


def test_same_tree_same_bytes(copied: Path, packed: Path, tmp_path: Path) -> None:
    """Another folder, other times of change, other rights."""
    for path in copied.rglob("*.py"):
        path.chmod(0o600)
        os.utime(path, (0, 0))
    made = edition(tmp_path / "out")
    assert made.path.name == packed.name == f"{TOP}.zip"
    assert made.path.read_bytes() == packed.read_bytes()
    assert made.bytes == made.path.stat().st_size
    assert made.files == len(unpacked(made.path))
    before = made.path.stat().st_mtime_ns
    assert edition(tmp_path / "out") == made
    assert made.path.stat().st_mtime_ns == before, "a second run writes nothing"


def test_everybody_may_read_what_is_unpacked(packed: Path) -> None:
    with zipfile.ZipFile(packed) as archive:
        assert {oct(entry.external_attr >> 16) for entry in archive.infolist()} == {"0o100644"}
        assert archive.namelist() == sorted(archive.namelist())


def test_what_a_teacher_keeps_beside_the_kit_stays_there(copied: Path) -> None:
    before = contents(copied)
    for name in (
        "course/submitted/s1/04_counting_incidents/04_counting_incidents.ipynb",
        "course/gradebook.db",
        "lessons/my_evidence.csv",
        "lessons/04_counting_incidents-Copy1.ipynb",
        "lessons/solutions.md",
        "lessons/.ipynb_checkpoints/04_counting_incidents-checkpoint.ipynb",
        "data/marks.csv",
        "data/recipes/.ipynb_checkpoints/x.py",
        "pactlab/.env.py",
        "pactlab/classroom/__pycache__/assign.py",
        "marks.csv",
        ".venv/lib/pactlab/x.py",
        "04_counting_incidents/data/sources.csv",
    ):
        (copied / name).parent.mkdir(parents=True, exist_ok=True)
        (copied / name).write_text("mine", encoding="utf-8")
    assert contents(copied) == before


def test_every_lesson_and_table_is_there(packed: Path) -> None:
    held = set(unpacked(packed))
    lessons = {f"{TOP}/lessons/{path.name}" for path in (KIT / "lessons").glob("[0-9]*.ipynb")}
    assert len(lessons) == len(NAMES)
    assert held >= lessons | {f"{TOP}/data/{name}.csv" for name in data.tables()}
    code = {f"{TOP}/{path.relative_to(KIT).as_posix()}" for path in (KIT / "pactlab").rglob("*") if path.is_file()}
    wanted = {name for name in code if "__pycache__" not in name and "/." not in name}
    assert wanted <= held, "pactlab/ holds a file of a kind that AS_THEY_ARE in edition.py does not name"


@pytest.mark.parametrize("name", ["LICENSE-content", "README.md", "lessons/glossary.md", "data/sources.csv"])
def test_a_kit_that_is_not_whole(name: str, copied: Path, tmp_path: Path) -> None:
    (copied / name).unlink()
    with pytest.raises(KitError, match="is missing"):
        edition(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_readme_without_its_headings(copied: Path) -> None:
    text = (copied / "README.md").read_text(encoding="utf-8")
    (copied / "README.md").write_text(text.replace("## The lessons", "## Lessons"), encoding="utf-8")
    with pytest.raises(KitError, match="no heading '## The lessons'"):
        contents(copied)


def test_the_zip_can_be_named(packed: Path, tmp_path: Path) -> None:
    made = edition(tmp_path / "below" / "kit.zip")
    assert made.path == tmp_path / "below" / "kit.zip"
    assert made.path.read_bytes() == packed.read_bytes()


def test_a_place_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for to in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(KitError, match="name a folder"):
            edition(to)


# The students' kit works by itself


def test_every_link_leads_somewhere(packed: Path) -> None:
    held, gone = unpacked(packed), []
    for name in (name for name in held if name.endswith((".md", ".ipynb"))):
        text = held[name].decode("utf-8").replace('\\"', '"')
        targets = re.findall(r"\]\(<?([^)\s>\"]+)", text) + re.findall(r"(?:src|href)=\"([^\"]+)\"", text)
        for target in (re.split("[#?]", target)[0] for target in targets if not re.match(r"[a-z]+:|#", target)):
            place = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
            if place not in held and not any(one.startswith(f"{place}/") for one in held):
                gone.append(f"{name}: {target}")
    assert not gone


def test_the_students_readme(packed: Path) -> None:
    text = unpacked(packed)[f"{TOP}/README.md"].decode("utf-8")
    assert "pip install uv && uv run pactlab lab" in text
    assert "figures/" not in text
    assert "uv run pytest" not in text
    assert text.count("](lessons/") == len(NAMES)


def test_pyproject_lacks_what_only_tests_need(packed: Path) -> None:
    """Else `uv run` would install nbgrader and pytest for every student."""
    theirs = tomllib.loads(unpacked(packed)[f"{TOP}/pyproject.toml"].decode("utf-8"))
    assert theirs["project"] == PROJECT["project"]
    assert theirs["build-system"] == PROJECT["build-system"]
    tools = {name: PROJECT["tool"][name] for name in ("hatch", "uv", "pactlab")}
    assert theirs["tool"] == tools
    assert "dependency-groups" not in theirs


TRIAL = """
import sys
sys.modules["nbgrader"] = None  # a student has none
from pathlib import Path
import pactlab
from pactlab import charts, classroom, data, explore, lessons, models, show
from pactlab.cli import main
from pactlab.lessons.run import execute, read
here = Path.cwd()
assert Path(pactlab.__file__).is_relative_to(here) and data.root() == here / "data"
assert data.verify() == []
names = {"__name__": "__main__"}
for cell in read(here / "lessons" / "00_start_here.ipynb").cells:
    if cell.cell_type == "code":
        execute(cell.source, names, cell.id)
try:
    from pactlab.classroom.exercise import find
    find("04")
except pactlab.errors.KitError as problem:
    print(problem)
"""


def test_it_runs_without_the_teachers_kit(packed: Path, tmp_path: Path) -> None:
    """With the packages that are installed here; what pip and uv make of the zip, a release tries."""
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path)
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PACTLAB_")}
    run = subprocess.run(
        [sys.executable, "-c", TRIAL],
        cwd=tmp_path / TOP,
        env=alone | {"PYTHONPATH": str(tmp_path / TOP), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip().endswith(
        "this kit has no exercises/ (it is the students' edition); use the teachers' kit"
    )
