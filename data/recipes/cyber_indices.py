"""Put three published cyber indices in one long table: GCI (five editions), NCPI 2020 and EGDI 2022.

python data/recipes/cyber_indices.py gci.csv ncpi.csv egdi.csv --to data/cyber_indices.csv
"""

from pathlib import Path

import _files
import pandas as pd

from pactlab.errors import KitError

EXPECTED = {
    "GCI": "expected the list of GCI scores 2014 to 2024, one state a row",
    "NCPI": "expected CPI_scores_published.csv of NCPI 2020, one state a row",
    "EGDI": "expected EGOV_DATA_2022.csv, one state a row",
}
FEWEST = {"GCI": 190, "NCPI": 29, "EGDI": 190}  # the files hold 196, 29 and 193 rows

# The header repeats "Global Rank", misspells it once and ends with a column without a name.
GCI_HEADER = ["Country", "2014", "Globa Rank", "2017", "Global Rank", "2018", "Global Rank"]
GCI_HEADER += ["2020", "Global Rank", "2024", "Global Rank", ""]
GCI_TOP = {2014: 1, 2017: 1, 2018: 1, 2020: 100, 2024: 100}  # the publisher changed the scale in 2020
GCI_RANKED = {2014, 2017, 2018, 2020}  # in 2024 the publisher gave tiers: the ranks in the file are the compiler's
GCI_MISSING = ("", "#N/A")

# The other two files: a total, first, and its parts. Of NCPI only the columns of capability times intent: the
# published order follows these.
PARTS = {
    "NCPI": {
        "score_capint": "total", "capint_surveillance": "domestic surveillance", "capint_defense": "cyber defence",
        "capint_control": "information control", "capint_intelligence": "foreign intelligence",
        "capint_commercial": "commercial gain", "capint_offense": "offence", "capint_norms": "norms",
    },
    "EGDI": {
        "E-Government Index": "total", "Online Service Index": "online services",
        "Human Capital Index": "human capital", "Telecommunication Infrastructure Index": "telecom infrastructure",
    },
}  # fmt: skip
NAME_COLUMN = {"NCPI": "country", "EGDI": "Country Name"}
RANK_COLUMN = {"EGDI": "E-Government Rank"}  # the file of NCPI has no ranks
TOP = {"NCPI": 100, "EGDI": 1}
NEAR = {"NCPI": 0.001, "EGDI": 0.0002}  # a total is the mean of its parts; the files are rounded

# Each spelling of a state or territory of the kit in one of the three files.
NAMES = {
    "Australia": "AUS", "Bangladesh": "BGD", "Bhutan": "BTN", "Brunei Darussalam": "BRN", "Cambodia": "KHM",
    "Canada": "CAN", "China": "CHN", "Comoros": "COM", "Democratic People's Republic of Korea": "PRK", "Fiji": "FJI",
    "France": "FRA", "Germany": "DEU", "Greece": "GRC", "Hong Kong": "HKG", "India": "IND", "Indonesia": "IDN",
    "Italy": "ITA", "Japan": "JPN", "Kenya": "KEN", "Kiribati": "KIR", "Korea (the Republic of)": "KOR", "Lao": "LAO",
    "Lao People's Democratic Republic": "LAO", "Madagascar": "MDG", "Malaysia": "MYS", "Maldives": "MDV",
    "Marshall Islands": "MHL", "Mauritius": "MUS", "Micronesia": "FSM", "Micronesia (Federated States of)": "FSM",
    "Mongolia": "MNG", "Mozambique": "MOZ", "Myanmar": "MMR", "Nauru": "NRU", "Nepal": "NPL", "Netherlands": "NLD",
    "New Zealand": "NZL", "Oman": "OMN", "Pakistan": "PAK", "Palau": "PLW", "Papua New Guinea": "PNG",
    "Philippines": "PHL", "ROK": "KOR", "Republic of Korea": "KOR", "Russia": "RUS", "Russian Federation": "RUS",
    "Samoa": "WSM", "Seychelles": "SYC", "Singapore": "SGP", "Solomon Islands": "SLB", "South Africa": "ZAF",
    "Spain": "ESP", "Sri Lanka": "LKA", "Tanzania": "TZA", "Thailand": "THA", "Timor-Leste": "TLS", "Tonga": "TON",
    "Tuvalu": "TUV", "United Arab Emirates": "ARE", "United Kingdom": "GBR",
    "United Kingdom of Great Britain and Northern Ireland": "GBR", "United Republic of Tanzania": "TZA",
    "United States": "USA", "United States of America": "USA", "Vanuatu": "VUT", "Viet Nam": "VNM", "Vietnam": "VNM",
}  # fmt: skip
# States that each file must hold. The copy of the GCI has lost Canada, which the publisher ranks.
STATES = {
    "GCI": set(NAMES.values()) - {"CAN"},
    "NCPI": {
        "AUS", "CAN", "CHN", "DEU", "ESP", "FRA", "GBR", "IND", "ITA", "JPN", "KOR", "MYS", "NLD", "NZL", "RUS",
        "SGP", "USA", "VNM",
    },
    "EGDI": set(NAMES.values()) - {"HKG"},
}  # fmt: skip
COPIES = {"GCI": "transcription", "NCPI": "author's file", "EGDI": "copy of a file"}
KEY = ["index", "edition", "iso3", "part"]
COLUMNS = [*KEY, "value", "scale", "score_0_100", "rank_published", "method", "copy_kind"]


