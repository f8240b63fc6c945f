"""The recipe of science_technology: a made sample, wrong files, and the real files where they are at hand."""

from pathlib import Path

import pytest
from made_recipes import UPSTREAM, needs_upstream, recipe
from pandas import DataFrame, read_csv

from pactlab.data import root
from pactlab.errors import KitError

SPENDING, ARTICLES = "GB.XPD.RSDV.GD.ZS", "IP.JRN.ARTC.SC"
TITLE = '\ufeff"Data Source","World Development Indicators",\n\n"Last Updated Date","2021-09-15",\n\n'
HEADER = '"Country Name","Country Code","Indicator Name","Indicator Code","2017","2018",\n'
LONG_HEADER = "Entity,Code,Year,Research and development expenditure (% of GDP)"


def wide(folder: Path, cells: dict[tuple[str, str], str], more: str = "", title: str = TITLE) -> Path:
    """Write the World Bank's file: a row for each state that has values, 2017 empty, 2018 "1" or as `cells` say."""
    module = recipe("science_technology")
    values = {(s, code): ',"1"' for code, name in module.CODES.items() for s in module.STATES - module.NONE[name]}
    values |= cells
    rows = "".join(f'"{s}","{s}","an indicator","{code}",""{value},\n' for (s, code), value in values.items() if value)
    path = folder / "wide.csv"
    path.write_text(title + HEADER + rows + more, encoding="utf-8")
    return path


def long(folder: Path, *lines: str, without: str = "") -> Path:
    """Write the copy of 2025: each state that has a value with 2 in 2018, then `lines`."""
    module = recipe("science_technology")
    states = sorted(module.STATES - module.NONE[module.SPENDING] - {without})
    path = folder / "long.csv"
    path.write_text("\n".join([LONG_HEADER, *(f"{s},{s},2018,2" for s in states), *lines, ""]), encoding="utf-8")
    return path


def built(wide: Path, long: Path) -> DataFrame:
    return recipe("science_technology").build(wide, long, fewest=(1, 1))


def rows_of(table: DataFrame, state: str) -> list[tuple]:
    return [tuple(row) for row in table[table["iso3"] == state].itertuples(index=False)]


def test_both_editions_of_a_value_stand_and_articles_have_one(tmp_path):
    changed = {("GBR", SPENDING): ',"1.72412"', ("GBR", ARTICLES): ',"97680.9"', ("FSM", ARTICLES): ',"0"'}
    more = '"World","WLD","an indicator","IP.JRN.ARTC.SC","","5",\n"GB","GBR","patents","IP.PAT.RESD","7","7",\n'
    first = wide(tmp_path, changed, more)
    table = built(
        first, long(tmp_path, "United Kingdom,GBR,2021,2.90000", "World,OWID_WRL,2018,2", "South Asia,,2018,1")
    )
    assert list(table) == ["iso3", "year", "indicator", "vintage", "value", "unit"]
    assert rows_of(table, "GBR") == [
        ("GBR", 2018, "R&D share", 2021, "1.72412", "per cent of GDP"),
        ("GBR", 2018, "R&D share", 2025, "2", "per cent of GDP"),
        ("GBR", 2018, "articles", 2021, "97680.9", "articles"),
        ("GBR", 2021, "R&D share", 2025, "2.90000", "per cent of GDP"),  # digit for digit
    ]
    assert rows_of(table, "FSM") == [("FSM", 2018, "articles", 2021, "0", "articles")]  # a count of none is a value
    assert not set(table["iso3"]) - recipe("science_technology").STATES
    assert set(table["year"]) == {2018, 2021}  # an empty cell has no row


def test_a_state_that_gets_a_first_value_is_taken_in(tmp_path):
    table = built(wide(tmp_path, {}), long(tmp_path, "Fiji,FJI,2022,0.1"))
    assert ("FJI", 2022, "R&D share", 2025, "0.1", "per cent of GDP") in rows_of(table, "FJI")


