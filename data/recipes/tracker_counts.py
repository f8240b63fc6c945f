"""Count the incidents of three trackers, EuRepoC, CISSM and DCID, by state, year and sector.

python data/recipes/tracker_counts.py sectors.csv cissm.csv.gz dcid.xlsx --to data/tracker_counts.csv
"""

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import _files
import pandas as pd

from pactlab.errors import KitError

EUREPOC = "expected targeted_sectors.csv of the EuRepoC dashboard, one receiver and sector of an incident a row"
CISSM = "expected the export of the CISSM Cyber Attacks Database, one event a row"
DCID = "expected the workbook of DCID 2.0, incidents on its first sheet"
FEWEST = (16_000, 10_000, 400)  # the files hold 16,698, 10,642 and 429 rows; a CISSM copy cut at 3,987 is about

# Names as the trackers write them. Regions ("Asia (region)"), bodies and territories such as Guam count for no state.
NAMES = {
    "Australia": "AUS", "Bangladesh": "BGD", "Bhutan": "BTN", "Brunei": "BRN", "Brunei Darussalam": "BRN",
    "Cambodia": "KHM", "Canada": "CAN", "China": "CHN", "Comoros": "COM", "Cook Islands": "COK", "Fiji": "FJI",
    "France": "FRA", "Germany": "DEU", "Greece": "GRC", "Hong Kong": "HKG", "India": "IND", "Indonesia": "IDN",
    "Italy": "ITA", "Japan": "JPN", "Kenya": "KEN", "Kiribati": "KIR",
    "Korea (the Democratic People's Republic of)": "PRK", "Korea (the Republic of)": "KOR",
    "Korea, Democratic People's Republic of": "PRK", "Korea, Republic of": "KOR", "Laos": "LAO",
    "Lao People's Democratic Republic": "LAO", "Macao": "MAC", "Madagascar": "MDG", "Malaysia": "MYS",
    "Maldives": "MDV", "Marshall Islands": "MHL", "Mauritius": "MUS", "Micronesia": "FSM", "Mongolia": "MNG",
    "Mozambique": "MOZ", "Myanmar": "MMR", "Nauru": "NRU", "Nepal": "NPL", "Netherlands": "NLD",
    "New Zealand": "NZL", "Oman": "OMN", "Pakistan": "PAK", "Palau": "PLW", "Papua New Guinea": "PNG",
    "Philippines": "PHL", "Russia": "RUS", "Russian Federation": "RUS", "Samoa": "WSM", "Seychelles": "SYC",
    "Singapore": "SGP", "Solomon Islands": "SLB", "South Africa": "ZAF", "Spain": "ESP", "Sri Lanka": "LKA",
    "Taiwan": "TWN", "Taiwan (Province of China)": "TWN", "Tanzania": "TZA", "Tanzania, United Republic of": "TZA",
    "Thailand": "THA", "Timor-Leste": "TLS", "Tonga": "TON", "Tuvalu": "TUV", "United Arab Emirates": "ARE",
    "United Kingdom": "GBR", "United Kingdom of Great Britain and Northern Ireland": "GBR", "United States": "USA",
    "United States of America": "USA", "Vanuatu": "VUT", "Viet Nam": "VNM", "Vietnam": "VNM",
}  # fmt: skip
# DCID pairs states by Correlates of War numbers. These are the states of the kit among its rivals.
NUMBERS = {
    "2": "USA", "20": "CAN", "200": "GBR", "220": "FRA", "255": "DEU", "365": "RUS", "710": "CHN", "713": "TWN",
    "731": "PRK", "732": "KOR", "740": "JPN", "750": "IND", "770": "PAK", "816": "VNM", "830": "SGP", "840": "PHL",
    "900": "AUS",
}  # fmt: skip
# Asia east of Afghanistan, the Pacific and the United States: where totals of the three trackers can be compared.
REGION = {
    "AUS", "BGD", "BRN", "BTN", "CHN", "COK", "FJI", "FSM", "HKG", "IDN", "IND", "JPN", "KHM", "KIR", "KOR", "LAO",
    "LKA", "MAC", "MDV", "MHL", "MMR", "MNG", "MYS", "NPL", "NRU", "NZL", "PAK", "PHL", "PLW", "PNG", "PRK", "SGP",
    "SLB", "THA", "TLS", "TON", "TUV", "TWN", "USA", "VNM", "VUT", "WSM",
}  # fmt: skip

