"""The recipe of `attribution_claims`: from made samples, from wrong files, and from the real files where they are."""

import csv
from pathlib import Path

import pandas as pd
import pytest
from made_recipes import UPSTREAM, listed, needs_upstream, recipe

from pactlab.data import root
from pactlab.errors import KitError

FIRST = "EuRepoC_Global_Database_1.1.csv"
SECOND = "eurepoc_dashboard_initiators_2023-12-04.csv"
ONE_ROW = {"August 2023": 1, "December 2023": 1}
FIRM, GOVERNMENT = "IT-security community attributes attacker", "Attribution by receiver government / state entity"


def sheet(folder: Path, name: str, rows: list[dict]) -> Path:
    path = folder / name
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def incident(key="1", victims="['India']", initiators="['China']", actors="['State']", basis=FIRM) -> dict:
    """One row of version 1.1: its lists are written as text."""
    return {
        "ID": key,
        "description": "A story\nof two lines",
        "receiver_country": victims,
        "initiator_country": initiators,
        "initiator_category": actors,
        "attribution_basis": basis,
    }


def line(key="1", victim="India", initiator="China", actor="State", name="A group") -> dict:
    """One row of the file behind the dashboard."""
    return {
        "ID": key,
        "receiver_country": victim,
        "initiator_country": initiator,
        "initiator_category": actor,
        "initiator_name": name,
    }


def build(folder: Path, first: list[dict], second: list[dict]) -> list[tuple]:
    made = recipe("attribution_claims")
    return listed(made.build(sheet(folder, "first.csv", first), sheet(folder, "second.csv", second), ONE_ROW))


def test_first_snapshot_pairs_lists_and_counts_an_incident_once(tmp_path):
    found = build(
        tmp_path,
        [
            # China twice; a victim outside the region, and none that is named
            incident(
                "1", "['India', 'India', 'Germany', 'Unknown']", "['China', 'China']", "['Non-state-group', 'State']"
            ),
            # lists of unlike length: either initiator may be either kind; the only named victim is India
            incident("2", "['India', 'Not available']", "['Turkey', 'Unknown']", "['Individual hacker(s)']", ""),
        ],
        [line(victim="Germany")],
    )
    assert found == [
        ("August 2023", "IND", "China", "CHN", "state", "firm", True, 1),
        ("August 2023", "IND", "Türkiye", "", "non-state", "no claim recorded", False, 1),
        ("August 2023", "IND", "any initiator", "", "non-state", "no claim recorded", False, 1),
        ("August 2023", "IND", "any initiator", "", "state", "firm", True, 1),
        ("August 2023", "IND", "unknown", "", "non-state", "no claim recorded", False, 1),
    ]


def test_second_snapshot_has_no_claimant(tmp_path):
    found = build(
        tmp_path,
        [incident(victims="['Germany']")],
        [
            line("7", "Korea, Republic of", "Korea, Democratic People's Republic of", "Non-state-group"),
            line("7", "Korea, Republic of", "Korea, Democratic People's Republic of", "State", "B group"),
            line("7", "Korea, Republic of", "Asia (region)", "", ""),
            line("7", "Japan", "", "", ""),
        ],
    )
    assert found == [
        ("December 2023", "JPN", "any initiator", "", "not attributed", "", True, 1),
        ("December 2023", "JPN", "left blank", "", "not attributed", "", True, 1),
        ("December 2023", "KOR", "North Korea", "PRK", "state", "", True, 1),
        ("December 2023", "KOR", "a region or group, no state", "", "not attributed", "", True, 1),
        ("December 2023", "KOR", "any initiator", "", "state", "", True, 1),
    ]


@pytest.mark.parametrize(
    ("basis", "words"),
    [
        (f"{FIRM}; {GOVERNMENT}; Attacker confirms", "firm and government"),
        (f"{GOVERNMENT}; Attribution by third-party", "government"),
        (f"Attacker confirms; {FIRM}", "firm"),
        ("Media-based attribution; Attribution by EU institution/agency", "third party"),
        ("Receiver attributes attacker; Media-based attribution", "media"),
        ("Receiver attributes attacker; Attacker confirms", "victim"),
        ("None; Attacker confirms", "attacker alone"),
        ("Contested attribution", "no claim recorded"),
        ("", "no claim recorded"),
    ],
)
def test_several_claimants_together(basis, words):
    assert recipe("attribution_claims").claimed_by(basis) == words


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ({"basis": "A hunch"}, {}, r"first\.csv: row 2, column attribution_basis: found 'A hunch'; expected claims of"),
        ({"victims": "India"}, {}, r"row 2, column receiver_country: found 'India'; expected a list such as"),
        ({"actors": "['State"}, {}, "row 2, column initiator_category"),
        ({"initiators": "[1]"}, {}, "row 2, column initiator_country"),
        ({"key": "1"}, {}, "row 2, column ID: found '1'; expected each incident once"),
        (
            {"initiators": "['Atlantis']"},
            {},
            "incident 2, column initiator_country: found 'Atlantis'; expected a label",
        ),
        ({}, {"initiator": "Atlantis"}, r"second\.csv: incident 9, column initiator_country: found 'Atlantis'"),
        ({}, {"actor": "Robot"}, "incident 9, column initiator_category: found 'Robot'"),
        ({}, {"key": ""}, r"second\.csv: row 2, column ID: found ''; expected a number"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path, first, second, message):
    with pytest.raises(KitError, match=message):
        build(tmp_path, [incident(), incident(**{"key": "2", **first})], [line(), line(**{"key": "9", **second})])


def test_a_label_of_no_victim_here_does_no_harm(tmp_path):
    first = incident("2", "['Germany']", "['Atlantis']")
    assert len(build(tmp_path, [incident(), first], [line(), line("9", "Germany", "Atlantis")])) == 4


def test_wrong_files_are_refused(tmp_path):
    made, first, second = recipe("attribution_claims"), [incident()], [line()]
    with pytest.raises(KitError, match=r"first\.csv: 1 rows, a truncated copy; expected at least 1600"):
        made.build(sheet(tmp_path, "first.csv", first), sheet(tmp_path, "second.csv", second * 7_000))
    with pytest.raises(KitError, match=r"second\.csv: 1 rows, a truncated copy; expected at least 7000"):
        made.build(sheet(tmp_path, "first.csv", first), sheet(tmp_path, "second.csv", second))
    with pytest.raises(KitError, match=r"second\.csv: has no column attribution_basis; expected EuRepoC_Global"):
        made.build(sheet(tmp_path, "second.csv", second), sheet(tmp_path, "other.csv", second), ONE_ROW)
    with pytest.raises(KitError, match="no such file; expected the initiators of the EuRepoC dashboard"):
        made.build(sheet(tmp_path, "first.csv", first), tmp_path / "absent.csv", ONE_ROW)


def test_the_shipped_rows_are_unique():
    table = pd.read_csv(root() / "attribution_claims.csv", dtype=str, keep_default_na=False)
    assert not table.drop(columns="n").duplicated().any()


@needs_upstream
def test_the_real_files_give_the_shipped_table(tmp_path):
    table = tmp_path / "attribution_claims.csv"
    recipe("attribution_claims").main([str(Path(UPSTREAM) / FIRST), str(Path(UPSTREAM) / SECOND), "--to", str(table)])
    assert table.read_bytes() == (root() / "attribution_claims.csv").read_bytes()
