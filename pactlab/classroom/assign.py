"""Hand an exercise out: the notebook without answers, the tables it needs, and a page on how to work on it."""

from __future__ import annotations

import copy
import itertools
import json
import logging
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

from pactlab import data, files
from pactlab.classroom.course import Course, student
from pactlab.classroom.edition import zipped
from pactlab.classroom.exercise import STUDENT_ID, Exercise
from pactlab.data.package import LIST, foreign_keys, list_target, package
from pactlab.errors import KitError

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOTEBOOK_KEEPS = {"kernelspec", "language_info", "pactlab"}
PACTLAB_KEEPS = {"data", "draw"}
CELL_KEEPS = {"nbgrader", "deletable", "editable"}

MARKER = re.compile(r"^\s*#{2,}\s*(BEGIN|END)\b *(.*?)\s*$", re.MULTILINE)
PAIRS = {"SOLUTION", "HIDDEN TESTS"}

HOWTO = "HOWTO.md"


def released(exercise: Exercise) -> NotebookNode:
    """Return the notebook that students get: no solutions, no hidden checks, no outputs, the rest locked.

    It is what nbgrader's GenerateAssignment makes of the source, by its own preprocessors and the kit's settings, but
    needs no gradebook: those that write to it (SaveCells), start a kernel (InstantiateTests) or put in a header that
    the kit does not have (IncludeHeaderFooter) are left out. It is made from `exercise.notebook`, where the draws are
    those of the metadata. Of the notebook's metadata stay kernelspec, language_info, and `data` and `draw` of pactlab.
    Raises KitError, and so hands out nothing, when a marker stands alone or is misspelt, when nbgrader refuses the
    source, and when what is drawn from is no list.
    """
    _markers_hold(exercise)
    notebook = copy.deepcopy(exercise.notebook)
    try:
        from nbgrader import preprocessors as nbgrader
        from nbgrader.nbgraderformat import SchemaTooNewError, SchemaTooOldError, ValidationError

        # In the order of GenerateAssignment; checksums last, so that they are those of the cells as handed out.
        steps = [
            nbgrader.LockCells,
            nbgrader.ClearSolutions,
            nbgrader.ClearOutput,
            nbgrader.CheckCellMetadata,
            nbgrader.ClearHiddenTests,
            nbgrader.ClearMarkScheme,
            nbgrader.ComputeChecksums,
            nbgrader.CheckCellMetadata,
        ]
    except ModuleNotFoundError as problem:
        raise KitError("nbgrader is not installed; in the kit's folder run: uv sync --extra classroom") from problem
    quiet = logging.Logger("release")  # nbgrader would print the whole cell, solution and all
    quiet.addHandler(logging.NullHandler())
    config = Course(Path()).config()
    resources: dict = {}
    try:
        for step in steps:
            notebook, resources = step(config=config, log=quiet)(notebook, resources)
    except (RuntimeError, ValueError, ValidationError, SchemaTooOldError, SchemaTooNewError) as problem:
        raise KitError(f"{exercise.name}: nbgrader refuses the source: {_first_line(problem)}") from problem
    notebook.metadata = _only(notebook.metadata, NOTEBOOK_KEEPS)
    notebook.metadata.pactlab = _only(notebook.metadata.pactlab, PACTLAB_KEEPS)
    for cell in notebook.cells:
        cell.metadata = _only(cell.metadata, CELL_KEEPS)
    return notebook


