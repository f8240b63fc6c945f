"""The recipe of incident_counts: which incident counts where, and what a wrong file is told."""

import json
import zipfile
from pathlib import Path

import pytest
from made_recipes import UPSTREAM, needs_upstream, recipe

from pactlab.data import root
from pactlab.errors import KitError

VCDB = "vcdb_joined_blackfist_2020-03-07.json.zip"


def record(number: int, states: list[str], industry: str, action: str, year: int = 2013) -> dict:
    return {
        "incident_id": f"incident-{number}",
        "timeline": {"incident": {"year": year}},
        "victim": {"country": states, "industry": industry},
        "action": {action: {"variety": ["Unknown"]}},
    }


def zipped(folder: Path, content: object, member: str = "vcdb.json") -> Path:
    path = folder / "vcdb.json.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, json.dumps(content))
    return path


def test_incident_counts_on_a_made_sample(tmp_path):
    sample = [
        record(1, ["NZ"], "522110", "error"),
        record(2, ["NZ"], "522110", "hacking"),
        record(2, ["NZ"], "522110", "hacking"),  # stands twice
        record(3, ["IN", "JP"], "221112", "malware", 2016),
        record(4, ["BR"], "221310", "social"),  # not a party of the kit
        record(5, ["CK"], "921190", "hacking"),
    ]
    counts = recipe("incident_counts").build(zipped(tmp_path, sample), fewest=1)
    rows = [tuple(row) for row in counts[["iso3", "year", "sector_group", "n", "attacks"]].itertuples(index=False)]
    assert rows == [
        ("COK", 2013, "other", 1, 1),
        ("IND", 2016, "power", 1, 1),
        ("JPN", 2016, "power", 1, 1),
        ("NZL", 2013, "finance", 2, 1),
    ]


@pytest.mark.parametrize(
    ("content", "member", "message"),
    [
        ([], "vcdb.json", "0 records, a truncated copy; expected at least 8000"),
        ({}, "vcdb.json", "not a list of records"),
        ([], "other.json", "holds no vcdb.json"),
        ([{"incident_id": "1"}] * 8000, "vcdb.json", "record 0 is not in the VERIS form"),
    ],
)
def test_incident_counts_say_what_they_expected(tmp_path, content, member, message):
    with pytest.raises(KitError, match=message):
        recipe("incident_counts").build(zipped(tmp_path, content, member))


def test_a_wrong_file_leaves_the_table_alone(tmp_path):
    table = tmp_path / "incident_counts.csv"
    table.write_text("as it was\n", encoding="utf-8")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(SystemExit, match="cannot be read"):
        recipe("incident_counts").main([str(broken), "--to", str(table)])
    assert table.read_text(encoding="utf-8") == "as it was\n"
    assert {path.name for path in tmp_path.iterdir()} == {"incident_counts.csv", "broken.zip"}


@needs_upstream
def test_incident_counts_are_made_again_byte_for_byte(tmp_path):
    made = tmp_path / "incident_counts.csv"
    recipe("incident_counts").main([str(Path(UPSTREAM, VCDB)), "--to", str(made)])
    assert made.read_bytes() == (root() / "incident_counts.csv").read_bytes()
