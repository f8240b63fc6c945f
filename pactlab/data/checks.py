"""Hold every table against `datapackage.json`, its hash and the tables it points to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial

from pactlab.data.cells import lacks
from pactlab.data.faults import Fault, nearest, quoted
from pactlab.data.package import (
    LIST,
    ForeignKey,
    Package,
    foreign_keys,
    list_target,
    package,
    primary_key,
)
from pactlab.data.rows import BOM, Rows, read, repeated

FIRST_OF_PERIOD = {
    "month": ("-01", "the first day of the month"),
    "year": ("-01-01", "1 January of the year"),
}


def verify(names: Iterable[str] | None = None) -> list[Fault]:
    """Return every fault of the named tables, or of all tables when none is named, in one run.

    Checked are: the file, its encoding and line ends, the header, each row and cell, the keys, ids in other
    tables, dates that stand for a month or year, the recipe of a derived table, the hash; when no table is
    named, also CSV files that are no table. Raises KitError for an unknown name, and for a `datapackage.json`
    that cannot be used.
    """
    kit = package()
    wanted = chosen(kit, names)
    faults = content_faults(kit, wanted) + [fault for name in wanted for fault in _seal_faults(kit, name)]
    return faults if names else faults + list(_strangers(kit))


def chosen(kit: Package, names: Iterable[str] | None) -> list[str]:
    """Return the names as a list, or all tables when none is named; an unknown name is a KitError."""
    wanted = [names] if isinstance(names, str) else list(names or kit.resources)
    for name in wanted:
        kit.resource(name)
    return wanted


def content_faults(kit: Package, names: list[str]) -> list[Fault]:
    """Return every fault of the tables except those of the seal: table by table, in the order of its file."""
    rows_of = cache(partial(read, kit))
    faults: list[Fault] = []
    for name in names:
        found = rows_of(name).without_ragged(_table_faults(kit, name, rows_of))
        faults += sorted(found, key=lambda fault: fault.row or 0)
    # Two tables that point to the same broken one both report it.
    return list(dict.fromkeys(faults))


def _table_faults(kit: Package, name: str, rows_of: Callable[[str], Rows]) -> Iterator[Fault]:
    entry, rows = kit.resource(name), rows_of(name)
    yield from rows.faults
    yield from _save_faults(kit, name)
    yield from _key_faults(rows, primary_key(entry))
    for key in foreign_keys(entry):
        yield from _foreign_faults(rows, key, rows_of(key.table))
    for field in entry["schema"]["fields"]:
        if "list_of" in field:
            yield from _list_faults(rows, field, rows_of(list_target(field)[0]))
    yield from _period_faults(rows)
    yield from _recipe_faults(kit, name)


def _seal_faults(kit: Package, name: str) -> list[Fault]:
    """Return the fault of a table that is not the one whose hash and size `datapackage.json` holds, if so."""
    path, entry = kit.path(name), kit.resource(name)
    if not path.is_file():
        return []
    size, sha256 = measure(path.read_bytes())
    mend = f"as sealed in {LIST}; if the change is meant, run: uv run pactlab data seal {name}"
    sealed = entry.get("hash", "").removeprefix("sha256:")
    if sha256 != sealed:
        expected = f"{sealed[:12]} {mend}" if sealed else f"one {mend}"
        return [Fault(kit.label(name), None, None, f"sha256 {sha256[:12]}", expected)]
    if size != entry.get("bytes"):
        return [Fault(kit.label(name), None, None, f"{size} bytes", f"{entry.get('bytes', 'a size')} {mend}")]
    return []


def measure(content: bytes) -> tuple[int, str]:
    """Return what a seal holds of a file: its size in bytes and its SHA-256 as hexadecimal digits."""
    return len(content), hashlib.sha256(content).hexdigest()


def _save_faults(kit: Package, name: str) -> Iterator[Fault]:
    """Give a fault for what a spreadsheet program adds when it saves: a byte order mark, CR line ends."""
    path, label = kit.path(name), kit.label(name)
    content = path.read_bytes() if path.is_file() else b""
    if content.startswith(BOM):
        yield Fault(label, 1, None, "a byte order mark", "none; save the file as UTF-8 without BOM")
    if b"\r" in content:
        row = content.count(b"\n", 0, content.index(b"\r")) + 1
        yield Fault(label, row, None, "a Windows line end (CR)", "LF alone; save the file with Unix line ends")


def _key_faults(rows: Rows, columns: tuple[str, ...]) -> Iterator[Fault]:
    if columns and rows.has(columns):
        yield from repeated(rows.label, rows.lines, rows.tuples(columns), "+".join(columns))


def _foreign_faults(rows: Rows, key: ForeignKey, target: Rows) -> Iterator[Fault]:
    if not rows.has(key.columns):
        return
    if not target.has(key.targets):
        yield from target.faults
        return
    known = dict.fromkeys(target.tuples(key.targets))
    name = "+".join(f"{key.table}.{column}" for column in key.targets)
    for line, values in zip(rows.lines, rows.tuples(key.columns), strict=True):
        if all(values) and values not in known:
            found = " + ".join(quoted(value) for value in values)
            hint = nearest(values[0], [first for first, *_ in known]) if len(values) == 1 else ""
            yield Fault(rows.label, line, "+".join(key.columns), found, f"a value of {name}{hint}")


def _list_faults(rows: Rows, field: dict, target: Rows) -> Iterator[Fault]:
    column, (_, id_column) = field["name"], list_target(field)
    if not rows.has((column,)):
        return
    if not target.has((id_column,)):
        yield from target.faults
        return
    known = dict.fromkeys(target.columns[id_column])
    for line, cell in zip(rows.lines, rows.columns[column], strict=True):
        ids = cell.split(";") if cell else []
        if any(one != one.strip() or not one for one in ids):
            yield Fault(rows.label, line, column, quoted(cell), 'ids with ";" between, no spaces, none empty')
            continue
        for one in dict.fromkeys(ids):
            if one not in known:
                expected = f"an id of {field['list_of']}{nearest(one, list(known))}"
                yield Fault(rows.label, line, column, quoted(one), expected)
            elif ids.count(one) > 1:
                yield Fault(rows.label, line, column, quoted(one), f"each id once, not {ids.count(one)} times")


def _period_faults(rows: Rows) -> Iterator[Fault]:
    """Give a fault for a date that stands for a month or a year and is not that period's first day."""
    columns = ("date", "date_precision")
    if not rows.has(columns):
        return
    for line, (day, precision) in zip(rows.lines, rows.tuples(columns), strict=True):
        ending, expected = FIRST_OF_PERIOD.get(precision, ("", ""))
        if day and not lacks({"type": "date"}, day) and not day.endswith(ending):
            expected = f"{expected}, since date_precision is {precision}"
            yield Fault(rows.label, line, "date", quoted(day), expected)


def _recipe_faults(kit: Package, name: str) -> Iterator[Fault]:
    told, label = kit.resource(name)["pactlab"], f"{kit.folder.name}/{LIST}, table {name}"
    recipe, expected = told.get("recipe"), "the recipe that computes the table"
    if told["kind"] == "derived" and not recipe:
        yield Fault(label, None, None, "no recipe", expected)
    elif recipe and not (kit.folder / recipe).is_file():
        yield Fault(label, None, None, f"no file {recipe}", expected)


def _strangers(kit: Package) -> Iterator[Fault]:
    """Give a fault for each CSV file in the folder that no table names."""
    named = {kit.path(name) for name in kit.resources}
    for path in sorted(kit.folder.glob("*.csv")):
        if path not in named:
            label = f"{kit.folder.name}/{path.name}"
            yield Fault(label, None, None, "a file that is no table", f"an entry in {LIST}, or no such file")
