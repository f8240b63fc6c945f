"""Count published flaws of industrial control systems by year, sector, vendor and the vendor's seat.

python data/recipes/ics_advisories.py CISA_ICS_ADV_Master.csv --to data/ics_advisories.csv
"""

from pathlib import Path

import _files
import pandas as pd

EXPECTED = "expected CISA_ICS_ADV_Master.csv of the ICS Advisory Project"
COLUMNS = {"Year", "Vendor", "Critical_Infrastructure_Sector", "Company_Headquarters"}
FEWEST = 3_900  # the file of 20 August 2026 holds 3,989 rows, and it only grows
FIRST_YEAR = 2010

# A group counts an advisory that names a sector with one of these words. The groups overlap on purpose: nuclear is
# part of power. The US sector Energy holds oil and gas beside electricity, and cannot be split; "oil and gas"
# written out alone, and dams, are "other".
GROUPS = {
    "finance": "financ",
    "telecom and internet": "communication|information technology",
    "power": "energy|nuclear",
    "nuclear": "nuclear",
    "transport": "transport|maritime",
    "water": "water",
    "multiple sectors": "multiple",  # what the advisories of 2021-23 often say instead of a list
}
OTHER = "other"  # names at least one sector that is in none of the groups
ANY = "any sector"  # each advisory once: the rows for totals
NONE_NAMED = {"", "unknown"}
# One sector whose own name holds the signs that part sectors elsewhere.
LONG_NAME = r"nuclear reactors[;,]?\s*materials[;,]?\s*and waste"
PARTS = "[;,:]"

SEATS = {
    "Argentina": "ARG", "Australia": "AUS", "Austria": "AUT", "Belgium": "BEL", "Brazil": "BRA", "Bulgaria": "BGR",
    "Canada": "CAN", "China": "CHN", "Cyprus": "CYP", "Czech Republic": "CZE", "Czechia": "CZE", "Denmark": "DNK",
    "Estonia": "EST", "Finland": "FIN", "France": "FRA", "Germany": "DEU", "Hong Kong": "HKG", "Hungary": "HUN",
    "Iceland": "ISL", "India": "IND", "Ireland": "IRL", "Israel": "ISR", "Italy": "ITA", "Japan": "JPN",
    "Latvia": "LVA", "Lithuania": "LTU", "Malaysia": "MYS", "Netherlands": "NLD", "New Zealand": "NZL",
    "Norway": "NOR", "Poland": "POL", "Portugal": "PRT", "Romania": "ROU", "Russia": "RUS", "Serbia": "SRB",
    "Singapore": "SGP", "Slovakia": "SVK", "Slovenia": "SVN", "South Africa": "ZAF", "South Korea": "KOR",
    "Spain": "ESP", "Sweden": "SWE", "Switzerland": "CHE", "Taiwan": "TWN", "Turkey": "TUR", "Ukraine": "UKR",
    "United Kingdom": "GBR", "United States": "USA",
}  # fmt: skip
# No seat, or a slip of the upstream file (a firm's name). Two states in one cell are no single seat either.
NO_SEAT = {"", "Not Applicable", "Open-source", "Multiple", "Global", "Siemens"}
# A name whose letters were encoded twice.
RESPELT = {"Innokas Yhtym\u00c3\u0192\u00c2\u00a4 Oy": "Innokas Yhtymä Oy"}

KEY = ["year", "sector_group", "sector_alone", "vendor", "vendor_seat"]


def groups_of(sectors: str) -> tuple[set[str], bool]:
    """Name the sector groups of one cell of the upstream file, and say whether it names exactly one sector.

    >>> groups_of("Water and Wastewater")
    ({'water'}, True)
    >>> sorted(groups_of("Dams; Energy")[0])
    ['other', 'power']
    """
    text = pd.Series(sectors.lower()).str.replace(LONG_NAME, "nuclear", regex=True)
    parts = text.str.split(PARTS, regex=True).explode().str.strip()
    parts = parts[~parts.isin(NONE_NAMED)]
    found = {group: parts.str.contains(words) for group, words in GROUPS.items()}
    named = {group for group, hits in found.items() if hits.any()}
    if not pd.DataFrame(found).any(axis=1).all():
        named.add(OTHER)
    return named, len(parts) == 1 and "multiple sectors" not in named


def count(advisories: pd.DataFrame) -> pd.DataFrame:
    """Count advisories by year, sector group, vendor and seat.

    `advisories` has year (integer), sectors (text as upstream), vendor and vendor_seat (ISO 3166 alpha-3 or
    empty), one advisory a row. Returns the columns of the key and n, sorted. An advisory counts once in
    "any sector", and once in each group that it names.
    """
    told = {sectors: groups_of(sectors) for sectors in advisories["sectors"].unique()}
    rows = advisories.assign(
        sector_group=[sorted(told[sectors][0] | {ANY}) for sectors in advisories["sectors"]],
        sector_alone=[told[sectors][1] for sectors in advisories["sectors"]],
    ).explode("sector_group")
    return rows.groupby(KEY).size().reset_index(name="n")


def build(upstream: Path, fewest: int = FEWEST) -> pd.DataFrame:
    """Build the table from the upstream file.

    `upstream` is the master list of the ICS Advisory Project (ODbL 1.0), one advisory a row; `fewest` is the
    number of rows below which it is taken for a truncated copy. Returns the columns of `count`. A wrong file, a
    cell without year or vendor and a seat that `SEATS` lacks raise KitError.
    """
    found = _files.rows_of(upstream, COLUMNS, fewest, EXPECTED)
    year = pd.to_numeric(found["Year"], errors="coerce")
    _files.refuse(upstream, found, ~(year >= FIRST_YEAR) | (year % 1 != 0), "Year", f"a year from {FIRST_YEAR}")
    vendor = found["Vendor"].str.strip()
    _files.refuse(upstream, found, vendor == "", "Vendor", "a name")
    seat = found["Company_Headquarters"].str.strip()
    known = seat.str.split(", ").map(lambda states: set(states) <= SEATS.keys() | NO_SEAT)
    _files.refuse(upstream, found, ~known, "Company_Headquarters", "a state of SEATS in the recipe: add it there")
    return count(
        pd.DataFrame(
            {
                "year": year.astype(int),
                "sectors": found["Critical_Infrastructure_Sector"],
                "vendor": vendor.replace(RESPELT),
                "vendor_seat": seat.map(SEATS).fillna(""),
            }
        )
    )


def main(arguments: list[str] | None = None) -> None:
    """Write the table from the command line."""
    _files.make(__doc__, {"file": "the master list of the ICS Advisory Project, CSV"}, build, arguments)


if __name__ == "__main__":
    main()