@pytest.mark.parametrize("cell", ["..", "-1", "1,2", "1e5"])
def test_a_cell_of_the_first_file_that_is_no_number_is_named(tmp_path, cell):
    first = wide(tmp_path, {("AUS", SPENDING): f',"{cell}"'})
    with pytest.raises(KitError, match=rf"wide.csv: row \d+, column 2018: found '{cell}'; expected a number"):
        built(first, long(tmp_path))


@pytest.mark.parametrize(
    ("title", "message"),
    [
        ("", "line 1 is"),
        (TITLE.replace("2021", "2022"), "line 2 is 'Last Updated Date,2022-09-15,'; expected the World Bank's topic"),
    ],
)
def test_another_edition_is_refused(tmp_path, title, message):
    with pytest.raises(KitError, match=message):
        built(wide(tmp_path, {}, title=title), long(tmp_path))


def test_a_state_that_the_first_file_lacks_is_named(tmp_path):
    with pytest.raises(KitError, match=r"wide.csv: has no articles of JPN; expected the World Bank's topic"):
        built(wide(tmp_path, {("JPN", ARTICLES): ""}), long(tmp_path))


def test_a_state_that_the_second_file_lacks_is_named(tmp_path):
    with pytest.raises(KitError, match=r"long.csv: has no R&D share of KOR; expected Our World in Data's file"):
        built(wide(tmp_path, {}), long(tmp_path, without="KOR"))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('"India","IND","an indicator","IP.JRN.ARTC.SC","","1",\n', r"column Indicator Code: .* each state and indic"),
        ('"India","IND","an indicator"\n', r"row \d+ has 3 of 7 cells"),
        ('"India","IND","an indi', "cannot be read"),
    ],
)
def test_a_row_of_the_first_file_that_is_wrong_is_named(tmp_path, more, message):
    with pytest.raises(KitError, match=message):
        built(wide(tmp_path, {}, more), long(tmp_path))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Japan,JPN,2018,3", "column Year: found '2018'; expected each state and year once"),
        ("Japan,JPN,18,3", "column Year: found '18'; expected a year such as 2004"),
        ("Japan,JPN,2019,", r"column Research and development expenditure \(% of GDP\): found ''; expected a share"),
    ],
)
def test_a_row_of_the_second_file_that_is_wrong_is_named(tmp_path, line, message):
    with pytest.raises(KitError, match=rf"long.csv: row 39, {message}"):
        built(wide(tmp_path, {}), long(tmp_path, line))


def test_truncated_and_missing_files_are_refused(tmp_path):
    build = recipe("science_technology").build
    with pytest.raises(KitError, match=r"wide.csv: 91 rows, a truncated copy; expected at least 3400"):
        build(wide(tmp_path, {}), long(tmp_path))
    with pytest.raises(KitError, match=r"long.csv: 38 rows, a truncated copy; expected at least 2400"):
        build(wide(tmp_path, {}), long(tmp_path), fewest=(1, 2400))
    with pytest.raises(KitError, match=r"none.csv: no such file; expected the World Bank's topic"):
        build(tmp_path / "none.csv", long(tmp_path))


def test_the_states_are_those_of_the_region():
    countries = read_csv(root() / "countries.csv")
    assert set(countries["iso3"][countries["in_region"]]) == recipe("science_technology").STATES


@needs_upstream
def test_the_real_files_give_the_table_byte_for_byte(tmp_path):
    files = ["ipoi_wb_science_technology_raw_2021.csv", "ipoi_owid_rd_spending_2025.csv"]
    paths = [str(Path(UPSTREAM) / name) for name in files]
    recipe("science_technology").main([*paths, "--to", str(tmp_path / "science_technology.csv")])
    assert (tmp_path / "science_technology.csv").read_bytes() == (root() / "science_technology.csv").read_bytes()
