"""Count the incidents of the VERIS Community Database by state, year and sector.

python data/recipes/incident_counts.py vcdb.json.zip --to data/incident_counts.csv
"""

import json
import zipfile
import zlib
from pathlib import Path

import _files
import pandas as pd

from pactlab.errors import KitError

TRACKER = "VCDB"
MEMBER = "vcdb.json"
FEWEST = 8_000  # the joined file of March 2020 holds 8,553 records; a truncated copy holds far fewer

# The tracker names states by two letters. These are all states and territories of the kit's table of countries.
ECONOMIES = {
    "AE": "ARE", "AU": "AUS", "BD": "BGD", "BN": "BRN", "BT": "BTN", "CA": "CAN", "CK": "COK", "CN": "CHN",
    "DE": "DEU", "ES": "ESP", "FJ": "FJI", "FM": "FSM", "FR": "FRA", "GB": "GBR", "GR": "GRC", "HK": "HKG",
    "ID": "IDN", "IN": "IND", "IT": "ITA", "JP": "JPN", "KE": "KEN", "KH": "KHM", "KI": "KIR", "KM": "COM",
    "KP": "PRK", "KR": "KOR", "LA": "LAO", "LK": "LKA", "MG": "MDG", "MH": "MHL", "MM": "MMR", "MN": "MNG",
    "MO": "MAC", "MU": "MUS", "MV": "MDV", "MY": "MYS", "MZ": "MOZ", "NL": "NLD", "NP": "NPL", "NR": "NRU",
    "NZ": "NZL", "OM": "OMN", "PG": "PNG", "PH": "PHL", "PK": "PAK", "PW": "PLW", "RU": "RUS", "SB": "SLB",
    "SC": "SYC", "SG": "SGP", "TH": "THA", "TL": "TLS", "TO": "TON", "TV": "TUV", "TW": "TWN", "TZ": "TZA",
    "US": "USA", "VN": "VNM", "VU": "VUT", "WS": "WSM", "ZA": "ZAF",
}  # fmt: skip

# Prefixes of the North American Industry Classification System (NAICS).
SECTORS = {
    "finance": ("521", "522", "523"),  # central banks, credit and payments, securities; not insurance (524)
    "telecom and internet": ("517", "518", "51913"),  # carriers, hosting, internet publishing
    "power": ("2211",),
    "water": ("2213",),
    "transport": ("481", "482", "483", "484", "485", "486", "487", "488"),  # not post and couriers (49)
}
WHOLE = {"52": "finance", "48": "transport"}  # the whole group: a code with nothing but zeros after this
OTHER = "other"
ATTACKS = {"hacking", "malware", "social"}  # kinds of action by somebody with intent, from outside or within


def sector_group(code: str) -> str:
    """Name the sector group of a NAICS code.

    `code` is a string of digits as the tracker writes it, from two to six, at times filled up with zeros.
    Codes outside the five groups, and unknown ones, are "other".

    >>> sector_group("522110"), sector_group("520"), sector_group("524114")
    ('finance', 'finance', 'other')
    """
    for group, prefixes in SECTORS.items():
        if code.startswith(prefixes):
            return group
    return WHOLE.get(code.rstrip("0"), OTHER)


def records(upstream: Path) -> list[dict]:
    """Read the incidents out of the zipped JSON file.

    `upstream` is the zip that holds `vcdb.json`, a list of records in the VERIS form. A missing, broken,
    truncated or different file raises KitError.
    """
    expected = f"expected the zip with {MEMBER} from the VERIS Community Database"
    try:
        with zipfile.ZipFile(upstream) as archive:
            found = json.loads(archive.read(MEMBER))
    except FileNotFoundError:
        raise KitError(f"{upstream}: no such file; {expected}") from None
    except KeyError:
        raise KitError(f"{upstream}: holds no {MEMBER}; {expected}") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as fault:
        raise KitError(f"{upstream}: cannot be read ({fault}); {expected}, complete") from None
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise KitError(f"{upstream}: {MEMBER} is not a list of records; {expected}")
    return found


def count(incidents: list[dict]) -> pd.DataFrame:
    """Count incidents by state, year and sector group.

    `incidents` are VERIS records. Returns columns tracker, iso3, year, sector_group, n and attacks (those of n
    that hold hacking, malware or deceit; the rest are errors, losses, thefts and misuse), sorted; only cells
    with at least one incident. A record that stands twice under one id counts once; an incident with victims
    in two states counts once in each. A record without id, victim or year raises KitError.
    """
    rows = set()
    for number, record in enumerate(incidents):
        try:
            key = record["incident_id"]
            year = int(record["timeline"]["incident"]["year"])
            victim = record["victim"]
            states, code = victim.get("country", []), str(victim.get("industry", ""))
            attack = bool(ATTACKS & set(record.get("action", {})))
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            expected = "expected incident_id, victim and timeline.incident.year"
            raise KitError(f"{MEMBER}: record {number} is not in the VERIS form ({fault!r}); {expected}") from None
        rows |= {(key, ECONOMIES[state], year, sector_group(code), attack) for state in states if state in ECONOMIES}
    frame = pd.DataFrame(sorted(rows), columns=["incident_id", "iso3", "year", "sector_group", "attack"])
    frame = frame.drop_duplicates(["incident_id", "iso3"])
    cells = frame.groupby(["iso3", "year", "sector_group"])["attack"]
    counts = cells.agg(n="size", attacks="sum").reset_index()
    counts.insert(0, "tracker", TRACKER)
    return counts


def build(upstream: Path, fewest: int = FEWEST) -> pd.DataFrame:
    """Build the table from the upstream file.

    `upstream` is the zipped JSON of the VERIS Community Database (CC BY-SA 4.0); `fewest` is the number of
    records below which it is taken for a truncated copy (KitError). Returns the columns of `count`.
    """
    incidents = records(Path(upstream))
    if len(incidents) < fewest:
        raise KitError(f"{upstream}: {len(incidents)} records, a truncated copy; expected at least {fewest}")
    return count(incidents)


def main(arguments: list[str] | None = None) -> None:
    """Write the table from the command line."""
    files = {"file": "the zipped joined JSON of the VERIS Community Database"}
    _files.make(__doc__, files, build, arguments, told=lambda table: f"{len(table)} rows, {table['n'].sum()} incidents")


if __name__ == "__main__":
    main()
