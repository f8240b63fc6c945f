"""Change a fifth of the numbers in a lesson's table, and the lesson turns red: nothing in it is typed in by hand."""

import csv
import json
import random
import shutil
from pathlib import Path

import pytest

from pactlab import show
from pactlab.data import root, verify
from pactlab.lessons.check import check
from pactlab.show.lesson import folder

LESSONS = sorted(folder().glob("[0-9][0-9]_*.ipynb"))
RESOURCES = {one["name"]: one for one in json.loads((root() / "datapackage.json").read_text("utf-8"))["resources"]}
SHARE = 5  # every fifth row, drawn with a fixed seed
WORDS = {"source_ids", "confidence", "date_precision"}


def numbers_of(name: str) -> list[dict]:
    """Name the columns of counts and measures: no keys, no codes, no places on a map."""
    schema = RESOURCES[name]["schema"]
    keys = {*schema.get("primaryKey", []), "lat", "lon", "position"}
    return [field for field in schema["fields"] if field["type"] in {"integer", "number"} and field["name"] not in keys]


def words_of(name: str) -> list[dict]:
    """Name the columns with a fixed list of values, for a table that counts nothing."""
    fields = RESOURCES[name]["schema"]["fields"]
    return [one for one in fields if "enum" in one.get("constraints", {}) and one["name"] not in WORDS]


def other(cell: str, field: dict) -> str:
    """Return another value that the column's own rules allow."""
    rules = field.get("constraints", {})
    if "enum" in rules:
        values = rules["enum"]
        return values[(values.index(cell) + 1) % len(values)]
    value = float(cell)
    grown = value * 1.5 + 1
    new = grown if grown <= rules.get("maximum", grown) else max(value / 2, rules.get("minimum", value / 2))
    return str(round(new)) if field["type"] == "integer" else f"{new:g}"


def change(data: Path, name: str) -> int:
    """Change the numbers (or, where there are none, the words) in a fifth of a table's rows; return how many cells."""
    path = data / RESOURCES[name]["path"]
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    fields, changed = numbers_of(name) or words_of(name), 0
    for row in random.Random(name).sample(rows, max(2, len(rows) // SHARE)):
        for field in fields:
            cell = row[field["name"]]
            row[field["name"]] = other(cell, field) if cell else cell
            changed += row[field["name"]] != cell
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return changed


def table_of(path: Path) -> str:
    """Choose the lesson's first table that counts or measures something, else its first with fixed words."""
    tables = show.lesson_card(path.stem).data
    return next((name for name in tables if numbers_of(name)), None) or next(filter(words_of, tables))


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_turns_red_when_its_table_changes(path, tmp_path, monkeypatch):
    data, name = Path(shutil.copytree(root(), tmp_path / "data")), table_of(path)
    assert change(data, name), f"{name}: nothing was changed"
    monkeypatch.setenv("PACTLAB_DATA", str(data))
    faults = [str(fault) for fault in verify([name]) if "sealed" not in fault.expected]
    assert not faults, "the changed table obeys its own rules, so that only the lesson can turn red"
    (result,) = check([path], workers=1)
    assert not result.ok, f"{name}: a fifth of its numbers changed, and {path.stem} still says the same"
