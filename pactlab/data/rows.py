"""Read a table's CSV file as text and hold each cell against the schema."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pactlab.data.cells import lacks
from pactlab.data.faults import Fault, nearest, quoted
from pactlab.data.package import Package, primary_key
from pactlab.errors import KitError

BOM = b"\xef\xbb\xbf"
# What a byte that is not UTF-8 becomes, so that the rest of the file can still be checked.
UNREADABLE = "\ufffd"


@dataclass(frozen=True)
class Rows:
    """A table as text, with every fault that reading it showed."""

    label: str
    """The file as messages call it, such as `data/countries.csv`."""

    lines: list[int]
    """For each row the line of the file on which it starts; the header is line 1."""

    columns: dict[str, list[str]]
    """For each column of the schema that the file has, all its cells (a missing value is empty text).

    Empty when the file could not be read to its end.
    """

    ragged: frozenset[int]
    """The lines of rows that have more or fewer cells than the header."""

    faults: list[Fault]
    """What is wrong with the file, its header, its rows and its cells."""

    def __len__(self) -> int:
        """Count the rows; the header is none."""
        return len(self.lines)

    def has(self, columns: tuple[str, ...]) -> bool:
        """Say whether the file has all these columns."""
        return all(column in self.columns for column in columns)

    def tuples(self, columns: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return the cells of these columns, row by row."""
        return list(zip(*(self.columns[column] for column in columns), strict=True))

    def without_ragged(self, faults: Iterable[Fault]) -> list[Fault]:
        """Leave out what is wrong with single cells of ragged rows: there, no cell is sure of its column."""
        return [fault for fault in faults if fault.column is None or fault.row not in self.ragged]


def read(package: Package, name: str, content: bytes | None = None) -> Rows:
    """Read one table; whatever is wrong is listed in `faults`, in the order of the file."""
    label, schema = package.label(name), package.resource(name)["schema"]
    if content is None:
        path = package.path(name)
        if not path.is_file():
            fault = Fault(label, None, None, "no file", "the table; take the kit's own copy back")
            return Rows(label, [], {}, frozenset(), [fault])
        content = path.read_bytes()
    text, faults = _decode(label, content.removeprefix(BOM))
    records, broken = _records(label, text)
    faults += broken
    if not records:
        names = ", ".join(field["name"] for field in schema["fields"])
        return Rows(label, [], {}, frozenset(), [*faults, Fault(label, 1, None, "no header", f"the columns {names}")])
    header = records[0][1]
    faults += _header_faults(label, header, [field["name"] for field in schema["fields"]])
    body = records[1:]
    ragged = frozenset(line for line, cells in body if len(cells) != len(header))
    faults += [
        Fault(label, line, None, f"{len(cells)} cells" if cells else "an empty line", f"{len(header)} cells")
        for line, cells in body
        if line in ragged
    ]
    missing = set(schema.get("missingValues", [""]))
    lines = [line for line, _ in body]
    columns = {}
    for field in schema["fields"]:
        if field["name"] in header:
            at = header.index(field["name"])
            cells_of = [cells[at] if at < len(cells) else "" for _, cells in body]
            columns[field["name"]] = ["" if cell in missing else cell for cell in cells_of]
    keys = primary_key(package.resource(name))
    for field in schema["fields"]:
        if field["name"] in columns:
            faults += _cell_faults(label, field, lines, columns[field["name"]], field["name"] in keys)
    # Behind quotes that cannot be read stand rows that nobody saw: hold no other table against what is left.
    rows = Rows(label, lines, {} if broken else columns, ragged, [])
    return replace(rows, faults=sorted(rows.without_ragged(faults), key=lambda fault: fault.row or 0))


def read_sound(package: Package, name: str, content: bytes | None = None) -> Rows:
    """Read one table; the first fault, if there is any, becomes a KitError."""
    rows = read(package, name, content)
    if rows.faults:
        raise KitError(first_of(rows.faults, f"uv run pactlab data verify {name}"))
    return rows


def first_of(faults: list[Fault], command: str) -> str:
    """Give the first fault in one line, and how many more the command would list."""
    more = f" ({len(faults) - 1} more: {command})" if len(faults) > 1 else ""
    return f"{faults[0]}{more}"


def _decode(label: str, content: bytes) -> tuple[str, list[Fault]]:
    """Decode line by line, so that each line with a bad byte gives one fault and the others stay readable."""
    lines, faults = [], []
    for row, line in enumerate(content.split(b"\n"), start=1):
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            found = f"byte {error.start + 1} of the line, 0x{line[error.start]:02x}"
            faults.append(Fault(label, row, None, found, "UTF-8; save the file with that encoding"))
            lines.append(line.decode("utf-8", errors="replace"))
    return "\n".join(lines), faults


def _records(label: str, text: str) -> tuple[list[tuple[int, list[str]]], list[Fault]]:
    """Split the text into records, each with the line on which it starts (a quoted cell may span lines)."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for cells in reader:
            records.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        expected = "quotes around a whole cell, and doubled inside it"
        return records, [Fault(label, start, None, f"quotes that cannot be read ({error})", expected)]
    return records, []


def _header_faults(label: str, header: list[str], wanted: list[str]) -> Iterator[Fault]:
    for place, column in enumerate(wanted, start=1):
        if column not in header:
            yield Fault(label, 1, column, "no such column", f"it as column {place} of {len(wanted)}")
    for column in dict.fromkeys(header):
        if column not in wanted:
            absent = [name for name in wanted if name not in header]
            expected = f"only columns that datapackage.json names{nearest(column, absent, most=1)}"
            yield Fault(label, 1, column or quoted(column), "an extra column", expected)
        elif header.count(column) > 1:
            yield Fault(label, 1, column, f"{header.count(column)} columns of that name", "one")
    if sorted(header) == sorted(wanted) and header != wanted:
        yield Fault(label, 1, None, f"the order {', '.join(header)}", f"the order {', '.join(wanted)}")


def _cell_faults(label: str, field: dict, lines: list[int], cells: list[str], key: bool) -> Iterator[Fault]:
    limits = field.get("constraints", {})
    needed = key or limits.get("required", False)
    wrong = {text: lacks(field, text) for text in set(cells) - {""} if UNREADABLE not in text}
    wrong[""] = "a value" if needed else ""
    if any(wrong.values()):
        for line, text in zip(lines, cells, strict=True):
            expected = wrong.get(text, "")
            if expected:
                yield Fault(label, line, field["name"], quoted(text) if text else "nothing", expected)
    if limits.get("unique"):
        yield from repeated(label, lines, [(text,) for text in cells], field["name"])


def repeated(label: str, lines: list[int], keys: list[tuple[str, ...]], column: str) -> Iterator[Fault]:
    """Give a fault for each row whose key an earlier row has; keys with an empty part are passed over."""
    first: dict[tuple[str, ...], int] = {}
    if len(set(keys)) == len(keys):
        return
    for line, key in zip(lines, keys, strict=True):
        if all(key) and first.setdefault(key, line) != line:
            found = " + ".join(quoted(part) for part in key)
            yield Fault(label, line, column, found, f"a value of its own, row {first[key]} has this one")
