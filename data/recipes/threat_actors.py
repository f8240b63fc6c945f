"""Count the threat actors of two editions of the MISP list by stated sponsor, stated victim and confidence.

python data/recipes/threat_actors.py older.json later.json --to data/threat_actors.csv
"""

import json
from pathlib import Path
from typing import Any

import _files
import pandas as pd

from pactlab.errors import KitError

EXPECTED = "expected the cluster threat-actor.json of misp-galaxy"
FEWEST = 860  # version 336 holds 864 actors, and the list only grows

SPONSOR = "cfr-suspected-state-sponsor"  # not "country": that is where an actor is thought to be at home
VICTIMS = ("cfr-suspected-victims", "suspected-victims")  # the second is in five actors, with the same meaning
KIND, CONFIDENCE, ORIGIN = "cfr-type-of-incident", "attribution-confidence", "country"

# Sponsors as upstream spells them: a neutral name, and a code where the kit's table of countries has one.
UNKNOWN, NONE = "unknown", "none stated"  # upstream says "Unknown"; upstream has no such field
SPONSORS = {
    "Belarus": ("Belarus", ""), "China": ("China", "CHN"), "France": ("France", "FRA"), "India": ("India", "IND"),
    "Iran (Islamic Republic of)": ("Iran", ""), "Israel": ("Israel", ""),
    "Korea (Democratic People's Republic of)": ("North Korea", "PRK"), "Korea (Republic of)": ("South Korea", "KOR"),
    "Lebanon": ("Lebanon", ""), "Pakistan": ("Pakistan", "PAK"), "Palestine": ("Palestine", ""),
    "People's Republic of China": ("China", "CHN"), "Russian Federation": ("Russia", "RUS"), "Spain": ("Spain", "ESP"),
    "US": ("United States", "USA"), "United Arab Emirates": ("United Arab Emirates", "ARE"),
    "United States": ("United States", "USA"), "Unknown": (UNKNOWN, ""), "Vietnam": ("Vietnam", "VNM"),
    None: (NONE, ""),
}  # fmt: skip
# Victims that are states or territories of the kit. All else (other states, regions, firms, bodies) has no row of
# its own, but makes an actor one with a victim.
STATES = {
    "Australia": "AUS", "Bangladesh": "BGD", "Brunei": "BRN", "Cambodia": "KHM", "Canada": "CAN", "China": "CHN",
    "France": "FRA", "Germany": "DEU", "Greece": "GRC", "Hong Kong": "HKG", "India": "IND", "Indonesia": "IDN",
    "Italy": "ITA", "Japan": "JPN", "Kenya": "KEN", "Korea (Republic of)": "KOR", "Laos": "LAO", "Macao": "MAC",
    "Malaysia": "MYS", "Mongolia": "MNG", "Myanmar": "MMR", "Nepal": "NPL", "Netherlands": "NLD",
    "New Zealand": "NZL", "North Korea": "PRK", "Oman": "OMN", "Pakistan": "PAK", "Philippines": "PHL",
    "Republic of Korea": "KOR", "Russia": "RUS", "Russian Federation": "RUS", "Singapore": "SGP",
    "Solomon Islands": "SLB", "South Africa": "ZAF", "South Korea": "KOR", "Spain": "ESP", "Sri Lanka": "LKA",
    "Taiwan": "TWN", "Thailand": "THA", "The Philippines": "PHL", "US": "USA", "United Arab Emirates": "ARE",
    "United Kingdom": "GBR", "United States": "USA", "Vietnam": "VNM",
}  # fmt: skip
PERCENT = {str(whole) for whole in range(101)}
ANY, NO, ONE = "any victim", "no victim", "one state"  # the first two hold each actor once: the rows for totals
KEY = ["edition", "victims", "victim_iso3", "sponsor", "sponsor_iso3", "incident_type", "confidence", "origin_stated"]


def listed(value: Any) -> list[str]:
    """Return what a field of the list holds as a list: it may be missing, one text or several.

    >>> listed(None), listed("India"), listed(["India", "Japan"])
    ([], ['India'], ['India', 'Japan'])
    """
    return [] if value is None else value if isinstance(value, list) else [value]