def assign(
    exercise: Exercise,
    to: Path,
    students: Iterable[str] | None = None,
    data_too: bool = True,
    say: Callable[[str], None] = lambda line: None,
) -> list[Path]:
    """Write an exercise's bundle to the folder `to`; return the files that are new or changed, in order.

    The bundle is `to/NN_topic/`: the notebook, which asks for the student's id; `data/`, the tables it needs and those
    they point to, with their part of datapackage.json; HOWTO.md. `to/NN_topic.zip` holds the same, for the school's
    system: one file for all. students: ids, or a roster by id; then each gets `NN_topic/ID/NN_topic.ipynb` with the id
    filled in, beside the one `data/`, and the zip stays the one for all. data_too: False leaves the tables out, for
    students who have the kit's own. say: takes a line for each student who is passed over, and why.
    A second run changes nothing. What else lies in the folder stays; a notebook in which somebody wrote is never
    replaced. A new bundle appears whole or not at all.
    Raises KitError when the source is not sound (see `released`), a table is not as sealed, or a place is taken.
    """
    notebook, folder = released(exercise), to / exercise.name
    if to.exists() and not to.is_dir():
        raise KitError(f"{to}: is a file; name a folder for the bundle")
    if folder.resolve() == exercise.path.parent.resolve():
        raise KitError(f"{to}: holds the sources of the exercises; name another folder for the bundle")
    own = f"{exercise.name}.ipynb"
    shared = {HOWTO: _howto(exercise, data_too).encode()}
    if data_too:
        shared |= {f"data/{name}": content for name, content in tables_of(exercise).items()}
    for_all = {own: _written(notebook), **shared}
    if students is None:
        if not _replaceable(folder / own):
            raise KitError(f"{folder / own}: somebody wrote in it; move it away, or name another folder")
        bundle: Iterable[tuple[str, bytes]] = for_all.items()
    else:
        ids = _sound_ids(students, folder, own, say)
        theirs = ((f"{name}/{own}", _written(_with_id(notebook, name))) for name in ids)
        bundle = itertools.chain(shared.items(), theirs)
    place = to / f"{exercise.name}.zip"
    packed = zipped({f"{exercise.name}/{name}": content for name, content in for_all.items()})
    try:
        changed = _put(bundle, folder)
        return [*changed, place] if _replace(place, packed) else changed
    except OSError as problem:
        raise KitError(f"{problem.filename or to}: {problem.strerror}; name a folder that can be written") from problem


def tables_of(exercise: Exercise) -> dict[str, bytes]:
    """Return the data folder that an exercise needs: file name to content, with a datapackage.json of these alone.

    Its tables, and all that foreign keys and lists of ids lead to from there (sources, countries); the recipes of
    derived ones with what recipes share, since `data.verify` asks for them. Raises KitError when one is not as sealed.
    """
    kit = package()
    names = _with_targets(exercise.tables)
    if faults := data.verify(names):
        raise KitError(f"{exercise.name} is not handed out: {faults[0]}")
    described = json.loads((kit.folder / LIST).read_text(encoding="utf-8"))
    described["resources"] = [entry for entry in described["resources"] if entry["name"] in names]
    held = {LIST: (json.dumps(described, indent=1, ensure_ascii=False) + "\n").encode()}
    held |= {kit.resource(name)["path"]: kit.path(name).read_bytes() for name in names}
    recipes = {recipe for name in names if (recipe := kit.resource(name)["pactlab"].get("recipe"))}
    for recipe in sorted(recipes):
        beside = (kit.folder / recipe).parent.glob("_*.py")
        for path in [kit.folder / recipe, *beside]:
            held[path.relative_to(kit.folder).as_posix()] = path.read_bytes()
    return held


def _with_targets(tables: list[str]) -> list[str]:
    """Name tables and all that they point to, in the order of the data package."""
    kit, found, ahead = package(), set(), list(tables)
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            entry = kit.resource(name)
            ahead += [key.table for key in foreign_keys(entry)]
            ahead += [list_target(field)[0] for field in entry["schema"]["fields"] if "list_of" in field]
    return [name for name in kit.resources if name in found]


