"""Keep the votes of 38 states in eleven roll calls of the General Assembly on cyber security and cybercrime, 2005-2019.

python data/recipes/un_votes.py un_roll_calls.rda un_votes.rda --to data/un_votes.csv
"""

from pathlib import Path

import _files
import pandas as pd

from pactlab.errors import KitError

EXPECTED = "expected un_roll_calls.rda and un_votes.rda of the R package unvotes"
CALLS, VOTES = "un_roll_calls", "un_votes"
COLUMNS = {CALLS: {"rcid", "unres", "amend", "para"}, VOTES: {"rcid", "country_code", "vote"}}

# The recorded votes on whole texts of the two lines of talks, with the totals (yes, no, abstain) that all members
# together must give: other totals mean another vote, or a copy that has lost rows.
RESOLUTIONS = {
    "A/RES/60/45": (177, 1, 0),
    "A/RES/61/54": (176, 1, 0),
    "A/RES/62/17": (179, 1, 0),
    "A/RES/63/37": (178, 1, 0),
    "A/RES/71/28": (180, 0, 1),
    "A/RES/73/27": (119, 46, 14),
    "A/RES/73/187": (94, 59, 33),
    "A/RES/73/266": (138, 12, 16),
    "A/RES/74/28": (163, 10, 6),
    "A/RES/74/29": (129, 6, 45),
    "A/RES/74/247": (79, 60, 33),
}
POSITIONS = ["yes", "no", "abstain"]
# No row upstream: the state was away, or did not press a button. That is no abstention.
ABSENT = "absent or not recorded"
STAGE = "plenary"  # the committee's votes on the same texts are not in the upstream files

# Members from Pakistan to the Pacific islands and the United States; all eleven votes found all of them members.
STATES = {
    "AU": "AUS", "BD": "BGD", "BN": "BRN", "BT": "BTN", "CN": "CHN", "FJ": "FJI", "FM": "FSM", "ID": "IDN",
    "IN": "IND", "JP": "JPN", "KH": "KHM", "KI": "KIR", "KR": "KOR", "LA": "LAO", "LK": "LKA", "MV": "MDV",
    "MH": "MHL", "MM": "MMR", "MN": "MNG", "MY": "MYS", "NP": "NPL", "NR": "NRU", "NZ": "NZL", "PK": "PAK",
    "PH": "PHL", "PW": "PLW", "PG": "PNG", "KP": "PRK", "SG": "SGP", "SB": "SLB", "TH": "THA", "TL": "TLS",
    "TO": "TON", "TV": "TUV", "US": "USA", "VN": "VNM", "VU": "VUT", "WS": "WSM",
}  # fmt: skip
KEY = ["resolution", "stage", "iso3"]


def build(roll_calls: Path, votes: Path, resolutions: dict[str, tuple[int, int, int]] = RESOLUTIONS) -> pd.DataFrame:
    """Build the table from the two upstream files.

    `roll_calls` has one roll call a row, `votes` one vote of one state; `resolutions` gives the totals yes, no and
    abstain of each text that is kept. Returns columns resolution, stage, iso3 and vote (yes, no, abstain, absent or
    not recorded), one row for each text and state, sorted. A wrong file, a text without exactly one roll call, other
    totals, an unknown vote, a state that voted twice and one that never voted raise KitError.
    """
    calls, cast = _rows(roll_calls, CALLS), _rows(votes, VOTES)
    wanted = _roll_calls(roll_calls, calls, list(resolutions))
    cast = cast[cast["rcid"].isin(list(wanted))]
    cast = pd.DataFrame(
        {
            "resolution": cast["rcid"].map(wanted).astype(str),
            "code": cast["country_code"].astype(str),
            "vote": cast["vote"].astype(str),
        }
    )
    for resolution, totals in resolutions.items():
        found = cast[cast["resolution"] == resolution]
        strange = sorted(set(found["vote"]) - set(POSITIONS))
        if strange:
            raise KitError(f"{votes}: {resolution}, column vote: found {strange[0]!r}; expected {', '.join(POSITIONS)}")
        counts = tuple(int((found["vote"] == position).sum()) for position in POSITIONS)
        if counts != totals:
            told, right = ("-".join(map(str, numbers)) for numbers in [counts, totals])
            raise KitError(f"{votes}: {resolution}: yes-no-abstain are {told}; expected {right}")
        twice = found["code"][found["code"].duplicated()]
        if not twice.empty:
            raise KitError(f"{votes}: {resolution}, column country_code: {twice.iloc[0]!r} stands twice; expected once")
    lacking = sorted(STATES.keys() - set(cast["code"]))
    if lacking:
        raise KitError(f"{votes}: {lacking[0]} has no vote in any of these roll calls; {EXPECTED}")

    cast["iso3"] = cast["code"].map(STATES)
    every = pd.MultiIndex.from_product([resolutions, [STAGE], STATES.values()], names=KEY)
    table = cast.dropna().assign(stage=STAGE).set_index(KEY)[["vote"]].reindex(every, fill_value=ABSENT)
    return table.reset_index().sort_values(KEY, ignore_index=True)


def _rows(upstream: Path, name: str) -> pd.DataFrame:
    found = _files.r_object(upstream, [name], EXPECTED)
    lacking = sorted(COLUMNS[name] - set(getattr(found, "columns", [])))
    if lacking:
        raise KitError(f"{upstream}: has no column {', '.join(lacking)}; {EXPECTED}")
    return found


def _roll_calls(upstream: Path, calls: pd.DataFrame, resolutions: list[str]) -> dict[float, str]:
    """Return the text of each roll call that is kept; amendments and single paragraphs are not votes on the text."""
    whole = calls[(calls["amend"].fillna(0) == 0) & (calls["para"].fillna(0) == 0)]
    # Upstream writes R/73/27 and A/RES/74/28.
    texts = whole["unres"].astype(str).str.replace(r"^R/", "A/RES/", regex=True)
    kept = {}
    for resolution in resolutions:
        ids = whole["rcid"][texts == resolution]
        if len(ids) != 1:
            raise KitError(f"{upstream}: column unres: {len(ids)} roll calls on {resolution}; expected one")
        kept[float(ids.iloc[0])] = resolution
    return kept


def main(arguments: list[str] | None = None) -> None:
    """Write the table from the command line."""
    files = {"roll_calls": "un_roll_calls.rda of unvotes", "votes": "un_votes.rda of unvotes (takes about a minute)"}
    _files.make(__doc__, files, build, arguments)


if __name__ == "__main__":
    main()
