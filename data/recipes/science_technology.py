"""Keep research spending in two editions and articles of the region's states, from two copies of World Bank data.

python data/recipes/science_technology.py wdi_2021.csv rd_spending_2025.csv --to data/science_technology.csv
"""

from pathlib import Path

import _files
import pandas as pd

from pactlab.errors import KitError

WIDE = "expected the World Bank's topic Science and Technology, last updated 2021-09-15, one state and indicator a row"
LONG = "expected Our World in Data's file of research and development spending, one state and year a row"
# What stands above the header; another date would be another vintage.
ABOVE = [["Data Source", "World Development Indicators", ""], ["Last Updated Date", "2021-09-15", ""]]
FEWEST = (3_400, 2_400)  # the copies hold 3,458 and 2,494 rows
SPENDING, ARTICLES = "R&D share", "articles"
CODES = {"GB.XPD.RSDV.GD.ZS": SPENDING, "IP.JRN.ARTC.SC": ARTICLES}
UNITS = {SPENDING: "per cent of GDP", ARTICLES: "articles"}
SHARE = "Research and development expenditure (% of GDP)"

# The region's states and territories, and those of them that upstream has no value for.
STATES = {
    "ARE", "AUS", "BGD", "BRN", "BTN", "CHN", "COK", "COM", "DEU", "ESP", "FJI", "FRA", "FSM", "GBR", "GRC",
    "HKG", "IDN", "IND", "ITA", "JPN", "KEN", "KHM", "KIR", "KOR", "LAO", "LKA", "MDG", "MDV", "MHL", "MMR",
    "MOZ", "MUS", "MYS", "NLD", "NPL", "NRU", "NZL", "OMN", "PAK", "PHL", "PLW", "PNG", "SGP", "SLB", "SYC",
    "THA", "TLS", "TON", "TUV", "TWN", "TZA", "USA", "VNM", "VUT", "WSM", "ZAF",
}  # fmt: skip
NONE = {
    SPENDING: {
        "BGD", "BTN", "COK", "COM", "FJI", "FSM", "KIR", "MDV", "MHL", "NRU", "PLW", "SLB", "TLS", "TON", "TUV",
        "TWN", "VUT", "WSM",
    },
    ARTICLES: {"COK", "HKG", "TWN"},
}  # fmt: skip
KEY = ["iso3", "year", "indicator", "vintage"]


def build(wide: Path, long: Path, fewest: tuple[int, int] = FEWEST) -> pd.DataFrame:
    """Build the table from the two upstream files.

    `wide` is the World Bank's file of 2021 with a column a year, `long` the copy of 2025; `fewest` are the numbers
    of rows below which each is taken for truncated. Returns columns iso3, year, indicator, vintage (2021 or 2025),
    value (text, digit for digit as upstream has it) and unit, sorted; a value that upstream lacks has no row. A
    wrong file, a state that it lacks or has twice and a cell that is no value raise KitError.
    """
    first, second = of_2021(wide, fewest[0]), of_2025(long, fewest[1])
    table = pd.concat([first.assign(vintage=2021), second.assign(vintage=2025)])
    table["unit"] = table["indicator"].map(UNITS)
    return table[[*KEY, "value", "unit"]].sort_values(KEY, ignore_index=True)


def of_2021(upstream: Path, fewest: int) -> pd.DataFrame:
    """Return iso3, year, indicator and value from the World Bank's file; KitError as `build`."""
    found = _files.rows_of(upstream, {"Country Code", "Indicator Code", "2018"}, fewest, WIDE, ABOVE)
    years = [name for name in found if name.isdecimal()]
    found = found[found["Country Code"].isin(STATES) & found["Indicator Code"].isin(CODES)]
    twice = found.duplicated(["Country Code", "Indicator Code"])
    _files.refuse(upstream, found, twice, "Indicator Code", "each state and indicator once")
    for year in years:
        _files.refuse(upstream, found, wrong(found[year]), year, "a number or nothing")
    table = found.assign(iso3=found["Country Code"], indicator=found["Indicator Code"].map(CODES))
    table = table.melt(["iso3", "indicator"], years, "year").astype({"year": int})
    return complete(upstream, table[table["value"] != ""], WIDE)


def of_2025(upstream: Path, fewest: int) -> pd.DataFrame:
    """Return iso3, year, indicator and value from the copy of 2025; KitError as `build`."""
    found = _files.rows_of(upstream, {"Code", "Year", SHARE}, fewest, LONG)
    _files.refuse(upstream, found, ~found["Year"].str.fullmatch(r"\d{4}"), "Year", "a year such as 2004")
    _files.refuse(upstream, found, wrong(found[SHARE]) | (found[SHARE] == ""), SHARE, "a share in per cent")
    twice = found.duplicated(["Code", "Year"]) & found["Code"].isin(STATES)
    _files.refuse(upstream, found, twice, "Year", "each state and year once")
    table = pd.DataFrame({"iso3": found["Code"], "year": found["Year"].astype(int), "value": found[SHARE]})
    return complete(upstream, table[table["iso3"].isin(STATES)].assign(indicator=SPENDING), LONG)


def wrong(cells: pd.Series) -> pd.Series:
    """Mark the cells that are neither empty nor a plain number of at least 0."""
    return ~cells.str.fullmatch(r"(\d+(\.\d+)?)?")


def complete(upstream: Path, table: pd.DataFrame, expected: str) -> pd.DataFrame:
    """Return the table if each indicator in it has every state that upstream is known to have; KitError if not."""
    for indicator, rows in table.groupby("indicator"):
        lacking = sorted(STATES - NONE[indicator] - set(rows["iso3"]))
        if lacking:
            raise KitError(f"{upstream}: has no {indicator} of {lacking[0]}; {expected}")
    return table


def main(arguments: list[str] | None = None) -> None:
    """Write the table from the command line."""
    files = {
        "wide": "Science and Technology of the World Bank, 2021, CSV",
        "long": "research spending, the copy of 2025, CSV",
    }
    _files.make(__doc__, files, build, arguments)


if __name__ == "__main__":
    main()