FIN, TEL, POW, TRA, WAT, OTHER = "finance", "telecom and internet", "power", "transport", "water", "other"
ANY = "any sector"  # each incident once: the sectors of one incident may be several, so they must not be summed
# EuRepoC's kinds of critical infrastructure; its Energy holds oil and gas.
SUBCODES = {
    "Finance": FIN, "Telecommunications": TEL, "Digital Provider": TEL, "Energy": POW, "Transportation": TRA,
    "Water": WAT, "Waste Water Management": WAT,
}  # fmt: skip
# CISSM gives two digits of NAICS, the North American classification: insurance, media and storage come along.
INDUSTRIES = {"52": FIN, "51": TEL, "48": TRA, "49": TRA, "22": POW}
UTILITIES = "22"  # power, gas and water together: water where the words speak of it and of no electricity
WATER, NOT_WATER = "water|sewage", "electric|power|energy|nuclear"
# DCID's sectors: IT (13) and communications, energy and nuclear (14), water; 17 is none of the sixteen.
SECTORS = {"9": FIN, "3": TEL, "13": TEL, "8": POW, "14": POW, "15": TRA, "16": WAT}

DAY, MONTH = r"\d{4}-[01]\d-[0-3]\d", r"\d{4}-[01]\d"
KEY = ["tracker", "area", "iso3", "year", "sector_group"]


def opened(read: Callable[[Path], pd.DataFrame], path: Path, columns: set[str], fewest: int, told: str) -> pd.DataFrame:
    """Read with pandas what `_files.rows_of` cannot, a packed CSV file or a workbook, with the same refusals."""
    try:
        found = read(path)
    except FileNotFoundError:
        raise KitError(f"{path}: no such file; {told}") from None
    except ImportError as fault:
        raise KitError(f"{path}: reading a workbook needs the package openpyxl ({fault})") from None
    except (OSError, EOFError, KeyError, ValueError, zlib.error, zipfile.BadZipFile) as fault:
        raise KitError(f"{path}: cannot be read ({fault}); {told}, complete") from None
    found.columns = found.columns.str.strip()
    if lacking := sorted(columns - set(found.columns)):
        raise KitError(f"{path}: has no column {', '.join(lacking)}; {told}")
    if len(found) < fewest:
        raise KitError(f"{path}: {len(found)} rows, a truncated copy; expected at least {fewest}")
    return found.fillna("")


def eurepoc(path: Path, fewest: int) -> pd.DataFrame:
    """Return incident, iso3, date and sector_group, a row for each receiver and sector of an EuRepoC incident."""
    columns = {"ID", "start_date", "receiver_country", "receiver_category_subcode"}
    found = _files.rows_of(path, columns, fewest, EUREPOC)
    _files.refuse(path, found, ~found["ID"].str.fullmatch(r"\d+"), "ID", "a number")
    _files.refuse(path, found, ~found["start_date"].str.fullmatch(f"({DAY})?"), "start_date", "a day or nothing")
    group = found["receiver_category_subcode"].map(SUBCODES).fillna(OTHER)
    iso3 = found["receiver_country"].map(NAMES)
    return pd.DataFrame({"incident": found["ID"], "iso3": iso3, "date": found["start_date"], "sector_group": group})


def cissm(path: Path, fewest: int) -> pd.DataFrame:
    """Return the same columns from CISSM, a row an event: the list has no ids, so rows that agree count each."""
    columns = {"evtDate", "organization", "description", "industry_code", "country"}
    found = opened(lambda file: pd.read_csv(file, dtype=str, keep_default_na=False), path, columns, fewest, CISSM)
    _files.refuse(path, found, ~found["evtDate"].str.fullmatch(MONTH), "evtDate", "a month such as 2015-01")
    _files.refuse(path, found, ~found["industry_code"].str.fullmatch(r"\d\d"), "industry_code", "two digits")
    _files.refuse(path, found, found["country"] == "", "country", "a state, or Undetermined")
    group = found["industry_code"].map(INDUSTRIES).fillna(OTHER)
    words = (found["organization"] + " " + found["description"]).str.lower()
    water = (found["industry_code"] == UTILITIES) & words.str.contains(WATER) & ~words.str.contains(NOT_WATER)
    iso3 = found["country"].map(NAMES)
    group = group.mask(water, WAT)
    return pd.DataFrame({"incident": found.index, "iso3": iso3, "date": found["evtDate"], "sector_group": group})


