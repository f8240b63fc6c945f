"""The library's rooms: what may import what, how modules are called, and no pyplot anywhere."""

import ast
import json
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = [
    "errors",
    "files",
    "models",
    "data",
    "classroom",
    "charts",
    "show",
    "explore",
    "lessons",
    "web",
    "pack",
    "cli",
]  # each may import from those before it
FILES = sorted(path.relative_to(ROOT) for path in (ROOT / "pactlab").rglob("*.py"))
NOTEBOOKS = sorted(
    path.relative_to(ROOT)
    for folder in ("lessons", "exercises")
    for path in (ROOT / folder).rglob("*.ipynb")
    if ".ipynb_checkpoints" not in path.parts
)
MODULES = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}
IN_ROOMS = sorted(MODULES.keys() - {"pactlab", "pactlab.__main__"})


def source_of(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def named_in(node: ast.AST, package: list[str]) -> list[str]:
    """Name the modules that one import statement asks for."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = package[: len(package) - node.level + 1] if node.level else []
        origin = ".".join([*base, *([node.module] if node.module else [])])
        inner = [f"{origin}.{alias.name}" for alias in node.names]
        return [name if name in MODULES else origin for name in inner]
    return []


def imports(module: str) -> Iterator[str]:
    """Name the kit's modules that a module imports, also inside its functions."""
    path = MODULES[module]
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source_of(path))):
        yield from (name for name in named_in(node, package) if name in MODULES)


@pytest.mark.parametrize("module", IN_ROOMS)
def test_a_room_imports_only_from_rooms_below(module: str) -> None:
    room = module.split(".")[1]
    assert room in ROOMS, f"pactlab/{room} is a new room: put it in its place in ROOMS, tests/test_rooms.py."
    allowed = ROOMS[: ROOMS.index(room) + 1]
    wrong = [name for name in imports(module) if name != "pactlab" and name.split(".")[1] not in allowed]
    assert not wrong, f"{MODULES[module]} imports {wrong}, but {room} may use only {allowed}."


def test_the_front_door_imports_no_room() -> None:
    """Else each `import pactlab.errors` would load pandas and matplotlib."""
    assert not list(imports("pactlab")), "pactlab/__init__.py: import no room there."


def test_no_imports_in_a_circle() -> None:
    graph = {module: set(imports(module)) - {module} for module in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"These import each other in a circle; move what they share into one below: {error.args[1]}")


def test_every_module_is_named_after_what_it_does() -> None:
    vague = [str(path) for path in FILES if {path.stem, *path.parts} & {"utils", "util", "helpers", "misc"}]
    assert not vague, f"Name these after a word of the field: {vague}"


def code_of(path: Path) -> str:
    if path.suffix == ".py":
        return source_of(path)
    cells = json.loads(source_of(path))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


@pytest.mark.parametrize("path", [*FILES, *NOTEBOOKS], ids=lambda path: path.as_posix())
def test_no_pyplot(path: Path) -> None:
    """pyplot keeps figures in a list nobody sees: memory fills, and a cell depends on the ones run before."""
    found = re.findall(r"^\s*(?:import|from)\b.*\bpy(?:plot|lab)\b.*", code_of(path), flags=re.MULTILINE)
    assert not found, f"{path} says {found}. Take axes from pactlab.charts, or draw with `ax=`."
