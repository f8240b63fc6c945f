"""The recipe of maritime_resources: which states stay, how tonnes are rounded, what becomes of a 0."""

from pathlib import Path

import pytest
from made_recipes import UPSTREAM, needs_upstream, recipe, sheet
from pandas import NA

from pactlab.data import root
from pactlab.errors import KitError

UPSTREAM_FILE = "ipoi_owid_capture_vs_aquaculture_2026.csv"
HEADER = "Entity,Code,Year,Aquaculture,Capture fisheries"


def lines(state: str = "JPN", **changed: dict[int, str]) -> list[str]:
    """Return every state and year, 10 t farmed and 20 t caught; `farmed` and `caught` of one state as given."""
    known = recipe("maritime_resources")
    farmed, caught = changed.get("farmed", {}), changed.get("caught", {})
    rows = []
    for code in sorted(known.STATES, reverse=True):
        for year in range(known.FIRST, known.LAST + 1):
            mine = code == state
            rows.append(
                f"A state,{code},{year},{farmed.get(year, 10) if mine else 10},{caught.get(year, 20) if mine else 20}"
            )
    return rows


def test_whole_tonnes_and_every_kind_of_zero(tmp_path):
    farmed = {1960: "0", 1961: "0", 1962: "0.072", 1963: "0", 1964: "2.5", 2024: "802044.8"}
    sample = sheet(
        tmp_path,
        HEADER,
        *lines(farmed=farmed, caught={1960: "0", 1961: "0.5", 1962: "1.4"}),
        "Japan,JPN,2025,1,1",  # a year after the last
        "World,OWID_WRL,2024,141408370,94403130",
        "Europe,,2024,1,1",
        "Asia,,2024,1,1",  # groups of states may lack a code
    )
    table = recipe("maritime_resources").build(sample, fewest=1)
    assert len(table) == 54 * 65
    assert list(table["iso3"].unique()) == sorted(recipe("maritime_resources").STATES)
    japan = table[table["iso3"] == "JPN"].set_index("year").drop(columns="iso3")
    assert japan["catch_t"].loc[1960] is NA
    assert list(japan["catch_t"].loc[1961:1963]) == [1, 1, 20]
    assert list(japan["farmed_t"].loc[1960:1965]) == [0, 0, 1, 0, 3, 10]  # an amount never becomes 0
    assert list(japan["farmed_zero"].loc[1960:1965]) == [
        "before the first harvest",
        "before the first harvest",
        "",
        "after the first harvest",
        "",
        "",
    ]
    assert japan["farmed_t"].loc[2024] == 802045
    assert (table[table["iso3"] != "JPN"]["farmed_zero"] == "").all()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Japan,JPN,1984-85,1,1", "row 1, column Year: found '1984-85'; expected a year such as 2024"),
        ("Japan,JPN,1984,1,", "row 1, column Capture fisheries: found ''; expected tonnes, 0 or more"),
        ("Japan,JPN,1984,-1,1", "row 1, column Aquaculture: found '-1'; expected tonnes, 0 or more"),
        ("Japan,JPN,1984,much,1", "row 1, column Aquaculture: found 'much'; expected tonnes, 0 or more"),
        ("Japan,JPN,1984,1,1", "column Year: found '1984'; expected each year once"),
        ("Japan,JPN,1984,1", "row 1 has 4 of 5 cells; expected the chart data on capture fisheries"),
    ],
)
def test_a_cell_that_is_no_amount_is_refused(tmp_path, line, message):
    with pytest.raises(KitError, match=message):
        recipe("maritime_resources").build(sheet(tmp_path, HEADER, line, *lines()), fewest=1)


def test_a_state_that_lacks_a_year_is_refused(tmp_path):
    short = [line for line in lines() if "JPN,1984," not in line]
    with pytest.raises(KitError, match="has 64 of 65 years for JPN; expected the chart data"):
        recipe("maritime_resources").build(sheet(tmp_path, HEADER, *short), fewest=1)


def test_wrong_and_truncated_files_say_what_was_expected(tmp_path):
    build = recipe("maritime_resources").build
    with pytest.raises(KitError, match="no such file; expected the chart data"):
        build(tmp_path / "none.csv")
    with pytest.raises(KitError, match="has no column Aquaculture, Capture fisheries, Code, Year; expected the chart"):
        build(sheet(tmp_path, "iso3,year", "JPN,2020"))
    with pytest.raises(KitError, match="3510 rows, a truncated copy; expected at least 13000"):
        build(sheet(tmp_path, HEADER, *lines()))


@needs_upstream
def test_maritime_resources_is_made_again_byte_for_byte(tmp_path):
    table = tmp_path / "maritime_resources.csv"
    recipe("maritime_resources").main([str(Path(UPSTREAM, UPSTREAM_FILE)), "--to", str(table)])
    assert table.read_bytes() == (root() / "maritime_resources.csv").read_bytes()
