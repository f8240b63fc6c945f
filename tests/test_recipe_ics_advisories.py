"""The recipe of ics_advisories: sectors, seats and vendors."""

from pathlib import Path

import pytest
from made_recipes import UPSTREAM, listed, needs_upstream, recipe, refuses_wrong_files, sheet
from pandas import read_csv

from pactlab.data import root
from pactlab.errors import KitError

ADVISORIES = "CISA_ICS_ADV_Master_20260820.csv"


ADVISORY_HEADER = (
    "icsad_ID,Original_Release_Date,Last_Updated,Year,ICS-CERT_Number,ICS-CERT_Advisory_Title,Vendor,Product,"
    "Products_Affected,CVE_Number,Cumulative_CVSS,CVSS_Severity,CWE_Number,Critical_Infrastructure_Sector,"
    "Product_Distribution,Company_Headquarters,License"
)


def advisory(sectors: str, vendor: str = "Pumps", seat: str = "India", year: str = "2020") -> str:
    return (
        f'1,2/3/2020,2/4/2020,{year},ICSA-20-034-01,A flaw,"{vendor}",A pump,A pump: <2,"CVE-2020-1, CVE-2020-2",'
        f'7.5,High,CWE-20,"{sectors}",Worldwide,"{seat}",Open Database License (ODbL) v1.0'
    )


def test_ics_advisories_count_each_sector_named_and_each_advisory_once_in_any(tmp_path):
    sample = sheet(
        tmp_path,
        ADVISORY_HEADER,
        advisory("Water and Wastewater Systems"),
        advisory("Energy; Dams; Water and Wastewater"),
        advisory("Nuclear Reactors, Materials, and Waste", "Valves", "Czechia"),
        advisory("Multiple Critical Sectors", "Valves", "United States, Japan"),
        advisory("Unknown", "Valves", "Not Applicable", "2021"),
    )
    assert listed(recipe("ics_advisories").build(sample, fewest=5)) == [
        (2020, "any sector", False, "Pumps", "IND", 1),
        (2020, "any sector", False, "Valves", "", 1),
        (2020, "any sector", True, "Pumps", "IND", 1),
        (2020, "any sector", True, "Valves", "CZE", 1),
        (2020, "multiple sectors", False, "Valves", "", 1),
        (2020, "nuclear", True, "Valves", "CZE", 1),
        (2020, "other", False, "Pumps", "IND", 1),
        (2020, "power", False, "Pumps", "IND", 1),
        (2020, "power", True, "Valves", "CZE", 1),
        (2020, "water", False, "Pumps", "IND", 1),
        (2020, "water", True, "Pumps", "IND", 1),
        (2021, "any sector", False, "Valves", "", 1),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (advisory("Energy", year="soon"), "row 1, column Year: found 'soon'; expected a year from 2010"),
        (advisory("Energy", vendor=""), "row 1, column Vendor: found ''; expected a name"),
        (advisory("Energy", seat="Atlantis"), "row 1, column Company_Headquarters: found 'Atlantis'; expected a state"),
        (advisory("Energy").rsplit(",", 1)[0], "row 1 has 16 of 17 cells; expected CISA_ICS_ADV_Master.csv"),
    ],
)
def test_ics_advisories_refuse_a_cell_they_cannot_count(tmp_path, line, message):
    with pytest.raises(KitError, match=message):
        recipe("ics_advisories").build(sheet(tmp_path, ADVISORY_HEADER, line), fewest=1)


def test_ics_advisories_say_what_they_expected(tmp_path):
    refuses_wrong_files("ics_advisories", tmp_path, ADVISORY_HEADER)


def test_ics_advisories_hold_no_cell_twice():
    # A primary key must be filled, and here an empty code means something: the table declares none.
    table = read_csv(root() / "ics_advisories.csv", keep_default_na=False)
    assert not table.duplicated(["year", "sector_group", "sector_alone", "vendor", "vendor_seat"]).any()


@needs_upstream
def test_ics_advisories_are_made_again_byte_for_byte(tmp_path):
    made = tmp_path / "ics_advisories.csv"
    recipe("ics_advisories").main([str(Path(UPSTREAM, ADVISORIES)), "--to", str(made)])
    assert made.read_bytes() == (root() / "ics_advisories.csv").read_bytes()
