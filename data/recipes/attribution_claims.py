"""Count the incidents of two snapshots of EuRepoC by victim, stated initiator and, in the first, who claimed it.

python data/recipes/attribution_claims.py global_1.1.csv initiators.csv --to data/attribution_claims.csv
"""

import ast
from itertools import product
from pathlib import Path

import _files
import pandas as pd

from pactlab.errors import KitError

FIRST, SECOND = "August 2023", "December 2023"  # version 1.1, and the file behind the dashboard
NOT_HERE = ""  # only the first says who made a claim
FIRST_EXPECTED = "expected EuRepoC_Global_Database_1.1.csv, one incident a row"
SECOND_EXPECTED = "expected the initiators of the EuRepoC dashboard, one incident, victim and initiator a row"
SHARED = {"ID", "receiver_country", "initiator_country", "initiator_category"}
FEWEST = {FIRST: 1_600, SECOND: 7_000}  # rows: version 1.1 holds 1,643, the dashboard's file 7,394

# States and territories of the kit as the database spells them: those that are a victim or an initiator in it.
STATES = {
    "ARE": "United Arab Emirates", "AUS": "Australia", "BGD": "Bangladesh", "BRN": "Brunei", "BTN": "Bhutan",
    "CAN": "Canada", "CHN": "China", "DEU": "Germany", "ESP": "Spain", "FJI": "Fiji", "FRA": "France",
    "GBR": "United Kingdom", "GRC": "Greece", "HKG": "Hong Kong", "IDN": "Indonesia", "IND": "India", "ITA": "Italy",
    "JPN": "Japan", "KEN": "Kenya", "KHM": "Cambodia", "KOR": "Korea, Republic of", "LAO": "Laos", "LKA": "Sri Lanka",
    "MAC": "Macao", "MDG": "Madagascar", "MDV": "Maldives", "MMR": "Myanmar", "MNG": "Mongolia", "MYS": "Malaysia",
    "NLD": "Netherlands", "NPL": "Nepal", "NRU": "Nauru", "NZL": "New Zealand", "OMN": "Oman", "PAK": "Pakistan",
    "PHL": "Philippines", "PRK": "Korea, Democratic People's Republic of", "RUS": "Russia", "SGP": "Singapore",
    "SYC": "Seychelles", "THA": "Thailand", "TON": "Tonga", "TWN": "Taiwan", "TZA": "Tanzania",
    "USA": "United States", "VNM": "Vietnam", "ZAF": "South Africa",
}  # fmt: skip
ISO3 = {name: iso3 for iso3, name in STATES.items()}
# Initiators, but no victims here: the table is about the region. North Korea, Mongolia and Macao lie in it.
OUT_OF_REGION = {"CAN", "DEU", "ESP", "FRA", "GBR", "GRC", "ITA", "NLD", "RUS"}
VICTIMS = {name: iso3 for iso3, name in STATES.items() if iso3 not in OUT_OF_REGION}
# Initiators outside the kit's table of countries: no code.
OUTSIDE = {
    "Afghanistan", "Algeria", "Bahrain", "Belarus", "Brazil", "Egypt", "Ethiopia", "Georgia", "Iraq", "Israel",
    "Lebanon", "Morocco", "Palestine", "Portugal", "Qatar", "Romania", "Saudi Arabia", "Sudan", "Switzerland",
    "Syria", "Tunisia", "Ukraine", "Yemen",
}  # fmt: skip
NO_STATE = {
    "Asia (region)", "Eastern Europe", "Europe (region)", "Gulf Countries (region)", "ISIS", "Middle East (region)",
    "North America", "South America", "South Asia (region)",
}  # fmt: skip
INITIATORS = {
    **{name: name for name in [*ISO3, *OUTSIDE]},
    **dict.fromkeys(NO_STATE, "a region or group, no state"),
    "Iran, Islamic Republic of": "Iran", "Korea, Democratic People's Republic of": "North Korea",
    "Korea, Republic of": "South Korea", "Turkey": "Türkiye",
    "Unknown": "unknown", "Not available": "not available", "": "left blank",
}  # fmt: skip
ANY = "any initiator"  # each incident once for each victim: the rows for totals
NO_VICTIM = {"", "Unknown", "Not available"}

# What the initiator is said to be; where an incident says several, the nearest to a state, so the first, counts.
ACTORS = {
    "State": "state", "Non-state actor, state-affiliation suggested": "state affiliation suggested",
    "Non-state-group": "non-state", "Individual hacker(s)": "non-state",
    "Unknown - not attributed": "not attributed", "Not available": "not attributed", "": "not attributed",
}  # fmt: skip
ORDER = pd.CategoricalDtype(list(dict.fromkeys(ACTORS.values())), ordered=True)
# Who made a claim on the incident, and what several claimants together are called: the first line that fits. An
# order of standing, not of truth.
CLAIMANTS = {
    "Attribution by receiver government / state entity": "government", "Receiver attributes attacker": "victim",
    "IT-security community attributes attacker": "firm", "Attribution by third-party": "third party",
    "Attribution by EU institution/agency": "third party", "Attribution by international organization": "third party",
    "Media-based attribution": "media", "Attacker confirms": "attacker",
    "Contested attribution": "", "None": "",  # says nothing of who claims
}  # fmt: skip
NO_CLAIM = "no claim recorded"
CLAIMED_BY = {
    "firm and government": {"firm", "government"}, "government": {"government"}, "firm": {"firm"},
    "third party": {"third party"}, "media": {"media"}, "victim": {"victim"}, "attacker alone": {"attacker"},
    NO_CLAIM: set(),
}  # fmt: skip
KEY = ["snapshot", "iso3", "initiator", "initiator_iso3", "actor", "claimed_by", "several_victims"]