def _markers_hold(exercise: Exercise) -> None:
    """Refuse a source in which a marker has no partner: what it should hide would be handed out."""
    for cell in exercise.notebook.cells:
        found = MARKER.findall(cell.source)
        paired = [word for _, name in found[::2] for word in (("BEGIN", name), ("END", name))]
        if found != paired or not {name for _, name in found} <= PAIRS:
            said = ", ".join(" ".join(word) for word in found)
            raise KitError(
                f"{exercise.name}, cell {cell.id}: its markers are {said}; wanted are ### BEGIN and ### END "
                "of SOLUTION or of HIDDEN TESTS, in pairs"
            )


def _only(metadata: NotebookNode, kept: set[str]) -> NotebookNode:
    return nbformat.from_dict({key: value for key, value in metadata.items() if key in kept})


def _first_line(problem: Exception) -> str:
    return next(iter(str(problem).strip().splitlines()), type(problem).__name__)


def _with_id(notebook: NotebookNode, student_id: str) -> NotebookNode:
    own = copy.deepcopy(notebook)
    for cell in own.cells:
        if cell.id == STUDENT_ID:
            cell.source = f"student_id = {json.dumps(student_id, ensure_ascii=False)}"
    return own


def _written(notebook: NotebookNode) -> bytes:
    return (nbformat.writes(notebook) + "\n").encode()


def _howto(exercise: Exercise, data_too: bool) -> str:
    """Write the page for students, from the template beside this file and the head of the notebook."""
    head = exercise.notebook.cells[0].source
    template = Path(__file__).with_name("howto.md").read_text(encoding="utf-8")
    title = head.splitlines()[0].lstrip("# ")
    asked = re.search(r"\*\*(\d+ points, \d+ to \d+ minutes\.)\*\*", head)
    return template.format(
        title=title,
        name=exercise.name,
        minutes=f"{asked[1]} " if asked else "",
        with_data=" and `data/`, the tables it uses. Keep the two together" if data_too else "",
    )


def _sound_ids(students: Iterable[str], folder: Path, own: str, say: Callable[[str], None]) -> list[str]:
    """Return the ids that can have a folder of their own; say of the others why not."""
    taken = {"data": "the folder of the tables", HOWTO.lower(): "the page for students", own.lower(): "the notebook"}
    ids = []
    for text in students:
        try:
            name = student(text)
        except KitError as problem:
            say(str(problem))
            continue
        if name.casefold() in taken:
            # Windows and macOS take Anna and anna for one folder.
            say(f"{name}: passed over, since {taken[name.casefold()]} has that name already; give another id")
        elif not _replaceable(folder / name / own):
            say(f"{name}: passed over, since somebody wrote in {folder / name / own}; move it away")
        else:
            ids.append(name)
        taken.setdefault(name.casefold(), f"the student {name}")
    return ids


def _replaceable(place: Path) -> bool:
    """Say whether a notebook is missing, or as it was handed out: each answer has the checksum that nbgrader wrote.

    A source, which has no checksums, is not: so a bundle never lands on the exercises themselves.
    """
    if not place.exists():
        return True
    from nbgrader.utils import compute_checksum

    try:
        cells = [cell for cell in nbformat.read(place, as_version=4).cells if "nbgrader" in cell.metadata]
    except (OSError, ValueError, nbformat.reader.NotJSONError, AttributeError):
        return False
    answers = [cell for cell in cells if cell.metadata.nbgrader.get("solution")]
    held = [cell.metadata.nbgrader.get("checksum") == compute_checksum(cell) for cell in answers]
    return bool(held) and all(held)


def _put(bundle: Iterable[tuple[str, bytes]], folder: Path) -> list[Path]:
    """Write files into a folder: a new folder whole or not at all, an older one file by file. Return what changed."""
    if folder.exists():
        return [folder / name for name, content in bundle if _replace(folder / name, content)]
    beside = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(beside, ignore_errors=True)  # of a run that was killed
    try:
        names = [name for name, content in bundle if _replace(beside / name, content)]
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return [folder / name for name in names]


def _replace(place: Path, content: bytes) -> bool:
    place.parent.mkdir(parents=True, exist_ok=True)
    return files.replace(place, content)
