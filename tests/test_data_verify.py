"""`verify` and `seal`: every fault has one line that says where it is and what should stand there."""

# Each fault below stands on one line, so that they read as a table.
# ruff: noqa: E501

import json
import shutil
from pathlib import Path

import pytest

from pactlab.data import Fault, seal, verify
from pactlab.errors import KitError

FIXTURES = Path(__file__).parent / "fixtures"
WHOLE = "expected a whole number, up to 18 digits and nothing else"
SEALED = "as sealed in datapackage.json; if the change is meant, run: uv run pactlab data seal"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the small package that a test may spoil."""
    folder = Path(shutil.copytree(FIXTURES / "small", tmp_path / "data"))
    monkeypatch.setenv("PACTLAB_DATA", str(folder))
    return folder


def change(path: Path, old: str | bytes, new: str | bytes) -> None:
    if isinstance(old, str):
        old, new = old.encode(), new.encode()
    content = path.read_bytes()
    assert content.count(old) == 1, f"{path.name} must have {old!r} once."
    path.write_bytes(content.replace(old, new))


def lines() -> list[str]:
    """All faults but those of the seal, which every changed file has."""
    faults = [str(fault) for fault in verify()]
    assert not any("\n" in fault for fault in faults), "A fault is one line."
    return [fault for fault in faults if SEALED not in fault]


def test_a_sound_package_has_no_fault(small: Path) -> None:
    assert verify() == []


FAULTS = [
    # The cell's type
    ("counts", "AUS,2020,3", "AUS,2020,3.0", f'row 2, column n: found "3.0", {WHOLE}'),
    ("counts", "AUS,2020,3", "AUS,2020,1 200", f'row 2, column n: found "1 200", {WHOLE}'),
    ("counts", "AUS,2020,3", f"AUS,2020,{9**20}", f'row 2, column n: found "{9**20}", {WHOLE}'),
    ("counts", "AUS,2020,3", "AUS,20,3", 'row 2, column year: found "20", expected a year as YYYY'),
    (
        "countries",
        "1450.9",
        '"1,450.9"',
        'row 3, column population: found "1,450.9", '
        "expected a number, with a point for decimals and no thousands separator",
    ),
    ("meetings", ",false,", ",no,", 'row 6, column held: found "no", expected true or false'),
    (
        "meetings",
        "2019-09-26",
        "26.9.2019",
        'row 2, column date: found "26.9.2019", expected a date as YYYY-MM-DD',
    ),
    (
        "meetings",
        "2021-03-12",
        "2021-02-30",
        'row 5, column date: found "2021-02-30", expected a date as YYYY-MM-DD that is in the calendar',
    ),
    # Its constraints
    ("countries", "IND,India", "IND,", "row 3, column name: found nothing, expected a value"),
    ("countries", ",Other,", ",Elsewhere,", 'row 5, column group: found "Elsewhere", expected one of: Quad, Other'),
    ("countries", "TWN,", "Twn,", 'row 5, column iso3: found "Twn", expected text of the form [A-Z]{3}'),
    ("counts", "AUS,2020,3", "AUS,2020,-3", 'row 2, column n: found "-3", expected at least 0'),
    ("meetings", "true,1,", "true,21,", 'row 2, column number: found "21", expected at most 20'),
    ("meetings", "2019-09-26", "1999-09-26", 'row 2, column date: found "1999-09-26", expected at least 2000-01-01'),
    ("meetings", "New York", "New York City", 'row 2, column short_name: found "New York City", expected at most 12 characters, not 13'),
    ("meetings", "true,2,", "true,1,", 'row 5, column number: found "1", expected a value of its own, row 2 has this one'),
    # Keys
    ("counts", "AUS,2021,0", "AUS,2020,0", 'row 3, column iso3+year: found "AUS" + "2020", expected a value of its own, row 2 has this one'),
    ("meetings", "som-2020,", ",", "row 3, column meeting_id: found nothing, expected a value"),
    ("counts", "JPN,2020,12", "JPM,2020,12", 'row 4, column iso3: found "JPM", expected a value of countries.iso3; nearest: JPN'),
    ("meetings", "senior officials,JPN,JPN", "senior officials,XYZ,JPN", 'row 6, column host: found "XYZ", expected a value of countries.iso3'),
    # Lists of ids
    ("meetings", '",book-2019', '",book-2018', 'row 2, column source_ids: found "book-2018", expected an id of sources.source_id; nearest: book-2019'),
    ("meetings", "wh-2021-leaders;note", "wh-2021-leaders; note", 'row 5, column source_ids: found "wh-2021-leaders; note-undated", expected ids with ";" between, no spaces, none empty'),
    ("meetings", "AUS;IND,,", "AUS;IND;,,", 'row 3, column parties: found "AUS;IND;", expected ids with ";" between, no spaces, none empty'),
    ("meetings", "AUS;IND,,", "AUS;IND;AUS,,", 'row 3, column parties: found "AUS", expected each id once, not 2 times'),
    ("meetings", '",mofa-2022-cyber', '",', "row 6, column source_ids: found nothing, expected a value"),
    # Dates that stand for a period
    ("meetings", "2020-01-01", "2020-01-15", 'row 3, column date: found "2020-01-15", expected the first day of the month, since date_precision is month'),
    ("meetings", "2022-01-01", "2022-02-01", 'row 6, column date: found "2022-02-01", expected 1 January of the year, since date_precision is year'),
    # Rows
    ("counts", "AUS,2021,0", "AUS,2021", "row 3: found 2 cells, expected 3 cells"),
    ("counts", "AUS,2021,0", "AUS,2021,0,0", "row 3: found 4 cells, expected 3 cells"),
    ("counts", "AUS,2021,0\n", "\nAUS,2021,0\n", "row 3: found an empty line, expected 3 cells"),
    # The header
    ("counts", "iso3,year,n\nAUS,2020,3\nAUS,2021,0\nJPN,2020,12\n", "year,iso3,n\n2020,JPN,12\n", "row 1: found the order year, iso3, n, expected the order iso3, year, n"),
    # Bytes
    ("meetings", b"New York", b"Malm\xf6", "row 2: found byte 78 of the line, 0xf6, expected UTF-8; save the file with that encoding"),
    ("counts", b"iso3", b"\xef\xbb\xbfiso3", "row 1: found a byte order mark, expected none; save the file as UTF-8 without BOM"),
    ("counts", b"AUS,2020,3\n", b"AUS,2020,3\r\n", "row 2: found a Windows line end (CR), expected LF alone; save the file with Unix line ends"),
    ("sources", "A book on paper", '"A book" on paper', "row 4: found quotes that cannot be read (',' expected after '\"'), expected quotes around a whole cell, and doubled inside it"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "old", "new", "message"), FAULTS, ids=[fault[3] for fault in FAULTS])
def test_a_fault_says_file_row_column_and_what_to_expect(
    small: Path, table: str, old: str | bytes, new: str | bytes, message: str
) -> None:
    change(small / f"{table}.csv", old, new)
    assert lines() == [f"data/{table}.csv, {message}"]


def test_a_changed_file_breaks_its_seal(small: Path) -> None:
    change(small / "counts.csv", "AUS,2020,3", "AUS,2020,4")
    (fault,) = verify()
    assert str(fault) == f"data/counts.csv: found sha256 {fault.found[7:]}, expected {fault.expected}"
    sealed = json.loads((small / "datapackage.json").read_text(encoding="utf-8"))["resources"][3]["hash"]
    assert fault.expected == f"{sealed.removeprefix('sha256:')[:12]} {SEALED} counts"


def test_a_wrong_size_breaks_the_seal(small: Path) -> None:
    size = (small / "counts.csv").stat().st_size
    change(small / "datapackage.json", f'"bytes": {size},', f'"bytes": {size + 1},')
    assert [str(fault) for fault in verify()] == [
        f"data/counts.csv: found {size} bytes, expected {size + 1} {SEALED} counts"
    ]


def test_a_missing_file_is_one_fault_and_not_one_for_each_row_that_points_to_it(small: Path) -> None:
    (small / "countries.csv").unlink()
    assert [str(fault) for fault in verify()] == [
        "data/countries.csv: found no file, expected the table; take the kit's own copy back"
    ]


def test_an_empty_file_has_no_header(small: Path) -> None:
    (small / "counts.csv").write_bytes(b"")
    assert lines() == ["data/counts.csv, row 1: found no header, expected the columns iso3, year, n"]


def test_a_column_of_another_name_is_missing_and_extra(small: Path) -> None:
    change(small / "counts.csv", "iso3,year,n", "iso3,yaer,n")
    assert lines() == [
        "data/counts.csv, row 1, column year: found no such column, expected it as column 2 of 3",
        "data/counts.csv, row 1, column yaer: found an extra column, "
        "expected only columns that datapackage.json names; nearest: year",
    ]


def test_a_column_that_comes_twice(small: Path) -> None:
    change(small / "counts.csv", "iso3,year,n", "iso3,year,n,n")
    text = (small / "counts.csv").read_text(encoding="utf-8")
    rows = [text.splitlines()[0], *(f"{row},1" for row in text.splitlines()[1:])]
    (small / "counts.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert lines() == ["data/counts.csv, row 1, column n: found 2 columns of that name, expected one"]


def test_a_primary_key_that_is_not_called_unique_holds_too(small: Path) -> None:
    change(small / "meetings.csv", "som-2020", "fm-2019")
    assert lines() == [
        'data/meetings.csv, row 3, column meeting_id: found "fm-2019", expected a value of its own, row 2 has this one'
    ]


def test_a_long_cell_is_cut_and_stays_on_one_line(small: Path) -> None:
    change(small / "counts.csv", "AUS,2020,3", 'AUS,2020,"many\nmany ' + 100 * "very " + '"')
    (fault,) = lines()
    assert fault.startswith('data/counts.csv, row 2, column n: found "many\\nmany very')
    assert len(fault) < 220


def test_a_derived_table_needs_its_recipe(small: Path) -> None:
    (small / "recipes" / "counts.py").unlink()
    assert lines() == [
        "data/datapackage.json, table counts: found no file recipes/counts.py, "
        "expected the recipe that computes the table"
    ]


def test_a_file_that_is_no_table_is_a_fault(small: Path) -> None:
    (small / "draft.csv").write_text("a\n1\n", encoding="utf-8")
    assert lines() == [
        "data/draft.csv: found a file that is no table, expected an entry in datapackage.json, or no such file"
    ]


def test_all_faults_come_in_one_run_table_by_table_in_the_order_of_the_file(small: Path) -> None:
    change(small / "counts.csv", "JPN,2020,12", "JPM,2020,-12")
    change(small / "counts.csv", "AUS,2020,3", "AUS,2020,x")
    change(small / "meetings.csv", "2022-01-01", "2022-13-01")
    change(small / "meetings.csv", "book-2019", "book-1919")
    change(small / "countries.csv", "27.2", "27,2")
    faults = verify()
    assert [(fault.file, fault.row, fault.column) for fault in faults] == [
        ("data/countries.csv", 2, None),
        ("data/meetings.csv", 2, "source_ids"),
        ("data/meetings.csv", 6, "date"),
        ("data/counts.csv", 2, "n"),
        ("data/counts.csv", 4, "n"),
        ("data/counts.csv", 4, "iso3"),
        ("data/countries.csv", None, None),
        ("data/meetings.csv", None, None),
        ("data/counts.csv", None, None),
    ]


def test_a_ragged_row_is_one_fault_and_its_key_still_counts(small: Path) -> None:
    """One comma too many in a list of countries must not bring a fault for each row that names that country."""
    change(small / "countries.csv", "JPN,Japan", "JPN,Japan, the state")
    assert lines() == ["data/countries.csv, row 4: found 5 cells, expected 4 cells"]


def test_named_tables_only(small: Path) -> None:
    change(small / "counts.csv", "AUS,2020,3", "AUS,2020,x")
    change(small / "meetings.csv", "2022-01-01", "2022-13-01")
    assert {fault.file for fault in verify(["counts"])} == {"data/counts.csv"}
    assert verify(["sources", "countries"]) == []
    assert verify([]) == verify(), "No names means all tables, so that an empty list never passes unread."


def test_an_unknown_name_is_an_error(small: Path) -> None:
    with pytest.raises(KitError, match='there is no table "meeting"; nearest: meetings'):
        verify(["counts", "meeting"])


def test_a_fault_can_be_sorted_into_parts() -> None:
    fault = Fault("data/counts.csv", 3, "n", '"x"', "a number")
    assert str(fault) == 'data/counts.csv, row 3, column n: found "x", expected a number'
    assert str(Fault("data/counts.csv", None, None, "no file", "one")) == (
        "data/counts.csv: found no file, expected one"
    )


# The seal


def test_sealing_takes_a_change_in(small: Path) -> None:
    change(small / "counts.csv", "AUS,2020,3", "AUS,2020,1234")
    assert seal() == ["counts"]
    assert verify() == []
    assert seal() == []


def test_sealing_changes_hash_and_size_and_nothing_else(small: Path) -> None:
    before = (small / "datapackage.json").read_text(encoding="utf-8").splitlines()
    change(small / "counts.csv", "AUS,2020,3", "AUS,2020,1234")
    seal(["counts"])
    after = (small / "datapackage.json").read_text(encoding="utf-8").splitlines()
    changed = [new.split('"')[1] for old, new in zip(before, after, strict=True) if old != new]
    assert sorted(changed) == ["bytes", "hash"]
    assert sorted(path.name for path in small.glob("datapackage*")) == ["datapackage.json"]


def test_sealing_named_tables_leaves_the_others(small: Path) -> None:
    change(small / "counts.csv", "AUS,2020,3", "AUS,2020,4")
    change(small / "countries.csv", "27.2", "27.3")
    assert seal(["counts"]) == ["counts"]
    assert [fault.file for fault in verify()] == ["data/countries.csv"]


def test_a_table_with_a_fault_is_not_sealed(small: Path) -> None:
    before = (small / "datapackage.json").read_bytes()
    change(small / "countries.csv", "27.2", "27.3")
    change(small / "counts.csv", "AUS,2020,3", "AUS,2020,x")
    change(small / "counts.csv", "JPN,2020,12", "JPN,2020,-12")
    with pytest.raises(KitError) as error:
        seal()
    assert str(error.value) == (
        f'not sealed: data/counts.csv, row 2, column n: found "x", {WHOLE} (1 more: uv run pactlab data verify)'
    )
    assert (small / "datapackage.json").read_bytes() == before, "One bad table, and nothing is sealed."


def test_a_table_without_a_seal_asks_for_one(small: Path) -> None:
    path = small / "datapackage.json"
    package = json.loads(path.read_text(encoding="utf-8"))
    del package["resources"][3]["hash"], package["resources"][3]["bytes"]
    path.write_text(json.dumps(package), encoding="utf-8")
    (fault,) = verify()
    assert fault.expected == f"one {SEALED} counts"
    assert seal() == ["counts"]
    assert verify() == []
