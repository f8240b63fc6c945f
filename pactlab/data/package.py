"""Find and read `data/datapackage.json`, the list of all tables."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path, PurePosixPath

from pactlab.data.cells import SHAPE, lacks
from pactlab.data.faults import nearest
from pactlab.errors import KitError

LIST = "datapackage.json"
CONSTRAINTS = {"required", "unique", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength"}
CARD = {"kind": str, "row": str, "coverage": str, "made": str, "bias": list, "avoid": list}


@dataclass(frozen=True, eq=False)
class Package:
    """The data folder and what its `datapackage.json` says of each table."""

    folder: Path
    """The folder that holds `datapackage.json` and the CSV files."""

    resources: dict[str, dict]
    """Each table's entry in `datapackage.json`, by the table's name; nobody may change it."""

    def resource(self, name: str) -> dict:
        """Return one table's entry; an unknown name is a KitError with the nearest names."""
        if not isinstance(name, str):
            raise KitError('give a table\'s name as text, such as "countries"')
        if name in self.resources:
            return self.resources[name]
        hint = nearest(name, list(self.resources)) or f"; the tables are: {', '.join(self.resources)}"
        raise KitError(f'there is no table "{name}"{hint}')

    def path(self, name: str) -> Path:
        """Return where a table's CSV file should be."""
        return self.folder / self.resource(name)["path"]

    def label(self, name: str) -> str:
        """Return a table's file as messages call it, such as `data/countries.csv`."""
        return f"{self.folder.name}/{self.resource(name)['path']}"


def root() -> Path:
    """Return the data folder of the kit.

    The first of these that has a `datapackage.json`: the folder that the environment variable PACTLAB_DATA
    names (when it is set, no other place is tried), `data/` in the working directory or in a folder above it,
    and `data/` beside the library in a checkout. Raises KitError when there is none.
    """
    named = os.environ.get("PACTLAB_DATA")
    if named:
        folder = Path(named).expanduser().resolve()
        if not (folder / LIST).is_file():
            raise KitError(f"PACTLAB_DATA names {named}, which has no {LIST}; name the kit's data folder")
        return folder
    here = Path.cwd()
    checkout = Path(__file__).resolve().parents[2]
    for place in (here, *here.parents, checkout):
        if (place / "data" / LIST).is_file():
            return place / "data"
    raise KitError(
        f"no data/{LIST} in {here}, above it or beside the library; "
        "start in the kit's folder, or let PACTLAB_DATA name its data folder"
    )


def tables() -> list[str]:
    """Return the names of all tables, in the order of `datapackage.json`."""
    return list(package().resources)


def package() -> Package:
    """Read `datapackage.json` of the data folder; one that cannot be used is a KitError."""
    folder = root()
    # The content itself is the key, because a time of change can miss two writes that follow closely.
    return _parse(folder, (folder / LIST).read_bytes())


@lru_cache(maxsize=8)
def _parse(folder: Path, content: bytes) -> Package:
    where = f"{folder.name}/{LIST}"
    try:
        described = json.loads(content.decode("utf-8"))
    except json.JSONDecodeError as error:
        fault = f"{where}, row {error.lineno}: this is not JSON ({error.msg})"
        raise KitError(f"{fault}; mend it or take the kit's own copy back") from None
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise KitError(f"{where}, row {row}: this is not UTF-8; save the file as UTF-8") from None
    listed = described.get("resources") if isinstance(described, dict) else None
    if not isinstance(listed, list):
        raise KitError(f'{where}: there is no list "resources"; mend it or take the kit\'s own copy back')
    resources: dict[str, dict] = {}
    for place, resource in enumerate(listed, start=1):
        name = resource.get("name") if isinstance(resource, dict) else None
        if not isinstance(name, str) or name in resources:
            raise KitError(f"{where}, resource {place}: give it a name, a text that no other resource has")
        resources[name] = resource
    for name, resource in resources.items():
        try:
            wanted = next(chain(_wanted(resource), _wanted_in_schema(resource, resources)), "")
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            wanted = f"an entry does not have the form of a data package ({error!r})"
        if wanted:
            raise KitError(f'{where}, table "{name}": {wanted}')
    return Package(folder, resources)


