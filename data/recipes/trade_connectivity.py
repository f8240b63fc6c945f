"""Keep the liner shipping connectivity of the kit's states: every fourth quarter, and the last ten quarters.

python data/recipes/trade_connectivity.py liner_connectivity.csv --to data/trade_connectivity.csv
"""

from pathlib import Path

import _files
import pandas as pd

from pactlab.errors import KitError

EXPECTED = "expected the quarterly liner shipping connectivity index of UNCTADstat, one state and quarter a row"
COLUMNS = {"economy_label", "quarter_label", "index_value"}
FEWEST = 13_000  # the copy of September 2025 holds 13,740 rows
YEAR_END = 4  # one quarter stands for a year: the mean of four would hide what a season does
LAST = 10  # quarters that are kept whole, to see what the choice of the fourth hides

# All states and territories of the kit's table of countries that the index has; landlocked ones it has not.
ECONOMIES = {
    "Australia": "AUS", "Bangladesh": "BGD", "Brunei Darussalam": "BRN", "Cambodia": "KHM", "Canada": "CAN",
    "China": "CHN", "China, Hong Kong SAR": "HKG", "China, Taiwan Province of": "TWN", "Comoros": "COM",
    "Cook Islands": "COK", "Dem. People's Rep. of Korea": "PRK", "Fiji": "FJI", "France": "FRA", "Germany": "DEU",
    "Greece": "GRC", "India": "IND", "Indonesia": "IDN", "Italy": "ITA", "Japan": "JPN", "Kenya": "KEN",
    "Kiribati": "KIR", "Madagascar": "MDG", "Malaysia": "MYS", "Maldives": "MDV", "Marshall Islands": "MHL",
    "Mauritius": "MUS", "Micronesia (Federated States of)": "FSM", "Mozambique": "MOZ", "Myanmar": "MMR",
    "Nauru": "NRU", "Netherlands (Kingdom of the)": "NLD", "New Zealand": "NZL", "Oman": "OMN", "Pakistan": "PAK",
    "Palau": "PLW", "Papua New Guinea": "PNG", "Philippines": "PHL", "Republic of Korea": "KOR",
    "Russian Federation": "RUS", "Samoa": "WSM", "Seychelles": "SYC", "Singapore": "SGP", "Solomon Islands": "SLB",
    "South Africa": "ZAF", "Spain": "ESP", "Sri Lanka": "LKA", "Thailand": "THA", "Timor-Leste": "TLS",
    "Tonga": "TON", "Tuvalu": "TUV", "United Arab Emirates": "ARE", "United Kingdom": "GBR",
    "United Republic of Tanzania": "TZA", "United States": "USA", "Vanuatu": "VUT", "Viet Nam": "VNM",
}  # fmt: skip
MISSING = "Not applicable"


def build(upstream: Path, fewest: int = FEWEST) -> pd.DataFrame:
    """Build the table from the upstream file.

    `upstream` has one state and quarter a row ("Q4 2006"); `fewest` is the number of rows below which it is taken
    for a truncated copy. Returns columns iso3, year, quarter (1 to 4) and connectivity (index points), sorted; a
    value that upstream lacks has no row. A wrong file, a state of `ECONOMIES` that it lacks, a cell that is no
    quarter or no number and a quarter that stands twice raise KitError.
    """
    found = _files.rows_of(upstream, COLUMNS, fewest, EXPECTED)
    quarters = found["quarter_label"].str.extract(r"^Q(?P<quarter>[1-4]) (?P<year>\d{4})$")
    _files.refuse(upstream, found, quarters["year"].isna(), "quarter_label", 'a quarter such as "Q4 2006"')
    value = pd.to_numeric(found["index_value"], errors="coerce")
    missing = found["index_value"].isin(["", MISSING])
    _files.refuse(upstream, found, value.isna() & ~missing, "index_value", "a number")
    twice = found.duplicated(["economy_label", "quarter_label"])
    _files.refuse(upstream, found, twice, "quarter_label", "each state and quarter once")
    lacking = sorted(ECONOMIES.keys() - set(found["economy_label"]))
    if lacking:
        raise KitError(f"{upstream}: has no {lacking[0]}; {EXPECTED}")

    table = pd.DataFrame({"iso3": found["economy_label"].map(ECONOMIES), **quarters[["year", "quarter"]].astype(int)})
    table["connectivity"] = value
    order = table["year"] * 4 + table["quarter"]
    kept = (table["quarter"] == YEAR_END) | (order > order.max() - LAST)
    return table[kept].dropna().sort_values(["iso3", "year", "quarter"], ignore_index=True)


def main(arguments: list[str] | None = None) -> None:
    """Write the table from the command line."""
    _files.make(__doc__, {"file": "the quarterly liner connectivity index, CSV"}, build, arguments)


if __name__ == "__main__":
    main()
