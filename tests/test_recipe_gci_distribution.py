"""The recipe of gci_distribution: where the steps begin, and that an empty step has a row."""

from pathlib import Path

import pytest
from made_recipes import UPSTREAM, needs_upstream, recipe, sheet

from pactlab.data import root
from pactlab.errors import KitError

HEADER = "Country,2014,Globa Rank,2017,Global Rank,2018,Global Rank,2020,Global Rank,2024,Global Rank,"


def test_steps_begin_at_their_low_end_and_the_last_holds_100(tmp_path):
    sample = sheet(
        tmp_path,
        HEADER,
        "Peru,0.55,1,0.95,1,#N/A,#N/A,100,1,100,1,",
        "Chad,0.549,2,0.949,2,,,95,2,94.99,2,",
        "Fiji,0,3,0.049,3,0.29,1,0,3,#N/A,#N/A,",
    )
    table = recipe("gci_distribution").build(sample, fewest=1)
    assert list(table.columns) == ["edition", "low", "high", "n"]
    assert len(table) == 5 * 20
    assert (table["high"] - table["low"] == 5).all()
    filled = table[table["n"] > 0].set_index(["edition", "low"])["n"].to_dict()
    assert filled == {
        (2014, 0): 1,
        (2014, 50): 1,
        (2014, 55): 1,  # 0.55 of 1 is 55, whatever the float says
        (2017, 0): 1,
        (2017, 90): 1,
        (2017, 95): 1,
        (2018, 25): 1,
        (2020, 0): 1,
        (2020, 95): 2,
        (2024, 90): 1,
        (2024, 95): 1,
    }


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["Peru,55,1,0.9,1,0.9,1,90,1,90,1,"], "row 1, column 2014: found '55'; expected a number from 0 to 1"),
        (["Peru,0.5,1,0.9,1,0.9,1,90,1,90,1,"] * 2, "row 2, column name: found 'Peru'; expected each state once"),
        ([], "0 rows, a truncated copy; expected at least 1"),
    ],
)
def test_a_cell_that_is_no_score_is_refused(tmp_path, lines, message):
    with pytest.raises(KitError, match=message):
        recipe("gci_distribution").build(sheet(tmp_path, HEADER, *lines), fewest=1)


def test_a_wrong_file_says_what_was_expected(tmp_path):
    with pytest.raises(KitError, match="no such file; expected the list of GCI scores"):
        recipe("gci_distribution").build(tmp_path / "none.csv")
    with pytest.raises(KitError, match="has no column Country; expected the list of GCI scores"):
        recipe("gci_distribution").build(sheet(tmp_path, "iso3,year", "JPN,2020"))


@needs_upstream
def test_the_table_is_made_again_byte_for_byte(tmp_path):
    made = tmp_path / "gci_distribution.csv"
    recipe("gci_distribution").main([str(Path(UPSTREAM, "gci2024_sspi.csv")), "--to", str(made)])
    assert made.read_bytes() == (root() / "gci_distribution.csv").read_bytes()