def _wanted(resource: dict) -> Iterator[str]:
    """Say what a table's entry still needs before it can be found and described."""
    for key in ("title", "description", "path"):
        if not isinstance(resource.get(key), str):
            yield f'add "{key}", a text'
    path = PurePosixPath(resource.get("path", ""))
    if path.is_absolute() or ".." in path.parts:
        yield f'"path" must stay inside the data folder, but is {path}'
    told = resource.get("pactlab", {})
    for key, kind in CARD.items():
        if not isinstance(told.get(key), kind):
            yield f'add "{key}" under "pactlab", {"a text" if kind is str else "a list of texts"}'
    if told.get("kind") not in {"curated", "derived"}:
        yield '"kind" under "pactlab" must be "curated" or "derived"'
    if not resource.get("licenses") or "title" not in resource["licenses"][0]:
        yield 'add "licenses" with a "title"'


def _wanted_in_schema(resource: dict, resources: dict[str, dict]) -> Iterator[str]:
    """Say what a table's schema still needs before a file can be held against it."""
    schema = resource.get("schema", {})
    fields = {field.get("name"): field for field in schema.get("fields", [])}
    if not fields:
        yield 'add "fields" to "schema"'
    if len(fields) < len(schema["fields"]):
        yield "two columns have the same name"
    for column, field in fields.items():
        yield from _wanted_in_field(column, field, resources)
    for key in foreign_keys(resource):
        missing = [column for column in key.columns if column not in fields]
        if missing or not all(_exists(key.table, column, resources) for column in key.targets):
            yield f"the foreign key on {', '.join(key.columns)} names a table or column that does not exist"
    for column in primary_key(resource):
        if column not in fields:
            yield f'"primaryKey" names {column}, which is no column'


def _wanted_in_field(column: str, field: dict, resources: dict[str, dict]) -> Iterator[str]:
    """Say what the entry of one column still needs before a cell can be held against it."""
    if field.get("type") not in SHAPE:
        yield f'column {column} needs a "type" out of {", ".join(SHAPE)}'
    if not field.get("description"):
        yield f'column {column} needs a "description"'
    limits = field.get("constraints", {})
    if not CONSTRAINTS.issuperset(limits):
        unknown = ", ".join(sorted(set(limits) - CONSTRAINTS))
        yield f"column {column} has a constraint that nothing checks: {unknown}"
    if not isinstance(limits.get("enum", []), list):
        yield f'column {column} needs a list as its "enum"'
    for bound in ("minimum", "maximum"):
        if bound in limits and lacks({"type": field["type"]}, str(limits[bound])):
            yield f'column {column} has a "{bound}" that is not of type {field["type"]}'
    try:
        re.compile(limits.get("pattern", ""))
    except re.error as error:
        yield f'column {column} has a "pattern" that cannot be read ({error})'
    if "list_of" in field and not _exists(*list_target(field), resources):
        yield f'column {column} has "list_of" {field["list_of"]}, which is no table.column'


def _exists(table: str, column: str, resources: dict[str, dict]) -> bool:
    fields = resources.get(table, {}).get("schema", {}).get("fields", [])
    return any(field.get("name") == column for field in fields)


@dataclass(frozen=True)
class ForeignKey:
    """Columns whose values must all stand in another table."""

    columns: tuple[str, ...]
    """The columns that point."""

    table: str
    """The table they point to."""

    targets: tuple[str, ...]
    """The columns there, in the same order."""


def primary_key(resource: dict) -> tuple[str, ...]:
    """Return the columns of a table's primary key; a table without one gives an empty tuple."""
    return _several(resource.get("schema", {}).get("primaryKey", ()))


def foreign_keys(resource: dict) -> list[ForeignKey]:
    """Return the foreign keys of a table; an empty resource name means the table itself."""
    return [
        ForeignKey(
            columns=_several(key["fields"]),
            table=key["reference"]["resource"] or resource["name"],
            targets=_several(key["reference"]["fields"]),
        )
        for key in resource.get("schema", {}).get("foreignKeys", [])
    ]


def list_target(field: dict) -> tuple[str, str]:
    """Return the table and column in which every id of a `list_of` column must stand."""
    table, _, column = field["list_of"].partition(".")
    return table, column


def _several(names: str | list[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
