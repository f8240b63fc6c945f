"""Votes in the General Assembly: from made R files always, from the real ones where they are at hand."""

from pathlib import Path

import pytest
import rdata
from made_recipes import UPSTREAM, listed, needs_upstream, recipe
from pandas import DataFrame, read_csv

from pactlab.data import root
from pactlab.errors import KitError

ABSENT = "absent or not recorded"
OLD, NEW = "A/RES/60/45", "A/RES/74/28"
FILES = ["un_roll_calls.rda", "un_votes.rda"]


def saved(path: Path, name: str, rows: DataFrame) -> Path:
    # The writer knows neither pandas' own texts nor row numbers from 0.
    texts = {column: rows[column].astype(object) for column in rows.select_dtypes(exclude="number")}
    plain = rows.assign(**texts).set_axis(rows.index.astype(str).astype(object))
    rdata.write_rda(path, {name: plain})
    return path


def calls(folder: Path, *more: tuple) -> Path:
    """Write roll calls: two on whole texts, written in both of upstream's ways, one on a paragraph of the first."""
    rows = [(1, "R/60/45", 0, 0), (2, "R/60/45", 0, 1), (3, "R/60/45", 1, 0), (4, "A/RES/74/28", 0, 0), *more]
    return saved(folder / FILES[0], "un_roll_calls", DataFrame(rows, columns=["rcid", "unres", "amend", "para"]))


def votes(folder: Path, *more: tuple) -> Path:
    """Write votes: on the first text all of the kit's states said yes but three, on the second all abstained."""
    first = dict.fromkeys(recipe("un_votes").STATES, "yes") | {"US": "no", "JP": "abstain", "BR": "yes"}
    rows = [(1.0, code, vote) for code, vote in first.items() if code != "NR"]
    rows += [(2.0, "US", "yes")] + [(4.0, code, "abstain") for code in recipe("un_votes").STATES]
    table = DataFrame([*rows, *more], columns=["rcid", "country_code", "vote"])
    return saved(folder / FILES[1], "un_votes", table)


def build(folder: Path, of_calls: list[tuple] = (), of_votes: list[tuple] = ()) -> DataFrame:
    totals = {OLD: (36, 1, 1), NEW: (0, 0, 38)}
    return recipe("un_votes").build(calls(folder, *of_calls), votes(folder, *of_votes), totals)


def test_votes_on_whole_texts_are_kept_and_absence_is_no_abstention(tmp_path):
    table = build(tmp_path)
    assert len(table) == 2 * 38
    shown = table[table["iso3"].isin(["IND", "JPN", "NRU", "USA"])]
    assert listed(shown) == [
        (OLD, "plenary", "IND", "yes"),
        (OLD, "plenary", "JPN", "abstain"),
        (OLD, "plenary", "NRU", ABSENT),
        (OLD, "plenary", "USA", "no"),
        *[(NEW, "plenary", state, "abstain") for state in ["IND", "JPN", "NRU", "USA"]],
    ]


@pytest.mark.parametrize(
    ("of_calls", "of_votes", "message"),
    [
        (
            [(5, "A/RES/60/45", 0, 0)],
            [],
            r"un_roll_calls\.rda: column unres: 2 roll calls on A/RES/60/45; expected one",
        ),
        ([], [(1.0, "BE", "perhaps")], r"un_votes\.rda: A/RES/60/45, column vote: found 'perhaps'; expected yes, no"),
        ([], [(1.0, "BE", "yes")], r"un_votes\.rda: A/RES/60/45: yes-no-abstain are 37-1-1; expected 36-1-1"),
    ],
)
def test_votes_that_do_not_fit_are_refused(tmp_path, of_calls, of_votes, message):
    with pytest.raises(KitError, match=message):
        build(tmp_path, of_calls, of_votes)


def test_a_state_that_votes_twice_is_refused(tmp_path):
    with pytest.raises(KitError, match=r"A/RES/74/28, column country_code: 'US' stands twice; expected once"):
        recipe("un_votes").build(calls(tmp_path), votes(tmp_path, (4.0, "US", "yes")), {NEW: (1, 0, 38)})


def test_a_state_that_never_votes_is_refused(tmp_path):
    with pytest.raises(KitError, match=r"un_votes\.rda: NR has no vote in any of these roll calls; expected un_roll"):
        recipe("un_votes").build(calls(tmp_path), votes(tmp_path), {OLD: (36, 1, 1)})


def test_a_text_without_roll_call_is_refused(tmp_path):
    with pytest.raises(KitError, match="0 roll calls on A/RES/61/54; expected one"):
        recipe("un_votes").build(calls(tmp_path), votes(tmp_path))


def test_wrong_and_damaged_files_are_refused(tmp_path):
    of_calls, of_votes = calls(tmp_path), votes(tmp_path)
    build = recipe("un_votes").build
    with pytest.raises(KitError, match=r"none\.rda: no such file; expected un_roll_calls\.rda and un_votes\.rda"):
        build(tmp_path / "none.rda", of_votes)
    with pytest.raises(KitError, match=r"un_votes\.rda: holds un_votes and no un_roll_calls; expected"):
        build(of_votes, of_calls)
    cut = tmp_path / "cut.rda"
    cut.write_bytes(of_votes.read_bytes()[:-50])
    with pytest.raises(KitError, match=r"cut\.rda: cannot be read as R data \(.*\); expected .*, complete"):
        build(of_calls, cut)
    other = saved(tmp_path / "other.rda", "un_votes", DataFrame({"rcid": [1.0], "vote": ["yes"]}))
    with pytest.raises(KitError, match=r"other\.rda: has no column country_code; expected"):
        build(of_calls, other)


def test_each_text_has_its_totals_in_the_table_of_resolutions():
    rows = read_csv(root() / "un_resolutions.csv").query("stage == 'plenary'").set_index("resolution")
    for resolution, totals in recipe("un_votes").RESOLUTIONS.items():
        assert tuple(rows.loc[resolution, ["yes", "no", "abstain"]]) == totals


@needs_upstream
def test_the_table_is_made_again_byte_for_byte(tmp_path):
    made = tmp_path / "un_votes.csv"
    recipe("un_votes").main([*(str(Path(UPSTREAM, name)) for name in FILES), "--to", str(made)])
    assert made.read_bytes() == (root() / "un_votes.csv").read_bytes()
