"""The recipe of tracker_counts: three trackers with small made files, wrong files, and the real ones."""

import gzip
from pathlib import Path

import pytest
from made_recipes import UPSTREAM, listed, needs_upstream, recipe, sheet
from pandas import DataFrame

from pactlab.data import root
from pactlab.errors import KitError

REAL = (
    "eurepoc_dashboard_targeted_sectors_2023-12-04.csv",
    "cissm_export_2014-01_2023-01.csv.gz",
    "DCID_2.0_Release_update_February_2023.xlsx",
)
SECTORS = (
    "ID,start_date,year,month,initiator_country,incident_type,receiver_country,receiver_category,"
    "receiver_category_subcode,receiver_region"
)
EVENTS = "evtDate,organization,industry_code,description,country"
WATER, ENERGY = "Waste Water Management", "Energy"
RIVALS = ["Cyberincidentnum", "Dyadpair", "initiator", "interactionstartdate", "Crit Inf "]  # one name ends in a space


def receiver(number: int, day: str, state: str, subcode: str = "") -> str:
    return f'{number},{day},2020.0,1.0,Unknown,Disruption,"{state}",Critical infrastructure,{subcode},"[\'ASIA\']"'


def events(folder: Path, *lines: str, header: str = EVENTS) -> Path:
    path = folder / "events.csv.gz"
    path.write_bytes(gzip.compress("\n".join([header, *lines, ""]).encode()))
    return path


def rivals(folder: Path, *lines: tuple, header: list[str] = RIVALS) -> Path:
    path = folder / "rivals.xlsx"
    DataFrame(list(lines), columns=header).to_excel(path, index=False)
    return path


def files(folder: Path) -> dict[str, Path]:
    return {
        "sectors": sheet(folder, SECTORS, receiver(1, "2020-01-01", "India", ENERGY)),
        "events": events(folder, "2015-02,Bank,52,A theft,India"),
        "rivals": rivals(folder, (1, 750770, 770, "2011-05-01", 9)),
    }


def counted(rows: DataFrame, tracker: str) -> list[tuple]:
    plain = rows.astype(object).where(rows.notna(), None)
    return [row[1:] for row in listed(plain) if row[0] == tracker]


def test_eurepoc_counts_an_incident_once_a_state_and_once_a_sector(tmp_path):
    given = files(tmp_path) | {
        "sectors": sheet(
            tmp_path,
            SECTORS,
            receiver(1, "2020-01-01", "Korea, Democratic People's Republic of", ENERGY),
            receiver(1, "2020-01-01", "Korea, Democratic People's Republic of", WATER),
            receiver(1, "2020-01-01", "Germany", WATER),
            receiver(2, "2020-03-01", "Germany", "Military"),
            receiver(3, "", "Asia (region)"),  # no state of the kit, and no date
        )
    }
    assert counted(recipe("tracker_counts").build(**given, fewest=(1, 1, 1)), "EuRepoC") == [
        ("region", "", 2020, "any sector", 1, 1, 1),
        ("state", "DEU", 2020, "any sector", 2, 2, 1),
        ("state", "DEU", 2020, "other", 1, 1, 0),
        ("state", "DEU", 2020, "water", 1, 1, 1),
        ("state", "PRK", 2020, "any sector", 1, 1, 1),
        ("state", "PRK", 2020, "power", 1, 1, 1),
        ("state", "PRK", 2020, "water", 1, 1, 1),
        ("world", "", 2020, "any sector", 2, 2, 1),
        ("world", "", None, "any sector", 1, None, None),
    ]


def test_cissm_counts_rows_and_tells_water_by_words(tmp_path):
    given = files(tmp_path) | {
        "events": events(
            tmp_path,
            "2015-02,A water board,22,Its pumps stopped,Viet Nam",
            "2015-02,Water and Power Board,22,Its pumps stopped,Viet Nam",
            "2015-02,A bank,52,A water bill was forged,Viet Nam",
            "2015-02,A bank,52,A water bill was forged,Viet Nam",  # rows that agree count each
            "2016-01,A paper,51,Its site was changed,Guam",
        )
    }
    assert counted(recipe("tracker_counts").build(**given, fewest=(1, 1, 1)), "CISSM") == [
        ("region", "", 2015, "any sector", 4, None, None),
        ("state", "VNM", 2015, "any sector", 4, None, None),
        ("state", "VNM", 2015, "finance", 2, None, None),
        ("state", "VNM", 2015, "power", 1, None, None),
        ("state", "VNM", 2015, "water", 1, None, None),
        ("world", "", 2015, "any sector", 4, None, None),
        ("world", "", 2016, "any sector", 1, None, None),
    ]


