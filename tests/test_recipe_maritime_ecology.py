"""The recipe of maritime_ecology: two files of the SDG indicators become one long table."""

from pathlib import Path

import pytest
from made_recipes import UPSTREAM, listed, needs_upstream, recipe

from pactlab.data import root
from pactlab.errors import KitError

FILES = ["ipoi_unsdg_er_mrn_mpa.csv", "ipoi_unsdg_er_mrn_marin.csv"]
HEADERS = {
    "mpa": "geo_area,nature,units,year,er_mrn_mpa",
    "marin": "geo_area,nature,units,year,er_mrn_marin",
}
JAPAN, WITHOUT_KEY_AREAS, WITHOUT_ZONE = "392", {"784", "798"}, {"344", "520"}


def made(folder: Path, **lines: list[str]) -> list[Path]:
    """Write the two files: every state that the recipe wants but Japan, a region, then the lines given."""
    known = recipe("maritime_ecology")
    codes = [code for code in known.AREAS if code != JAPAN]
    bodies = {
        "mpa": [f"{code},c,percent,2019,5" for code in codes if code not in WITHOUT_KEY_AREAS],
        "marin": [f"{code},notspec,percent,2018,6" for code in codes if code not in WITHOUT_ZONE],
    }
    regions = {
        "mpa": "1,c,percent,2000,30.5",
        "marin": "1,notspec,percent,2000,2.2",
    }
    right = {
        "mpa": [f"{JAPAN},c,percent,2000,48.94220"],
        "marin": [f"{JAPAN},notspec,percent,2018,0"],
    }
    paths = []
    for name, header in HEADERS.items():
        body = [*bodies[name], regions[name], *lines.get(name, right[name])]
        paths.append(folder / f"{name}.csv")
        paths[-1].write_text("\n".join([header, *body, ""]), encoding="utf-8")
    return paths


def test_two_files_become_one_long_table(tmp_path):
    table = recipe("maritime_ecology").build(*made(tmp_path), fewest=(1, 1))
    assert listed(table[table["iso3"] == "JPN"]) == [
        ("JPN", "key areas protected", 2000, "48.94220", "per cent", "country data"),  # digit for digit
        ("JPN", "zone protected", 2018, "0", "per cent", "not stated"),
    ]
    assert set(table["iso3"]) == set(recipe("maritime_ecology").AREAS.values())  # no region
    assert list(table[table["iso3"] == "NRU"]["indicator"]) == ["key areas protected"]


@pytest.mark.parametrize(
    ("name", "lines", "message"),
    [
        ("mpa", [], r"mpa\.csv: has no 392 \(JPN\); expected the file er_mrn_mpa of the SDG"),
        ("marin", [], r"marin\.csv: has no 392 \(JPN\); expected the file er_mrn_marin of the SDG"),
        ("mpa", ["392,c,percent,2000,101"], "column er_mrn_mpa: found '101'; expected a number from 0 to 100"),
        ("mpa", ["392,c,percent,2000,"], "column er_mrn_mpa: found ''; expected a number from 0 to 100"),
        ("mpa", ["392,e,percent,2000,48"], "column nature: found 'e'; expected c or notspec"),
        ("mpa", ["392,c,percent,2000-01,48"], "column year: found '2000-01'; expected a year such as 2018"),
        ("marin", ["392,c,kmsq,2018,94269"], "column units: found 'kmsq'; expected percent"),
        ("marin", ["392,c,percent,2018,2"] * 2, "column year: found '2018'; expected each area and year once"),
    ],
)
def test_a_file_that_is_not_as_expected_is_refused(tmp_path, name, lines, message):
    with pytest.raises(KitError, match=message):
        recipe("maritime_ecology").build(*made(tmp_path, **{name: lines}), fewest=(1, 1))


@pytest.mark.parametrize("number", range(2))
def test_wrong_and_truncated_files_say_what_was_expected(tmp_path, number):
    build, paths = recipe("maritime_ecology").build, made(tmp_path)
    fewest = tuple(1000 if number == place else 1 for place in range(2))
    with pytest.raises(KitError, match=r"\d+ rows, a truncated copy; expected at least 1000"):
        build(*paths, fewest=fewest)
    with pytest.raises(KitError, match=r"has no column .*; expected the file er_mrn_m"):
        build(*paths[:number], paths[number - 1], *paths[number + 1 :], fewest=(1, 1))
    paths[number].unlink()
    with pytest.raises(KitError, match="no such file; expected the"):
        build(*paths, fewest=(1, 1))


@needs_upstream
def test_maritime_ecology_is_made_again_byte_for_byte(tmp_path):
    table = tmp_path / "maritime_ecology.csv"
    recipe("maritime_ecology").main([*(str(Path(UPSTREAM, name)) for name in FILES), "--to", str(table)])
    assert table.read_bytes() == (root() / "maritime_ecology.csv").read_bytes()
