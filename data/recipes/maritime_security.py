"""Count pirate attacks by nearest state and half-year, inside and outside a box by the Singapore Strait.

python data/recipes/maritime_security.py pirate_attacks.csv --to data/maritime_security.csv
"""

from pathlib import Path

import _files
import pandas as pd

EXPECTED = "expected pirate_attacks.csv of Crime at Sea, one attack a row"
FEWEST = 7_000  # the file of 2021 holds 7,511 rows
# Rows that agree in all of these are one attack entered twice.
SAME = ["date", "time", "longitude", "latitude", "vessel_name", "location_description", "attack_description"]
COLUMNS = {*SAME, "nearest_country", "data_source"}
NAMES = {"mappingpiracy": "Mapping Piracy", "imb": "IMB"}  # who compiled the record: changes on 1 January 2015
NONE = "NA"

# The box by the Singapore Strait, degrees north and east, edges included.
SOUTH, NORTH, WEST, EAST = 0.8, 1.5, 103.0, 105.0

# States and territories that the kit counts; all other shores, and none given, stand together under no code.
ECONOMIES = {
    "ARE", "AUS", "BGD", "BRN", "BTN", "CAN", "CHN", "COK", "COM", "DEU", "ESP", "FJI", "FRA", "FSM", "GBR",
    "GRC", "HKG", "IDN", "IND", "ITA", "JPN", "KEN", "KHM", "KIR", "KOR", "LAO", "LKA", "MAC", "MDG", "MDV",
    "MHL", "MMR", "MNG", "MOZ", "MUS", "MYS", "NLD", "NPL", "NRU", "NZL", "OMN", "PAK", "PHL", "PLW", "PNG",
    "PRK", "RUS", "SGP", "SLB", "SYC", "THA", "TLS", "TON", "TUV", "TWN", "TZA", "USA", "VNM", "VUT", "WSM",
    "ZAF",
}  # fmt: skip
KEY = ["iso3", "year", "half", "strait_box", "compiler"]


def build(upstream: Path, fewest: int = FEWEST) -> pd.DataFrame:
    """Build the table from the upstream file.

    `upstream` is the list of Crime at Sea (CC BY 4.0), one attack a row; `fewest` is the number of rows below
    which it is taken for a truncated copy. Returns columns iso3 (state whose shore is nearest, empty for any
    other shore), year, half (1 or 2), strait_box (boolean), compiler and n (attacks, at least 1),
    sorted. A wrong file and a cell that is no date, no position or no known compiler raise KitError.
    """
    found = _files.rows_of(upstream, COLUMNS, fewest, EXPECTED)
    day = pd.to_datetime(found["date"], format="%Y-%m-%d", errors="coerce")
    _files.refuse(upstream, found, day.isna(), "date", "a date such as 2015-01-31")
    place = found[["latitude", "longitude"]].apply(pd.to_numeric, errors="coerce")
    for column in place:
        _files.refuse(upstream, found, place[column].isna(), column, "degrees")
    state = found["nearest_country"]
    _files.refuse(upstream, found, ~state.str.fullmatch(f"[A-Z]{{3}}|{NONE}"), "nearest_country", "a code of 3 letters")
    compiler = found["data_source"].map(NAMES)
    _files.refuse(upstream, found, compiler.isna(), "data_source", " or ".join(NAMES))

    attacks = pd.DataFrame(
        {
            "iso3": state.where(state.isin(ECONOMIES), ""),
            "year": day.dt.year,
            "half": (day.dt.month > 6) + 1,
            "strait_box": place["latitude"].between(SOUTH, NORTH) & place["longitude"].between(WEST, EAST),
            "compiler": compiler,
        }
    )
    return attacks[~found.duplicated(SAME)].groupby(KEY).size().reset_index(name="n")


def main(arguments: list[str] | None = None) -> None:
    """Write the table from the command line."""
    _files.make(
        __doc__,
        {"file": "the list of attacks of Crime at Sea, CSV"},
        build,
        arguments,
        told=lambda table: f"{len(table)} rows, {table['n'].sum()} attacks",
    )


if __name__ == "__main__":
    main()
