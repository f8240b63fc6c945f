"""The recipe of `threat_actors`: from a made sample, from wrong files, and from the real editions where they are."""

import json
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest
from made_recipes import UPSTREAM, listed, needs_upstream, recipe

from pactlab.data import root
from pactlab.errors import KitError

OLDER = Path(
    str(files("pymispgalaxies")), "data", "misp-galaxy", "clusters", "threat-actor.json"
)  # as the package ships it
LATER = "misp_threat-actor_9434ace.json"
ACTORS = [
    {  # several victims, one of them twice, one a firm, one outside the kit; several kinds
        "cfr-suspected-state-sponsor": "People's Republic of China",
        "cfr-suspected-victims": ["South Korea", "Korea (Republic of)", "Japan", "AT&T", "Albania"],
        "cfr-type-of-incident": ["Sabotage", "Espionage"],
        "attribution-confidence": "50",
        "country": "CN",
    },
    {"cfr-suspected-state-sponsor": "Unknown", "suspected-victims": "Japan", "cfr-type-of-incident": "Defacement"},
    {"cfr-suspected-victims": ["Europe"], "country": "", "attribution-confidence": "75"},
    {"cfr-suspected-state-sponsor": "Iran (Islamic Republic of)", "country": "IR"},
    None,  # an actor with no field at all
]


def edition(folder: Path, actors: list, version: object = 336, kind: str = "threat-actor") -> Path:
    path = folder / f"{version}.json"
    values = [{"value": "Group", "uuid": "1"} | ({"meta": meta} if meta is not None else {}) for meta in actors]
    path.write_text(json.dumps({"type": kind, "version": version, "values": values}), encoding="utf-8")
    return path


def test_counts_actors_once_for_totals_and_once_for_each_state(tmp_path):
    table = recipe("threat_actors").build(edition(tmp_path, ACTORS), edition(tmp_path, ACTORS[1:2], 349), fewest=1)
    assert listed(table) == [
        ("version 336", "any victim", "", "China", "CHN", "espionage", "50", True, 1),
        ("version 336", "any victim", "", "none stated", "", "none stated", "75", False, 1),
        ("version 336", "any victim", "", "unknown", "", "other", "", False, 1),
        ("version 336", "no victim", "", "Iran", "", "none stated", "", True, 1),
        ("version 336", "no victim", "", "none stated", "", "none stated", "", False, 1),
        ("version 336", "one state", "JPN", "China", "CHN", "espionage", "50", True, 1),
        ("version 336", "one state", "JPN", "unknown", "", "other", "", False, 1),
        ("version 336", "one state", "KOR", "China", "CHN", "espionage", "50", True, 1),
        ("version 349", "any victim", "", "unknown", "", "other", "", False, 1),
        ("version 349", "one state", "JPN", "unknown", "", "other", "", False, 1),
    ]


@pytest.mark.parametrize(
    ("actor", "message"),
    [
        ({"cfr-suspected-state-sponsor": "Atlantis"}, r"336\.json: actor 2, cfr-suspected-state-sponsor: .*'Atlantis'"),
        ({"cfr-suspected-state-sponsor": ["China"]}, r"actor 2, .*found \['China'\]; expected a sponsor of SPONSORS"),
        ({"attribution-confidence": "high"}, "actor 2, attribution-confidence: found 'high'; expected 0 to 100"),
        ({"attribution-confidence": "101"}, "found '101'"),
        ({"cfr-suspected-victims": ["Japan", ["India"]]}, "actor 2, cfr-suspected-victims: .*expected names"),
    ],
)
def test_a_wrong_field_names_its_actor(tmp_path, actor, message):
    with pytest.raises(KitError, match=message):
        recipe("threat_actors").count(edition(tmp_path, [{}, actor]), fewest=1)


def test_wrong_files_are_refused(tmp_path):
    made = recipe("threat_actors")
    with pytest.raises(KitError, match=r"no such file; expected the cluster threat-actor\.json"):
        made.count(tmp_path / "absent.json", fewest=1)
    with pytest.raises(KitError, match="1 actors, a truncated copy; expected at least 860"):
        made.count(edition(tmp_path, [{}]))
    with pytest.raises(KitError, match="is a list of type 'tool'"):
        made.count(edition(tmp_path, [{}], kind="tool"), fewest=1)
    for version in ("first", None):
        with pytest.raises(KitError, match="cannot be read"):
            made.count(edition(tmp_path, [{}], version), fewest=1)
    for text in ("[]", '{"type": "threat-actor", "version": 1, "values": [', '{"version": 1}', "\ufeff{}"):
        (tmp_path / "other.json").write_text(text, encoding="utf-8")
        with pytest.raises(KitError, match="cannot be read"):
            made.count(tmp_path / "other.json", fewest=1)


def test_the_editions_stand_in_order(tmp_path):
    older, later = edition(tmp_path, [{}]), edition(tmp_path, [{}], 349)
    with pytest.raises(KitError, match="version 336; expected one later than 349"):
        recipe("threat_actors").build(later, older, fewest=1)


def test_the_shipped_rows_are_unique():
    table = pd.read_csv(root() / "threat_actors.csv", dtype=str, keep_default_na=False)
    assert not table.drop(columns="n").duplicated().any()


@needs_upstream
def test_the_later_edition_gives_its_shipped_rows():
    made, shipped = recipe("threat_actors"), (root() / "threat_actors.csv").read_bytes()
    version, table = made.count(Path(UPSTREAM) / LATER)
    _, rows = made._files.csv_bytes(table).split(b"\n", 1)
    assert rows
    assert shipped.endswith(rows)
    assert shipped.count(f"version {version}".encode()) == len(table)


@needs_upstream
def test_the_real_editions_give_the_shipped_table(tmp_path):
    table = tmp_path / "threat_actors.csv"
    recipe("threat_actors").main([str(OLDER), str(Path(UPSTREAM) / LATER), "--to", str(table)])
    assert table.read_bytes() == (root() / "threat_actors.csv").read_bytes()
