"""The recipe of maritime_security: shores, half-years and one box of sea."""

from pathlib import Path

import pytest
from made_recipes import UPSTREAM, listed, needs_upstream, recipe, refuses_wrong_files, sheet
from pandas import read_csv

from pactlab.data import root
from pactlab.errors import KitError

ATTACKS = "ipoi_crime_at_sea_pirate_attacks.csv"


ATTACK_HEADER = (
    "date,time,longitude,latitude,attack_type,location_description,nearest_country,eez_country,shore_distance,"
    "shore_longitude,shore_latitude,attack_description,vessel_name,vessel_type,vessel_status,data_source"
)


def attack(day: str, lon: str, lat: str, state: str = "IDN", *, source: str = "imb", ship: str = "MV Sample") -> str:
    return f'{day},"NA",{lon},{lat},Boarded,At sea,{state},IDN,12.5,104,1.2,"Thieves, seen",{ship},"NA","NA",{source}'


def test_maritime_security_counts_by_shore_half_year_and_box(tmp_path):
    sample = sheet(
        tmp_path,
        ATTACK_HEADER,
        attack("2014-06-30", "103", "0.8", source="mappingpiracy"),  # edges of the box are in it
        attack("2015-07-01", "104", "1.2"),
        attack("2015-07-01", "104", "1.2"),  # entered twice
        attack("2015-07-01", "104", "1.2", ship="MV Other"),
        attack("2015-07-01", "105.1", "1.2"),
        attack("2016-01-01", "3.4", "6.4", "NGA"),
        attack("2016-01-02", "3.4", "6.4", "NA"),
    )
    assert listed(recipe("maritime_security").build(sample, fewest=1)) == [
        ("", 2016, 1, False, "IMB", 2),
        ("IDN", 2014, 1, True, "Mapping Piracy", 1),
        ("IDN", 2015, 2, False, "IMB", 1),
        ("IDN", 2015, 2, True, "IMB", 2),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (attack("1/7/2015", "104", "1.2"), "row 1, column date: found '1/7/2015'; expected a date such as 2015-01-31"),
        (attack("2015-07-01", "104", "NA"), "row 1, column latitude: found 'NA'; expected degrees"),
        (attack("2015-07-01", "104", "1.2", "Java"), "row 1, column nearest_country: found 'Java'; expected a code"),
        (attack("2015-07-01", "104", "1.2", source="press"), "row 1, column data_source: found 'press'; expected"),
    ],
)
def test_maritime_security_refuses_a_cell_it_cannot_count(tmp_path, line, message):
    with pytest.raises(KitError, match=message):
        recipe("maritime_security").build(sheet(tmp_path, ATTACK_HEADER, line), fewest=1)


def test_maritime_security_say_what_they_expected(tmp_path):
    refuses_wrong_files("maritime_security", tmp_path, ATTACK_HEADER)


def test_maritime_security_hold_no_cell_twice():
    # A primary key must be filled, and here an empty code means something: the table declares none.
    table = read_csv(root() / "maritime_security.csv", keep_default_na=False)
    assert not table.duplicated(["iso3", "year", "half", "strait_box"]).any()


@needs_upstream
def test_maritime_security_are_made_again_byte_for_byte(tmp_path):
    made = tmp_path / "maritime_security.csv"
    recipe("maritime_security").main([str(Path(UPSTREAM, ATTACKS)), "--to", str(made)])
    assert made.read_bytes() == (root() / "maritime_security.csv").read_bytes()
