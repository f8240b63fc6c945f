"""The recipe of capacity_building: which states and years stay, units, and what it refuses."""

from pathlib import Path

import pytest
from made_recipes import UPSTREAM, listed, needs_upstream, recipe

from pactlab.data import root
from pactlab.errors import KitError

UPSTREAM_FILES = [
    "ipoi_gapminder_sg_internet_users.csv",
    "ipoi_gapminder_sg_broadband_subscribers_per_100_people.csv",
]
FEW = {"people online": 1, "fixed broadband": 1}


def files(folder: Path, *lines: str, broadband: tuple[str, ...] = ()) -> list[Path]:
    """Write the two files: each state in 2012, after the given lines."""
    known = recipe("capacity_building")
    paths = []
    for (indicator, column), first in zip(known.COLUMN.items(), (lines, broadband), strict=True):
        states = sorted(known.ECONOMIES - known.LACKING[indicator])
        paths.append(folder / f"{column}.csv")
        body = [f"geo,time,{column}", *first, *(f"{code.lower()},2012,20.5" for code in states)]
        paths[-1].write_text("\n".join([*body, ""]), encoding="utf-8")
    return paths


def test_states_and_years_of_both_indicators(tmp_path):
    paths = files(
        tmp_path,
        "jpn,2009,1",  # a year before the first
        "jpn,2010,78.21",
        "per,2023,79.5",  # no party of the kit
        "nld_curacao,2012,60",
        "jpn,2024,0",
        broadband=("jpn,2023,39.7161", "zzz,2023,250"),
    )
    table = recipe("capacity_building").build(*paths, fewest=FEW)
    assert listed(table[table["iso3"] == "JPN"]) == [
        ("JPN", 2010, "people online", 78.21, "per cent of people"),
        ("JPN", 2012, "fixed broadband", 20.5, "subscriptions per 100 people"),
        ("JPN", 2012, "people online", 20.5, "per cent of people"),
        ("JPN", 2023, "fixed broadband", 39.7161, "subscriptions per 100 people"),
        ("JPN", 2024, "people online", 0.0, "per cent of people"),
    ]
    assert list(table[table["iso3"] == "PRK"]["indicator"]) == ["people online"]
    assert set(table["iso3"]) == recipe("capacity_building").ECONOMIES
    assert not table.duplicated(recipe("capacity_building").KEY).any()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("jpn,2019-20,78", "row 1, column time: found '2019-20'; expected a year such as 2020"),
        ("jpn,2012,78", "column time: found '2012'; expected each state and year once"),
        ("jpn,2020,", "row 1, column internet_users: found ''; expected 0 to 100"),
        ("jpn,2020,many", "row 1, column internet_users: found 'many'; expected 0 to 100"),
        ("jpn,2020,101", "row 1, column internet_users: found '101'; expected 0 to 100"),
        ("jpn,2020", "row 1 has 2 of 3 cells; expected the file of Gapminder with a column internet_users"),
    ],
)
def test_a_cell_that_is_no_share_is_refused(tmp_path, line, message):
    with pytest.raises(KitError, match=message):
        recipe("capacity_building").build(*files(tmp_path, line), fewest=FEW)


def test_a_state_that_is_gone_is_missed(tmp_path):
    paths = files(tmp_path)
    paths[1].write_text(paths[1].read_text(encoding="utf-8").replace("jpn,", "jap,"), encoding="utf-8")
    with pytest.raises(KitError, match="has no jpn in column geo; expected the file of Gapminder"):
        recipe("capacity_building").build(*paths, fewest=FEW)


@pytest.mark.parametrize("place", [0, 1])
def test_a_wrong_or_truncated_file_says_what_was_expected(tmp_path, place):
    build = recipe("capacity_building").build
    paths = files(tmp_path)
    with pytest.raises(KitError, match=r"has no column .*; expected the file of Gapminder"):
        build(*reversed(paths), fewest=FEW)
    with pytest.raises(KitError, match=r"\d+ rows, a truncated copy; expected at least 6000"):
        build(*paths)
    paths[place].write_text('geo,time,value\n"jpn,', encoding="utf-8")
    with pytest.raises(KitError, match=r"cannot be read .*; expected .*, complete"):
        build(*paths, fewest=FEW)
    paths[place].unlink()
    with pytest.raises(KitError, match="no such file; expected the file of Gapminder"):
        build(*paths, fewest=FEW)


@needs_upstream
def test_the_table_is_made_again_byte_for_byte(tmp_path):
    made = tmp_path / "capacity_building.csv"
    recipe("capacity_building").main([*(str(Path(UPSTREAM, name)) for name in UPSTREAM_FILES), "--to", str(made)])
    assert made.read_bytes() == (root() / "capacity_building.csv").read_bytes()