def gci_scores(upstream: Path, fewest: int = FEWEST["GCI"]) -> pd.DataFrame:
    """Read the GCI scores of all states of the world.

    Returns columns name, edition (year), value (as published), scale, score_0_100 and rank_published (empty in
    2024); a score that upstream lacks has no row, and 0 is a score. A file with other columns, a cell that is no
    score on the scale of its edition and a state that stands twice raise KitError.
    """
    found = _files.rows_of(upstream, {"Country"}, fewest, EXPECTED["GCI"])
    if list(found.columns) != GCI_HEADER:
        raise KitError(f"{upstream}: found columns {', '.join(found.columns)}; {EXPECTED['GCI']}")
    found.columns = ["name", *(f"{kind}{year}" for year in GCI_TOP for kind in ("", "rank of ")), ""]
    _files.refuse(upstream, found, found.duplicated("name"), "name", "each state once")
    editions = []
    for year, top in GCI_TOP.items():
        value = _numbers(upstream, found, str(year), top, gaps=GCI_MISSING)
        place = _numbers(upstream, found, f"rank of {year}", len(found), gaps=GCI_MISSING)
        edition = pd.DataFrame({"name": found["name"], "edition": year, "value": value, "scale": f"0-{top}"})
        edition["score_0_100"] = (value * (100 / top)).round(2)
        edition["rank_published"] = place.astype("Int64") if year in GCI_RANKED else pd.NA
        editions.append(edition.dropna(subset="value").astype({"rank_published": "Int64"}))
    return pd.concat(editions, ignore_index=True)


def _numbers(upstream: Path, rows: pd.DataFrame, column: str, top: int, *, gaps: tuple[str, ...] = ()) -> pd.Series:
    """Return a column as numbers, empty where the cell is one of `gaps`; a cell outside 0 to `top` is a KitError."""
    value = pd.to_numeric(rows[column], errors="coerce")
    wrong = ~value.between(0, top) & ~rows[column].isin(gaps)
    _files.refuse(upstream, rows, wrong, column, f"a number from 0 to {top}")
    return value


def _parts(upstream: Path, index: str, fewest: int) -> pd.DataFrame:
    """Read a file that has a total and its parts in columns: one row each, the rank at the total only."""
    name, top, parts = NAME_COLUMN[index], TOP[index], PARTS[index]
    ranks = [RANK_COLUMN[index]] if index in RANK_COLUMN else []
    found = _files.rows_of(upstream, {name, *parts, *ranks}, fewest, EXPECTED[index])
    found["name"] = found[name].str.strip()
    _files.refuse(upstream, found, found.duplicated("name"), name, "each state once")
    values = pd.DataFrame({column: _numbers(upstream, found, column, top) for column in parts})
    off = (values.iloc[:, 1:].mean(axis=1) - values.iloc[:, 0]).abs() > NEAR[index]
    _files.refuse(upstream, found, off, values.columns[0], "the mean of the parts of the index")
    values = values.rename(columns=parts).assign(name=found["name"])
    table = values.melt("name", var_name="part").assign(scale=f"0-{top}")
    table["score_0_100"] = (table["value"] * (100 / top)).round(3)
    table["rank_published"] = pd.Series(pd.NA, table.index, dtype="Int64")
    for column in ranks:  # the totals stand first, in the order of the file
        table.loc[found.index, "rank_published"] = _numbers(upstream, found, column, len(found)).astype("Int64")
    return table


def build(gci: Path, ncpi: Path, egdi: Path, fewest: dict[str, int] = FEWEST) -> pd.DataFrame:
    """Build the table from the three upstream files.

    `fewest` gives for each index the number of rows below which its file is taken for a truncated copy. Returns
    `COLUMNS`, sorted by `KEY`: `value` on the publisher's `scale`, the same from 0 to 100, the publisher's rank at
    the total where the file gives it. A wrong file, a state of `STATES` that it lacks, a cell that is no score and
    a total that is not the mean of its parts raise KitError.
    """
    scores = gci_scores(gci, fewest["GCI"])
    method = {year: f"GCI edition {number}" for number, year in enumerate(GCI_TOP, 1)}
    scores = scores.assign(part="total", method=scores["edition"].map(method))
    power = _parts(ncpi, "NCPI", fewest["NCPI"]).assign(edition=2020, method="NCPI 2020")
    online = _parts(egdi, "EGDI", fewest["EGDI"]).assign(edition=2022, method="EGDI 2022")

    tables = []
    for index, upstream, table in (("GCI", gci, scores), ("NCPI", ncpi, power), ("EGDI", egdi, online)):
        kept = table.assign(index=index, copy_kind=COPIES[index], iso3=table["name"].map(NAMES)).dropna(subset="iso3")
        lacking = sorted(STATES[index] - set(kept["iso3"]))
        if lacking:
            raise KitError(f"{upstream}: has no row for {lacking[0]}; {EXPECTED[index]}")
        tables.append(kept)
    return pd.concat(tables)[COLUMNS].sort_values(KEY, ignore_index=True)


def main(arguments: list[str] | None = None) -> None:
    """Write the table from the command line."""
    files = {
        "gci": "scores of the Global Cybersecurity Index, CSV",
        "ncpi": "scores of the National Cyber Power Index 2020, CSV",
        "egdi": "the E-Government Development Index of 2022, CSV",
    }
    _files.make(__doc__, files, build, arguments)


if __name__ == "__main__":
    main()