def test_dcid_counts_the_state_of_the_pair_that_did_not_begin(tmp_path):
    given = files(tmp_path) | {
        "rivals": rivals(
            tmp_path,
            (1, 2365, 365, "2008-02-01", 14),  # Russia began: the United States
            (2, 2365, 2, "2008-01-01 00:00:00", 13),  # and the other way round
            (3, 710750, 770, "2008-05-04", 3),  # begun by neither of the pair
            (4, 630666, 630, "2009-05-04", 16),  # a target that the kit does not count
        )
    }
    assert counted(recipe("tracker_counts").build(**given, fewest=(1, 1, 1)), "DCID") == [
        ("region", "", 2008, "any sector", 1, 1, 0),
        ("state", "RUS", 2008, "any sector", 1, 1, 1),
        ("state", "RUS", 2008, "telecom and internet", 1, 1, 1),
        ("state", "USA", 2008, "any sector", 1, 1, 0),
        ("state", "USA", 2008, "power", 1, 1, 0),
        ("world", "", 2008, "any sector", 3, 2, 1),
        ("world", "", 2009, "any sector", 1, 0, 0),
    ]


LINE, EVENT, PAIR = receiver(1, "2020-01-01", "India"), "2015-02,Bank,52,A theft,India", (1, 2365, 365, "2008-02-01")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([LINE, LINE[1:]], "row 2, column ID: found ''; expected a number"),
        ([receiver(1, "2020", "India")], "row 1, column start_date: found '2020'; expected a day or nothing"),
        ([LINE[:30]], "row 1 has 5 of 10 cells"),
    ],
)
def test_a_wrong_file_of_eurepoc_is_refused(tmp_path, lines, message):
    given = files(tmp_path) | {"sectors": sheet(tmp_path, SECTORS, *lines)}
    with pytest.raises(KitError, match=message):
        recipe("tracker_counts").build(**given, fewest=(1, 1, 1))


@pytest.mark.parametrize(
    ("header", "lines", "message"),
    [
        (EVENTS, [EVENT, "Feb 2015,Bank,52,A theft,India"], "row 2, column evtDate: found 'Feb 2015'"),
        (EVENTS, ["2015-02,Bank,Finance,A theft,India"], "column industry_code: found 'Finance'; expected two digits"),
        (
            EVENTS,
            [EVENT, "2015-03,Bank,52,A theft"],
            "row 2, column country: found ''; expected a state",
        ),
        ("a,b,c,d,e", [EVENT], "has no column country, description, evtDate"),
    ],
)
def test_a_wrong_file_of_cissm_is_refused(tmp_path, header, lines, message):
    given = files(tmp_path) | {"events": events(tmp_path, *lines, header=header)}
    with pytest.raises(KitError, match=message):
        recipe("tracker_counts").build(**given, fewest=(1, 1, 1))


@pytest.mark.parametrize(
    ("columns", "lines", "message"),
    [
        (5, [(*PAIR, 9), (*PAIR, 9)], "row 2, column Cyberincidentnum: found '1'; expected a number of its own"),
        (5, [(*PAIR, "bank")], "row 1, column Crit Inf: found 'bank'; expected a number"),
        (5, [(1, 2365, 365, None, 9)], "row 1, column interactionstartdate: found ''; expected a day"),
        (4, [PAIR], "has no column Crit Inf; expected the workbook of DCID"),
    ],
)
def test_a_wrong_file_of_dcid_is_refused(tmp_path, columns, lines, message):
    given = files(tmp_path) | {"rivals": rivals(tmp_path, *lines, header=RIVALS[:columns])}
    with pytest.raises(KitError, match=message):
        recipe("tracker_counts").build(**given, fewest=(1, 1, 1))


def test_a_file_that_is_not_there_is_named(tmp_path):
    for name, file in files(tmp_path).items():
        with pytest.raises(KitError, match=f"{name}: no such file; expected"):
            recipe("tracker_counts").build(**files(tmp_path) | {name: file.with_name(name)}, fewest=(1, 1, 1))


@pytest.mark.parametrize("name", ["sectors", "events", "rivals"])
def test_tracker_counts_refuse_a_truncated_copy_and_a_broken_file(tmp_path, name):
    given, made = files(tmp_path), recipe("tracker_counts")
    fewest = tuple(2 if name == each else 1 for each in given)
    with pytest.raises(KitError, match="1 rows, a truncated copy; expected at least 2"):
        made.build(**given, fewest=fewest)
    whole = given[name].read_bytes()
    given[name].write_bytes(b"\xff" + whole[: len(whole) // 2])
    with pytest.raises(KitError, match=r"cannot be read .*, complete"):
        made.build(**given, fewest=(1, 1, 1))


@needs_upstream
def test_tracker_counts_come_again_byte_for_byte(tmp_path):
    made = tmp_path / "tracker_counts.csv"
    recipe("tracker_counts").main([*(str(Path(UPSTREAM) / name) for name in REAL), "--to", str(made)])
    assert made.read_bytes() == (root() / "tracker_counts.csv").read_bytes()
