"""The students' edition: the kit in one zip, without exercises, answers and the teacher's pages."""

from __future__ import annotations

import io
import posixpath
import re
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pactlab import data, files
from pactlab.data.package import LIST, package
from pactlab.errors import KitError

AS_THEY_ARE = (
    "CITATION.cff",
    "LICENSE",
    "LICENSE-content",
    "environment.yml",
    "lessons/glossary.md",
    "data/README.md",
    f"data/{LIST}",
    "data/recipes/*.py",
    "pactlab/**/*.py",
    "pactlab/classroom/*.css",
    "pactlab/classroom/*.j2",
    "pactlab/classroom/*.md",
    "pactlab/classroom/desk_pages/**/*",
    "pactlab/cli/jupyter/labconfig/*.json",
    "pactlab/pack/template/*",
    "web/vendor/land/*",
)
"""What students get as it stands; tables, lessons, README.md and pyproject.toml are added by `contents`.

The whole library is among it, though students do not mark: its other rooms and commands import each other, it holds
no answers, and without `exercises/` its commands for teachers say so and stop. The tables are those of the data
package, not every CSV file: a teacher may keep a list of marks in the same folder.
"""

LESSON = re.compile(r"\d\d_[a-z0-9_]+\.ipynb")
"""A lesson's file name; a copy that JupyterLab made (`04_counting_incidents-Copy1.ipynb`) has another."""

FOR_TEACHERS = ("dependency-groups", "tool.pytest.ini_options", "tool.ruff")
"""Tables of pyproject.toml that only tests and teachers need: with them `uv run` would install nbgrader and pytest."""

FROM_README = ("The lessons", "Cite, use, report")
LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\((?![a-z]+:|#)([^)#\s\"]+)(#[^)\s\"]*)?\)")
"""A link to a file, in Markdown or in a notebook's JSON: its text and its target."""

STAMP = (1980, 1, 1, 0, 0, 0)
FILE_MODE = 0o100644


@dataclass(frozen=True)
class Edition:
    """A students' edition as it was packed."""

    path: Path
    """The zip."""
    files: int
    """How many files it holds."""
    bytes: int
    """Its size."""


def edition(to: Path) -> Edition:
    """Pack the students' edition as `pactlab-VERSION.zip` in the folder `to`, or as `to` if that ends in .zip.

    All lies in one folder `pactlab-VERSION/`, so that `pip install` takes the zip as it is. An edition that is there
    already is replaced as a whole. The same tree gives the same bytes, under one build of Python: another zlib may
    press otherwise.
    Raises KitError where the kit is not whole, or `to` is a file.
    """
    held = contents(data.root().parent)
    top = f"pactlab-{tomllib.loads(held['pyproject.toml'].decode())['project']['version']}"
    packed = zipped({f"{top}/{name}": content for name, content in held.items()})
    place = to if to.suffix == ".zip" else to / f"{top}.zip"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        files.replace(place, packed)
    except OSError as problem:
        raise KitError(f"{problem.filename or to}: {problem.strerror}; name a folder that can be written") from problem
    return Edition(place, len(held), len(packed))


def contents(kit: Path) -> dict[str, bytes]:
    """Return the files of the edition: path in the kit, with slashes, to content; sorted by path.

    kit: the teachers' kit. Raises KitError when a part of it is missing.
    """
    held = {}
    for name in [*_as_they_are(kit), "README.md", "pyproject.toml"]:
        if not (kit / name).is_file():
            raise _not_whole(kit, name)
        held[name] = (kit / name).read_bytes()
    held["pyproject.toml"] = _without(FOR_TEACHERS, held["pyproject.toml"].decode()).encode()
    held["README.md"] = _readme(held["README.md"].decode()).encode()
    for name in [name for name in held if name == "README.md" or name.startswith("lessons/")]:
        held[name] = _without_dead_links(name, held[name].decode(), held).encode()
    return dict(sorted(held.items()))


def zipped(held: Mapping[str, bytes]) -> bytes:
    """Return a zip of the files, by their paths in it: sorted, with one date and one mode, so always the same."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(held.items()):
            entry = zipfile.ZipInfo(name, STAMP)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on every system: else the mode would not count
            entry.external_attr = FILE_MODE << 16
            archive.writestr(entry, content)
    return packed.getvalue()


def _as_they_are(kit: Path) -> list[str]:
    found = []
    for pattern in AS_THEY_ARE:
        here = [path.relative_to(kit).as_posix() for path in kit.glob(pattern) if path.is_file()]
        here = [name for name in here if not re.search(r"(^|/)[.]|__pycache__/", name)]
        if not here:
            raise _not_whole(kit, pattern)
        found += here
    lessons = [path.name for path in (kit / "lessons").glob("*.ipynb") if LESSON.fullmatch(path.name)]
    tables = [entry["path"] for entry in package().resources.values()]
    return [*found, *(f"lessons/{name}" for name in lessons), *(f"data/{name}" for name in tables)]


def _not_whole(kit: Path, missing: str) -> KitError:
    return KitError(f"{kit.name}/{missing} is missing: take the kit's own copy back, then pack again")


def _without(tables: tuple[str, ...], text: str) -> str:
    """Leave tables out of a TOML text, with their own tables; each begins with its name at the start of a line."""
    parts = re.split(r"(?m)^(?=\[)", text)
    return "".join(part for part in parts if not re.match(rf"\[({'|'.join(map(re.escape, tables))})[.\]]", part))


def _readme(readme: str) -> str:
    """Make the students' README: the kit's first words and the parts of its README that are for everybody."""
    parts = {part.partition("\n")[0].strip(): part for part in re.split(r"(?m)^## ", readme)}
    missing = [heading for heading in FROM_README if heading not in parts]
    if missing:
        raise KitError(f"README.md has no heading '## {missing[0]}': the students' README takes that part from it")
    title, claim = readme.split("\n\n")[:2]
    own = Path(__file__).with_name("edition.md").read_text(encoding="utf-8")
    return "\n\n".join([title, claim, own.strip(), *(f"## {parts[heading].strip()}" for heading in FROM_README)]) + "\n"


def _without_dead_links(name: str, text: str, held: Mapping[str, bytes]) -> str:
    """Leave only the words of a link to what students do not get, such as role cards."""

    def kept(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), link[2]))
        inside = target in held or any(one.startswith(f"{target}/") for one in held)
        return link[0] if inside else link[1]

    return LINK.sub(kept, text)
