"""What tests of recipes share: a recipe as a module, a small upstream file, the folder of real ones."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest
from pandas import DataFrame

from pactlab.data import root
from pactlab.errors import KitError

RECIPES = root() / "recipes"
UPSTREAM = os.environ.get("PACTLAB_UPSTREAM")

needs_upstream = pytest.mark.skipif(not UPSTREAM, reason="PACTLAB_UPSTREAM does not name the folder of upstream files")


def recipe(name: str) -> ModuleType:
    """Load the recipe of a table as a module."""
    if str(RECIPES) not in sys.path:  # as for a script that runs there: recipes share a module beside them
        sys.path.insert(0, str(RECIPES))
    spec = importlib.util.spec_from_file_location(name, RECIPES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sheet(folder: Path, header: str, *lines: str) -> Path:
    """Write a small upstream CSV file: its header, then its lines."""
    path = folder / "upstream.csv"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def listed(table: DataFrame) -> list[tuple]:
    """Return the rows of a table as tuples."""
    return [tuple(row) for row in table.itertuples(index=False)]


def refuses_wrong_files(name: str, folder: Path, header: str) -> None:
    """Hold a recipe of one CSV file to its messages: no file, other columns, a quote left open, no rows."""
    build = recipe(name).build
    with pytest.raises(KitError, match="no such file; expected "):
        build(folder / "none.csv")
    with pytest.raises(KitError, match=r"has no column .*; expected "):
        build(sheet(folder, "iso3,year", "JPN,2020"))
    with pytest.raises(KitError, match=r"cannot be read .*; expected .*, complete"):
        build(sheet(folder, "iso3,year", '"JPN,2020'))
    with pytest.raises(KitError, match=r"0 rows, a truncated copy; expected at least \d+"):
        build(sheet(folder, header))
