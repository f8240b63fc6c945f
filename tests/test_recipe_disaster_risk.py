"""The recipe of disaster_risk: a made sample, wrong files, and the real files where they are at hand."""

from pathlib import Path

import pytest
from made_recipes import UPSTREAM, listed, needs_upstream, recipe
from pandas import DataFrame, read_csv

from pactlab.data import root
from pactlab.errors import KitError

HAZARDS = ["earthquake", "tsunami", "storm", "flood"]


def sample(folder: Path, deaths: dict[tuple[str, int, str], str], drop: str = "") -> list[Path]:
    """Write the four files as upstream does: every state and year with 0, then `deaths`; `drop` loses one line."""
    every = recipe("disaster_risk").every_year()
    paths = []
    for hazard in HAZARDS:
        cells = {(state.lower(), year): "0" for state, year in sorted(every)}
        cells |= {(geo, year): value for (geo, year, which), value in deaths.items() if which == hazard}
        lines = [f"{geo},{year},{value}" for (geo, year), value in cells.items()]
        lines = [line for line in lines if not drop or not line.startswith(drop)]
        path = folder / f"{hazard}.csv"
        path.write_text("\n".join([f"geo,time,{hazard}_deaths_annual_number", *lines, ""]), encoding="utf-8")
        paths.append(path)
    return paths


def built(folder: Path, deaths: dict[tuple[str, int, str], str], drop: str = "") -> DataFrame:
    return recipe("disaster_risk").build(*sample(folder, deaths, drop), fewest=1)


def test_the_table_keeps_deaths_of_the_region_and_drops_zeros_and_parts_of_years(tmp_path):
    table = built(
        tmp_path,
        {
            ("idn", 2004, "tsunami"): "165",
            ("idn", 2004, "earthquake"): "1",
            ("idn", 2004, "flood"): "0",  # no event recorded: no row
            ("aus", 2025, "storm"): "6",  # provisional
            ("aus", 2026, "storm"): "7",  # part of a year
            ("aus", 1999, "flood"): "8",  # before the first year
            ("hti", 2010, "earthquake"): "9",  # not of the region
            ("deu_east", 2010, "flood"): "9",
        },
    )
    assert list(table) == ["iso3", "year", "hazard", "deaths", "provisional"]
    assert listed(table) == [
        ("AUS", 2025, "storm", 6, True),
        ("IDN", 2004, "earthquake", 1, False),
        ("IDN", 2004, "tsunami", 165, False),
    ]


@pytest.mark.parametrize("wrong", ["", "12.5", "-1", "2k"])
def test_a_cell_that_is_no_count_is_named(tmp_path, wrong):
    message = rf"tsunami.csv: row 1, column tsunami_deaths_annual_number: found '{wrong}'; expected a number of persons"
    with pytest.raises(KitError, match=message):
        built(tmp_path, {("are", 2000, "tsunami"): wrong})


def test_a_wrong_year_is_named(tmp_path):
    files = sample(tmp_path, {})
    files[3].write_text("geo,time,flood_deaths_annual_number\nare,200,0\n", encoding="utf-8")
    with pytest.raises(KitError, match=r"flood.csv: row 1, column time: found '200'; expected a year such as 2004"):
        recipe("disaster_risk").build(*files, fewest=1)


def test_a_state_and_year_that_stand_twice_are_named(tmp_path):
    files = sample(tmp_path, {})
    with open(files[2], "a", encoding="utf-8") as file:
        file.write("are,2000,0\n")
    with pytest.raises(KitError, match=r"storm.csv: row \d+, column time: found '2000'; expected each state and year"):
        recipe("disaster_risk").build(*files, fewest=1)


@pytest.mark.parametrize(
    ("drop", "message"),
    [("jpn,", "has no row for jpn in 2000"), ("jpn,2011", "earthquake.csv: has no row for jpn in 2011; expected the")],
)
def test_a_missing_year_does_not_pass_for_one_without_deaths(tmp_path, drop, message):
    with pytest.raises(KitError, match=message):
        built(tmp_path, {}, drop)


def test_files_in_another_order_are_refused(tmp_path):
    files = sample(tmp_path, {})
    message = "tsunami.csv: has no column earthquake_deaths_annual_number; expected the yearly earthquake deaths"
    with pytest.raises(KitError, match=message):
        recipe("disaster_risk").build(files[1], files[0], files[2], files[3], fewest=1)


def test_a_truncated_file_is_refused(tmp_path):
    with pytest.raises(KitError, match=r"earthquake.csv: 1430 rows, a truncated copy; expected at least 28000"):
        recipe("disaster_risk").build(*sample(tmp_path, {}))


def test_the_command_needs_all_four_files(tmp_path):
    files = [str(path) for path in sample(tmp_path, {})]
    with pytest.raises(SystemExit):
        recipe("disaster_risk").main([*files[:3], "--to", str(tmp_path / "disaster_risk.csv")])
    assert not (tmp_path / "disaster_risk.csv").exists()


def test_the_states_are_those_of_the_region():
    countries = read_csv(root() / "countries.csv")
    assert set(countries["iso3"][countries["in_region"]]) - {"NRU"} == recipe("disaster_risk").ECONOMIES


@needs_upstream
def test_the_real_files_give_the_table_byte_for_byte(tmp_path):
    files = [str(Path(UPSTREAM) / f"ipoi_gapminder_emdat_{hazard}_deaths.csv") for hazard in HAZARDS]
    recipe("disaster_risk").main([*files, "--to", str(tmp_path / "disaster_risk.csv")])
    assert (tmp_path / "disaster_risk.csv").read_bytes() == (root() / "disaster_risk.csv").read_bytes()
