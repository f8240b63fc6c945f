"""Keep wild catch and farmed harvest of the region's states, year by year, in whole tonnes.

python data/recipes/maritime_resources.py capture_vs_aquaculture.csv --to data/maritime_resources.csv
"""

from pathlib import Path

import _files
import numpy as np
import pandas as pd

from pactlab.errors import KitError

EXPECTED = "expected the chart data on capture fisheries and aquaculture of Our World in Data, one state and year a row"
FEWEST = 13_000  # the copy of August 2026 holds 13,757 rows
AMOUNTS = {"Capture fisheries": "catch_t", "Aquaculture": "farmed_t"}
COLUMNS = {"Code", "Year", *AMOUNTS}
FIRST, LAST = 1960, 2024  # every state has every year: one that lacks some would bend each total

# The region's states and territories; the copy has no row for the Cook Islands and Taiwan.
STATES = {
    "ARE", "AUS", "BGD", "BRN", "BTN", "CHN", "COM", "DEU", "ESP", "FJI", "FRA", "FSM", "GBR", "GRC", "HKG",
    "IDN", "IND", "ITA", "JPN", "KEN", "KHM", "KIR", "KOR", "LAO", "LKA", "MDG", "MDV", "MHL", "MMR", "MOZ",
    "MUS", "MYS", "NLD", "NPL", "NRU", "NZL", "OMN", "PAK", "PHL", "PLW", "PNG", "SGP", "SLB", "SYC", "THA",
    "TLS", "TON", "TUV", "TZA", "USA", "VNM", "VUT", "WSM", "ZAF",
}  # fmt: skip


def build(upstream: Path, fewest: int = FEWEST) -> pd.DataFrame:
    """Build the table from the upstream file.

    `upstream` has one state or group of states and year a row; `fewest` is the number of rows below which it is
    taken for a truncated copy. Returns columns iso3, year, catch_t and farmed_t (whole tonnes; a catch of 0 is
    missing) and farmed_zero (where a farmed 0 stands, else empty), sorted. A wrong file, a state that lacks a year
    or has it twice and a cell that is no amount raise KitError.
    """
    found = _files.rows_of(upstream, COLUMNS, fewest, EXPECTED)
    _files.refuse(upstream, found, ~found["Year"].str.fullmatch(r"\d{4}"), "Year", "a year such as 2024")
    table = pd.DataFrame({"iso3": found["Code"], "year": found["Year"].astype(int)})
    for column, name in AMOUNTS.items():
        amount = pd.to_numeric(found[column], errors="coerce")
        _files.refuse(upstream, found, ~amount.between(0, 1e9), column, "tonnes, 0 or more")
        # Half a tonne and more is a tonne, and so is any amount below: 0 stays what upstream calls 0.
        table[name] = np.floor(amount + 0.5).clip(lower=(amount > 0).astype(float)).astype("Int64")
    _files.refuse(upstream, found, table["iso3"].ne("") & table.duplicated(["iso3", "year"]), "Year", "each year once")

    table = table[table["iso3"].isin(STATES) & table["year"].between(FIRST, LAST)].sort_values(["iso3", "year"])
    years = table["iso3"].value_counts()
    for state in sorted(STATES):
        if years.get(state, 0) != LAST - FIRST + 1:
            raise KitError(f"{upstream}: has {years.get(state, 0)} of {LAST - FIRST + 1} years for {state}; {EXPECTED}")

    # Upstream has no empty cell: 0 also stands where nothing was reported. Its catches of 0 (67, most of island states
    # in early years) cannot be true and become empty. A farmed 0 can be true: it stays, and its place is told.
    table["catch_t"] = table["catch_t"].mask(table["catch_t"] == 0)
    begun = (table["farmed_t"] > 0).groupby(table["iso3"]).cummax()
    table["farmed_zero"] = np.select(
        [table["farmed_t"] > 0, begun], ["", "after the first harvest"], "before the first harvest"
    )
    return table.reset_index(drop=True)


def main(arguments: list[str] | None = None) -> None:
    """Write the table from the command line."""
    _files.make(__doc__, {"file": "capture fisheries and aquaculture, CSV"}, build, arguments)


if __name__ == "__main__":
    main()
