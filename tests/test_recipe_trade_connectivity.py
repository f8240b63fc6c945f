"""The recipe of trade_connectivity: quarters, states and what is no value."""

from pathlib import Path

import pytest
from made_recipes import UPSTREAM, listed, needs_upstream, recipe, refuses_wrong_files, sheet

from pactlab.data import root
from pactlab.errors import KitError

LINERS = "ipoi_unctad_liner_connectivity_quarterly.csv"


LINER_HEADER = "economy_label,quarter_label,index_value,missingvalue"


def liners(**changed: str) -> list[str]:
    """Return eleven quarters to the end of 2024 for every state the recipe wants, values 1 to 11; Japan's as given."""
    names = [f"Q{1 + (1 + number) % 4} {2022 + (1 + number) // 4}" for number in range(11)]
    rows = {
        (state, name): str(1 + i) for state in recipe("trade_connectivity").ECONOMIES for i, name in enumerate(names)
    }
    rows |= {("Japan", name.replace("_", " ")): value for name, value in changed.items()}
    return [f'"{state}",{name},{value},' for (state, name), value in rows.items()]


def test_trade_connectivity_keeps_fourth_quarters_and_the_last_ten(tmp_path):
    sample = sheet(tmp_path, LINER_HEADER, *liners(Q4_2019="527.05", Q3_2019="530", Q4_2023=""), "Peru,Q4 2024,8,")
    table = recipe("trade_connectivity").build(sample, fewest=1)
    assert listed(table[table["iso3"] == "JPN"]) == [
        ("JPN", 2019, 4, 527.05),
        ("JPN", 2022, 3, 2.0),
        ("JPN", 2022, 4, 3.0),
        ("JPN", 2023, 1, 4.0),
        ("JPN", 2023, 2, 5.0),
        ("JPN", 2023, 3, 6.0),
        ("JPN", 2024, 1, 8.0),
        ("JPN", 2024, 2, 9.0),
        ("JPN", 2024, 3, 10.0),
        ("JPN", 2024, 4, 11.0),
    ]
    assert len(table) == 10 * len(recipe("trade_connectivity").ECONOMIES)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["Japan,2024 Q4,1,"], "row 1, column quarter_label: found '2024 Q4'; expected a quarter such as"),
        (["Japan,Q4 2024,much,"], "row 1, column index_value: found 'much'; expected a number"),
        (
            ["Japan,Q4 2024,1,"] * 2,
            "row 2, column quarter_label: found 'Q4 2024'; expected each state and quarter once",
        ),
        (["Japan,Q4 2024,1,"], "has no Australia; expected the quarterly liner shipping"),
    ],
)
def test_trade_connectivity_refuses_what_is_no_value(tmp_path, lines, message):
    with pytest.raises(KitError, match=message):
        recipe("trade_connectivity").build(sheet(tmp_path, LINER_HEADER, *lines), fewest=1)


def test_trade_connectivity_say_what_they_expected(tmp_path):
    refuses_wrong_files("trade_connectivity", tmp_path, LINER_HEADER)


@needs_upstream
def test_trade_connectivity_are_made_again_byte_for_byte(tmp_path):
    made = tmp_path / "trade_connectivity.csv"
    recipe("trade_connectivity").main([str(Path(UPSTREAM, LINERS)), "--to", str(made)])
    assert made.read_bytes() == (root() / "trade_connectivity.csv").read_bytes()