def dcid(path: Path, fewest: int) -> pd.DataFrame:
    """Return the same columns from DCID: the state is the one of the pair that did not begin.

    Where the beginner stands outside the pair no state is counted: both may be targets.
    """
    columns = {"Cyberincidentnum", "Dyadpair", "initiator", "interactionstartdate", "Crit Inf"}
    found = opened(lambda file: pd.read_excel(file, dtype=str), path, columns, fewest, DCID)
    date, key = found["interactionstartdate"].str[:10], "Cyberincidentnum"
    _files.refuse(path, found, ~date.str.fullmatch(DAY), "interactionstartdate", "a day")
    _files.refuse(path, found, found[key].duplicated() | (found[key] == ""), key, "a number of its own")
    for column in ("Dyadpair", "initiator", "Crit Inf"):
        _files.refuse(path, found, ~found[column].str.fullmatch(r"\d+"), column, "a number")
    pairs = zip(found["Dyadpair"], found["initiator"], strict=True)  # 2365 is the pair of 2 and 365
    target = [pair.removeprefix(by) if pair.startswith(by) else pair.removesuffix(by) for pair, by in pairs]
    group, iso3 = found["Crit Inf"].map(SECTORS).fillna(OTHER), pd.Series(target).map(NUMBERS)
    return pd.DataFrame({"incident": found[key], "iso3": iso3, "date": date, "sector_group": group})


def count(tracker: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Count the incidents of one tracker by state, year and sector group, and in the region and the world.

    `rows` has the columns incident, iso3, date (a day, a month or nothing) and sector_group.
    """
    day = rows["date"].str[5:].where(rows["date"].str.len() == 10)
    rows = rows.assign(
        tracker=tracker,
        area="state",
        year=pd.to_numeric(rows["date"].str[:4], errors="coerce").astype("Int64"),
        first_of_month=day.str.endswith("-01").astype("boolean").where(day.notna()).astype("Int64"),
        first_of_year=day.eq("01-01").astype("boolean").where(day.notna()).astype("Int64"),
    )
    once = rows.assign(sector_group=ANY)
    states = pd.concat([rows, once]).dropna(subset="iso3").drop_duplicates(["incident", "iso3", "sector_group"])
    region = once[once["iso3"].isin(REGION)].drop_duplicates("incident").assign(area="region", iso3="")
    world = once.drop_duplicates("incident").assign(area="world", iso3="")
    cells = pd.concat([states, region, world]).groupby(KEY, dropna=False)
    days = cells[["first_of_month", "first_of_year"]].sum(min_count=1)  # no day at all: empty, not 0
    return pd.concat([cells.size().rename("n"), days], axis=1).reset_index()


def build(sectors: Path, events: Path, rivals: Path, fewest: tuple[int, int, int] = FEWEST) -> pd.DataFrame:
    """Build the table from the three upstream files.

    `sectors` is the CSV file of EuRepoC, `events` the packed CSV file of CISSM, `rivals` the workbook of DCID;
    `fewest` are the numbers of rows below which each is taken for a truncated copy. Returns columns tracker, area
    (state, region, world), iso3 (empty for region and world), year of start (empty for undated), sector_group, n
    (incidents, at least 1), first_of_month and first_of_year (those of n that begin on such a day; empty where
    the tracker gives no day), sorted. A wrong file or cell raises KitError.
    """
    parts = zip(("EuRepoC", "CISSM", "DCID"), (eurepoc, cissm, dcid), (sectors, events, rivals), fewest, strict=True)
    table = pd.concat([count(tracker, read(Path(path), least)) for tracker, read, path, least in parts])
    return table.sort_values(KEY, ignore_index=True)


def main(arguments: list[str] | None = None) -> None:
    """Write the table from the command line."""
    files = {"sectors": "EuRepoC, CSV", "events": "CISSM, packed CSV", "rivals": "DCID 2.0, workbook"}
    _files.make(__doc__, files, build, arguments)


if __name__ == "__main__":
    main()
