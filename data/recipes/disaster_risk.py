"""Keep the deaths of the region's states by year and hazard since 2000, from four files of Gapminder's EM-DAT copy.

python data/recipes/disaster_risk.py earthquake.csv tsunami.csv storm.csv flood.csv --to data/disaster_risk.csv
"""

from pathlib import Path

import _files
import pandas as pd

from pactlab.errors import KitError

HAZARDS = ["earthquake", "tsunami", "storm", "flood"]  # in this order on the command line
FEWEST = 28_000  # each file of March 2026 holds 28,956 rows
FIRST = 2000  # before that far fewer events were reported
LAST = 2025  # 2026 is part of a year
PROVISIONAL = 2025  # closed two months before the copy: still under revision

# The 56 states and territories of the region but for Nauru, which upstream lacks.
ECONOMIES = {
    "ARE", "AUS", "BGD", "BRN", "BTN", "CHN", "COK", "COM", "DEU", "ESP", "FJI", "FRA", "FSM", "GBR", "GRC",
    "HKG", "IDN", "IND", "ITA", "JPN", "KEN", "KHM", "KIR", "KOR", "LAO", "LKA", "MDG", "MDV", "MHL", "MMR",
    "MOZ", "MUS", "MYS", "NLD", "NPL", "NZL", "OMN", "PAK", "PHL", "PLW", "PNG", "SGP", "SLB", "SYC", "THA",
    "TLS", "TON", "TUV", "TWN", "TZA", "USA", "VNM", "VUT", "WSM", "ZAF",
}  # fmt: skip
KEY = ["iso3", "year", "hazard"]


def build(earthquake: Path, tsunami: Path, storm: Path, flood: Path, fewest: int = FEWEST) -> pd.DataFrame:
    """Build the table from the four upstream files.

    Each has one state and year a row (geo, a code in small letters; time; the deaths); `fewest` is the number of
    rows below which a file is taken for a truncated copy. Returns columns iso3, year, hazard, deaths (persons, at
    least 1) and provisional (boolean), sorted: upstream writes 0 where no event is recorded, and 0 has no row here.
    A file of another hazard, a state or year that it lacks, a cell that is no count and a state and year that
    stand twice raise KitError.
    """
    files = zip(HAZARDS, [earthquake, tsunami, storm, flood], strict=True)
    table = pd.concat([deaths_of(hazard, upstream, fewest) for hazard, upstream in files])
    table["provisional"] = table["year"] >= PROVISIONAL
    return table[table["deaths"] > 0].sort_values(KEY, ignore_index=True)


def deaths_of(hazard: str, upstream: Path, fewest: int) -> pd.DataFrame:
    """Return the deaths by one hazard, zeros too: columns iso3, year, hazard and deaths; KitError as `build`."""
    column = f"{hazard}_deaths_annual_number"
    expected = f"expected the yearly {hazard} deaths of Gapminder's EM-DAT copy, one state and year a row"
    found = _files.rows_of(upstream, {"geo", "time", column}, fewest, expected)
    _files.refuse(upstream, found, ~found["time"].str.fullmatch(r"\d{4}"), "time", "a year such as 2004")
    _files.refuse(upstream, found, ~found[column].str.fullmatch(r"\d+"), column, "a number of persons, without a point")
    _files.refuse(upstream, found, found.duplicated(["geo", "time"]), "time", "each state and year once")

    table = pd.DataFrame({"iso3": found["geo"].str.upper(), "year": found["time"].astype(int), "hazard": hazard})
    table["deaths"] = found[column].astype(int)
    table = table[table["iso3"].isin(ECONOMIES) & table["year"].between(FIRST, LAST)]
    # Upstream fills every year: one that lacks is a fault of the copy, and would pass for a year without deaths.
    lacking = sorted(set(every_year()) - set(zip(table["iso3"], table["year"], strict=True)))
    if lacking:
        state, year = lacking[0]
        raise KitError(f"{upstream}: has no row for {state.lower()} in {year}; {expected}")
    return table


def every_year() -> list[tuple[str, int]]:
    """Return each state of `ECONOMIES` with each year from `FIRST` to `LAST`."""
    return [(state, year) for state in ECONOMIES for year in range(FIRST, LAST + 1)]


def main(arguments: list[str] | None = None) -> None:
    """Write the table from the command line."""
    _files.make(
        __doc__,
        {hazard: f"the yearly {hazard} deaths, CSV" for hazard in HAZARDS},
        build,
        arguments,
        told=lambda table: f"{len(table)} rows, {table['deaths'].sum()} deaths",
    )


if __name__ == "__main__":
    main()