def claimed_by(basis: str) -> str:
    """Name who made the claims of one incident, from the cell of the upstream file.

    >>> claimed_by("Attacker confirms; IT-security community attributes attacker"), claimed_by("")
    ('firm', 'no claim recorded')
    """
    found = {CLAIMANTS[claim] for claim in basis.split("; ") if claim}
    return next(words for words, needed in CLAIMED_BY.items() if needed <= found)


def texts(cell: str) -> list[str] | None:
    """Read a cell that is written as a list of texts; an empty one is a list of one empty text, a wrong one None."""
    try:
        found = ast.literal_eval(cell) if cell else [""]
    except (SyntaxError, ValueError):
        return None
    return found if isinstance(found, list) and all(isinstance(text, str) for text in found) else None


def first_rows(upstream: Path, fewest: int) -> pd.DataFrame:
    """Read version 1.1 and give each incident a row for each victim and initiator (columns of `SHARED`, claims)."""
    found = _files.rows_of(upstream, SHARED | {"attribution_basis"}, fewest, FIRST_EXPECTED)
    _files.refuse(upstream, found, found["ID"].duplicated() | (found["ID"] == ""), "ID", "each incident once")
    basis = found["attribution_basis"]
    known = basis.map(lambda cell: not cell or set(cell.split("; ")) <= CLAIMANTS.keys())
    _files.refuse(upstream, found, ~known, "attribution_basis", "claims of CLAIMANTS in the recipe: add them there")
    lists = {column: found[column].map(texts) for column in sorted(SHARED - {"ID"})}
    for column, cells in lists.items():
        _files.refuse(upstream, found, cells.isna(), column, "a list such as ['India', 'Japan']")
    rows = []
    for row in zip(found["ID"], basis.map(claimed_by), *lists.values(), strict=True):
        key, claims, kinds, initiators, victims = row
        # Side by side where the lists are as long as each other; else any may belong to any.
        pairs = zip(initiators, kinds, strict=True) if len(initiators) == len(kinds) else product(initiators, kinds)
        rows += [(key, victim, *pair, claims) for pair, victim in product(pairs, victims)]
    return pd.DataFrame(rows, columns=["ID", "receiver_country", "initiator_country", "initiator_category", "claims"])


def count(upstream: Path, snapshot: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Count incidents by the columns of `KEY`; `rows` is one incident, victim and initiator a row, with claims."""
    named = rows[~rows["receiver_country"].isin(NO_VICTIM)].groupby("ID")["receiver_country"].nunique()
    rows = rows.assign(several_victims=rows["ID"].map(named) > 1)[rows["receiver_country"].isin(VICTIMS)]
    for column, known in (("initiator_country", INITIATORS), ("initiator_category", ACTORS)):
        wrong = rows[~rows[column].isin(known)]
        if len(wrong):
            where = f"{upstream}: incident {wrong['ID'].iloc[0]}, column {column}"
            raise KitError(f"{where}: found {wrong[column].iloc[0]!r}; expected a label of the recipe: add it there")
    rows = rows.assign(
        snapshot=snapshot,
        iso3=rows["receiver_country"].map(VICTIMS),
        initiator=rows["initiator_country"].map(INITIATORS),
        initiator_iso3=rows["initiator_country"].map(ISO3).fillna(""),
        actor=rows["initiator_category"].map(ACTORS).astype(ORDER),
        claimed_by=rows["claims"],
    )
    rows = pd.concat([rows, rows.assign(initiator=ANY, initiator_iso3="")]).sort_values("actor", kind="stable")
    once = rows.drop_duplicates(["ID", "iso3", "initiator"]).astype({"actor": str})
    return once.groupby(KEY).size().reset_index(name="n")


def build(first: Path, second: Path, fewest: dict[str, int] | None = None) -> pd.DataFrame:
    """Build the table from the two upstream files.

    `first` is version 1.1 of the database, one incident a row; `second` the initiators behind the dashboard, one
    incident, victim and initiator a row. `fewest` gives for each snapshot the number of rows below which its file
    is taken for a truncated copy. Returns the columns of `KEY` and n (incidents, at least 1), sorted. A wrong file
    and a label that the recipe does not know raise KitError.
    """
    fewest = fewest or FEWEST
    later = _files.rows_of(second, SHARED, fewest[SECOND], SECOND_EXPECTED).assign(claims=NOT_HERE)
    _files.refuse(second, later, later["ID"] == "", "ID", "a number")
    tables = [count(first, FIRST, first_rows(first, fewest[FIRST])), count(second, SECOND, later)]
    return pd.concat(tables, ignore_index=True)


def main(arguments: list[str] | None = None) -> None:
    """Write the table from the command line."""
    files = {"first": "EuRepoC, global database 1.1, CSV", "second": "the initiators of the EuRepoC dashboard, CSV"}
    _files.make(__doc__, files, build, arguments)


if __name__ == "__main__":
    main()
