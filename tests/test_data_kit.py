"""The kit's own tables: sound by our checks and by those of the Frictionless library, and typed as stated."""

import json
import re
from pathlib import Path

import frictionless
import pytest

from pactlab import data

DATA = Path(__file__).resolve().parent.parent / "data"
RESOURCES = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))["resources"]
NAMES = [resource["name"] for resource in RESOURCES]
# Lists of names judge nothing; every other table that is written by hand does.
LISTS = {"countries", "glossary", "sources"}
CURATED = [resource for resource in RESOURCES if resource["pactlab"]["kind"] == "curated"]
JUDGING = [resource for resource in CURATED if resource["name"] not in LISTS]
DTYPES = {
    "string": "str",
    "integer": "Int64",
    "year": "Int64",
    "number": "float64",
    "boolean": "boolean",
    "date": "datetime64[us]",
}


@pytest.fixture(autouse=True)
def kit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the kit's own data, whatever the variable says."""
    monkeypatch.setenv("PACTLAB_DATA", str(DATA))


def test_no_table_has_a_fault() -> None:
    faults = "\n".join(str(fault) for fault in data.verify())
    assert not faults, f"Run `uv run pactlab data verify` and mend:\n{faults}"


def test_the_page_of_all_cards_is_fresh() -> None:
    written = (DATA / "README.md").read_text(encoding="utf-8")
    assert written == data.page(), "Run `uv run pactlab data seal`."


def test_the_package_is_a_frictionless_data_package() -> None:
    """Other programs can read the folder too: nothing in it is known to our library alone."""
    report = frictionless.validate(DATA / "datapackage.json")
    assert report.valid, report.flatten(["type", "rowNumber", "fieldName", "message"])


@pytest.mark.parametrize("resource", RESOURCES, ids=NAMES)
def test_a_table_loads_with_the_types_it_states(resource: dict) -> None:
    frame = data.load(resource["name"])
    fields = resource["schema"]["fields"]
    listed = [field["type"] == "string" and "enum" in field.get("constraints", {}) for field in fields]
    expected = [
        "category" if in_a_list else DTYPES[field["type"]] for field, in_a_list in zip(fields, listed, strict=True)
    ]
    assert list(frame.columns) == [field["name"] for field in fields]
    assert [str(dtype) for dtype in frame.dtypes] == expected
    assert len(frame) == data.card(resource["name"]).rows > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_card_fits_a_screen(name: str) -> None:
    lines = str(data.card(name)).splitlines()
    assert len(lines) <= 40, f"{name}: {len(lines)} lines; say less in datapackage.json."
    long = [line for line in lines if len(line) > 88 and "https://" not in line]
    assert not long, "Only an address may be wider than 88 characters."


@pytest.mark.parametrize("name", NAMES)
def test_a_card_says_what_must_not_be_done(name: str) -> None:
    card = data.card(name)
    assert card.bias, f'{name}: fill "bias" under "pactlab" in datapackage.json.'
    assert card.avoid, f'{name}: fill "avoid" under "pactlab" in datapackage.json.'
    assert card.licence, f"{name}: say the licence, or that the publisher states none."


@pytest.mark.parametrize("resource", JUDGING, ids=lambda resource: resource["name"])
def test_a_curated_row_names_its_sources_and_confidence(resource: dict) -> None:
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    assert fields["source_ids"].get("list_of") == "sources.source_id"
    assert fields["source_ids"].get("constraints", {}).get("required"), "No row without a source."
    assert fields["confidence"]["constraints"]["enum"] == ["high", "medium", "low"]


def test_every_source_can_be_cited() -> None:
    link = re.compile(r'\[.+, .+\]\((https?://[^\s()]+|#Sources) "[a-z0-9_-]+"\)')
    links = [data.cite(source_id) for source_id in data.load("sources")["source_id"]]
    broken = [text for text in links if not link.fullmatch(text)]
    assert not broken, f"Mend these rows in data/sources.csv: {broken}"