def actors_of(upstream: Path, fewest: int) -> tuple[int, list[dict]]:
    """Read the version and the fields of each actor out of one edition; a file that is none raises KitError."""
    try:
        found = json.loads(Path(upstream).read_text(encoding="utf-8"))
        version, actors = int(found["version"]), [dict(actor.get("meta", {})) for actor in found["values"]]
        kind = found["type"]
    except FileNotFoundError:
        raise KitError(f"{upstream}: no such file; {EXPECTED}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise KitError(f"{upstream}: cannot be read ({fault!r}); {EXPECTED}, complete") from None
    if kind != "threat-actor":
        raise KitError(f"{upstream}: is a list of type {kind!r}; {EXPECTED}")
    if len(actors) < fewest:
        raise KitError(f"{upstream}: {len(actors)} actors, a truncated copy; expected at least {fewest}")
    return version, actors


def rows_of(upstream: Path, number: int, actor: dict) -> list[tuple]:
    """Return the rows of one actor without the edition: one for the totals, and one for each state of the kit."""
    sponsor, confidence = actor.get(SPONSOR), actor.get(CONFIDENCE)
    kinds = listed(actor.get(KIND))
    named = [name for field in VICTIMS for name in listed(actor.get(field))]
    for field, found, right, wanted in (
        (SPONSOR, sponsor, sponsor in list(SPONSORS), "a sponsor of SPONSORS in the recipe: add it there"),
        (CONFIDENCE, confidence, confidence is None or str(confidence) in PERCENT, "0 to 100, or nothing"),
        (VICTIMS[0], named, all(isinstance(name, str) for name in named), "names"),
    ):
        if not right:
            raise KitError(f"{upstream}: actor {number}, {field}: found {found!r}; expected {wanted}")
    kind = "espionage" if "Espionage" in kinds else "other" if kinds else NONE
    same = (*SPONSORS[sponsor], kind, "" if confidence is None else str(confidence), bool(actor.get(ORIGIN)))
    states = sorted({STATES[name] for name in named if name in STATES})
    return [(ANY if named else NO, "", *same), *((ONE, state, *same) for state in states)]


def count(upstream: Path, fewest: int = FEWEST) -> tuple[int, pd.DataFrame]:
    """Return the version of one edition and its counts: the columns of `KEY` and n, sorted."""
    version, actors = actors_of(upstream, fewest)
    rows = [row for number, actor in enumerate(actors, 1) for row in rows_of(upstream, number, actor)]
    table = pd.DataFrame([(f"version {version}", *row) for row in rows], columns=KEY)
    table = table.groupby(KEY).size().reset_index(name="n")
    order = {ANY: 0, NO: 1, ONE: 2}
    return version, table.sort_values(KEY, key=lambda column: column.replace(order), ignore_index=True)


def build(older: Path, later: Path, fewest: int = FEWEST) -> pd.DataFrame:
    """Build the table from two editions of the upstream file.

    `older` and `later` are editions of threat-actor.json (misp-galaxy, CC0 or BSD 2-Clause), told apart by their
    version; `fewest` is the number of actors below which a file is taken for a truncated copy. Returns the columns
    of `KEY` and n (actors, at least 1), sorted. A wrong file, files in the wrong order, a sponsor that `SPONSORS`
    lacks, a victim that is no text and a confidence that is no number from 0 to 100 raise KitError.
    """
    (first, table), (second, rest) = count(older, fewest), count(later, fewest)
    if first >= second:
        raise KitError(f"{later}: version {second}; expected one later than {first}, that of {older}")
    return pd.concat([table, rest], ignore_index=True)


def main(arguments: list[str] | None = None) -> None:
    """Write the table from the command line."""
    files = {"older": "threat-actor.json, the older edition", "later": "threat-actor.json, the later edition"}
    _files.make(__doc__, files, build, arguments)


if __name__ == "__main__":
    main()
