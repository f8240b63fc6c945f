"""Keep people online and fixed broadband of the kit's states and territories, from 2010.

python data/recipes/capacity_building.py internet_users.csv broadband.csv --to data/capacity_building.csv
"""

from pathlib import Path

import _files
import pandas as pd

from pactlab.errors import KitError

FIRST = 2010  # from here on almost every state has a value almost every year; the index of lesson 10 begins in 2014
KEY = ["iso3", "year", "indicator"]
FEWEST = {"people online": 6_000, "fixed broadband": 4_100}  # the files of March 2026 hold 6,024 and 4,135 rows
COLUMN = {"people online": "internet_users", "fixed broadband": "broadband_subscribers_per_100_people"}
UNIT = {"people online": "per cent of people", "fixed broadband": "subscriptions per 100 people"}
TOP = 100  # neither can pass it: per cent, and no state here has a line for every person

# The upstream code is the ISO code in small letters. The Cook Islands and Taiwan are in neither file.
ECONOMIES = {
    "ARE", "AUS", "BGD", "BRN", "BTN", "CAN", "CHN", "COM", "DEU", "ESP", "FJI", "FRA", "FSM", "GBR", "GRC", "HKG",
    "IDN", "IND", "ITA", "JPN", "KEN", "KHM", "KIR", "KOR", "LAO", "LKA", "MAC", "MDG", "MDV", "MHL", "MMR", "MNG",
    "MOZ", "MUS", "MYS", "NLD", "NPL", "NRU", "NZL", "OMN", "PAK", "PHL", "PLW", "PNG", "PRK", "RUS", "SGP", "SLB",
    "SYC", "THA", "TLS", "TON", "TUV", "TZA", "USA", "VNM", "VUT", "WSM", "ZAF",
}  # fmt: skip
LACKING = {"people online": set(), "fixed broadband": {"PRK"}}


def build(online: Path, broadband: Path, fewest: dict[str, int] = FEWEST) -> pd.DataFrame:
    """Build the table from the two upstream files.

    Each has columns geo, time and one value, one state and year a row; `fewest` gives for each indicator the number
    of rows below which its file is taken for a truncated copy. Returns columns iso3, year, indicator, value and
    unit, sorted by `KEY`; a value that upstream lacks has no row. A wrong file, a state of `ECONOMIES` that it
    lacks, a cell that is no year or no value from 0 to `TOP` and a year that stands twice raise KitError.
    """
    files = {"people online": online, "fixed broadband": broadband}
    tables = [_series(upstream, indicator, fewest[indicator]) for indicator, upstream in files.items()]
    return pd.concat(tables).sort_values(KEY, ignore_index=True)


def _series(upstream: Path, indicator: str, fewest: int) -> pd.DataFrame:
    column = COLUMN[indicator]
    expected = f"expected the file of Gapminder with a column {column}, one state and year a row"
    found = _files.rows_of(upstream, {"geo", "time", column}, fewest, expected)
    _files.refuse(upstream, found, ~found["time"].str.fullmatch(r"\d{4}"), "time", "a year such as 2020")
    _files.refuse(upstream, found, found.duplicated(["geo", "time"]), "time", "each state and year once")
    code = found["geo"].str.upper()
    kept = found[code.isin(ECONOMIES)]
    value = pd.to_numeric(kept[column], errors="coerce")
    _files.refuse(upstream, found, ~value.between(0, TOP).reindex(found.index, fill_value=True), column, "0 to 100")
    lacking = sorted(ECONOMIES - LACKING[indicator] - set(code))
    if lacking:
        raise KitError(f"{upstream}: has no {lacking[0].lower()} in column geo; {expected}")
    table = pd.DataFrame({"iso3": code, "year": kept["time"].astype(int), "indicator": indicator, "value": value})
    return table.dropna().astype({"year": int}).query("year >= @FIRST").assign(unit=UNIT[indicator])


def main(arguments: list[str] | None = None) -> None:
    """Write the table from the command line."""
    files = {"online": "share of people online, CSV", "broadband": "fixed broadband subscriptions, CSV"}
    _files.make(__doc__, files, build, arguments)


if __name__ == "__main__":
    main()
