"""`root`, `tables` and `load`: what a reader gets, and the one line a reader gets when it fails."""

import copy
import doctest
import importlib
import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from pactlab.data import card, load, root, tables
from pactlab.errors import KitError

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the small package that a test may spoil."""
    folder = Path(shutil.copytree(FIXTURES / "small", tmp_path / "data"))
    monkeypatch.setenv("PACTLAB_DATA", str(folder))
    return folder


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} must have {old!r} once, so that the test spoils what it means."
    path.write_text(text.replace(old, new), encoding="utf-8", newline="\n")


def one_line(error: pytest.ExceptionInfo[KitError]) -> str:
    assert "\n" not in str(error.value), "A KitError is one line."
    return str(error.value)


# Where the data is


def test_the_variable_comes_first(small: Path) -> None:
    assert root() == small


def test_the_working_directory_and_the_folders_above_come_next(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PACTLAB_DATA")
    deep = small.parent / "lessons" / "drafts"
    deep.mkdir(parents=True)
    for folder in (small.parent, deep):
        monkeypatch.chdir(folder)
        assert root() == small


def test_the_checkout_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PACTLAB_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    assert root() == Path(__file__).resolve().parent.parent / "data"


def test_a_variable_that_names_no_data_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Falling back to other data would give a reader numbers that they did not ask for."""
    monkeypatch.setenv("PACTLAB_DATA", str(tmp_path))
    with pytest.raises(KitError) as error:
        root()
    assert one_line(error) == (
        f"PACTLAB_DATA names {tmp_path}, which has no datapackage.json; name the kit's data folder"
    )


def test_no_data_anywhere_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PACTLAB_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pactlab.data.package.__file__", str(tmp_path / "a" / "b" / "c.py"))
    with pytest.raises(KitError, match=r"no data/datapackage.json in .*; start in the kit's folder, or let"):
        root()


# What it lists and loads


def test_tables_are_listed_in_the_order_of_the_package(small: Path) -> None:
    assert tables() == ["sources", "countries", "meetings", "counts"]


def test_columns_have_the_types_of_the_schema(small: Path) -> None:
    assert load("meetings").dtypes.astype(str).to_dict() == {
        "meeting_id": "str",
        "date": "datetime64[us]",
        "date_precision": "category",
        "level": "category",
        "host": "str",
        "parties": "str",
        "held": "boolean",
        "number": "Int64",
        "first_year": "Int64",
        "short_name": "str",
        "note": "str",
        "source_ids": "str",
    }
    assert load("countries")["population"].dtype == "float64"


def test_a_list_of_values_is_an_ordered_category_in_the_lists_order(small: Path) -> None:
    level = load("meetings")["level"]
    assert level.cat.ordered
    assert list(level.cat.categories) == ["leaders", "foreign ministers", "senior officials"]
    assert level.min() == "leaders"


def test_an_empty_cell_is_missing_and_not_text(small: Path) -> None:
    meetings = load("meetings")
    empty = meetings.loc[meetings["meeting_id"] == "som-2020"].squeeze()
    assert empty[["host", "held", "number", "first_year"]].isna().all()
    assert load("countries")["population"].isna().sum() == 1
    assert pd.isna(load("sources").loc[3, "date"])


def test_an_empty_date_is_missing(small: Path) -> None:
    change(small / "datapackage.json", '"description": "When it was read.",', '"description": "Read.",')
    package = json.loads((small / "datapackage.json").read_text(encoding="utf-8"))
    accessed = package["resources"][0]["schema"]["fields"][-1]
    del accessed["constraints"]
    (small / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    change(small / "sources.csv", "all rights reserved,2026-01-06", "all rights reserved,")
    assert load("sources")["accessed"].isna().to_list() == [False, False, True, False]


def test_quotes_commas_and_line_breaks_inside_cells_survive(small: Path) -> None:
    assert load("meetings")["note"].dropna().to_list() == [
        "On the margins, for the first time",
        "Two lines\nin one cell",
        'Called "fifth" in the text',
    ]


def test_dates_are_days(small: Path) -> None:
    assert load("meetings")["date"].dt.strftime("%d %b %Y").to_list() == [
        "26 Sep 2019",
        "01 Jan 2020",
        "12 Mar 2021",
        "01 Jan 2022",
    ]


def test_each_call_gives_a_frame_of_its_own(small: Path) -> None:
    counts = load("counts")
    counts["n"] = 99
    assert load("counts")["n"].to_list() == [3, 0, 12]


def test_a_changed_file_is_read_again(small: Path) -> None:
    load("counts")
    change(small / "counts.csv", "AUS,2020,3", "AUS,2020,4")
    assert load("counts")["n"].to_list() == [4, 0, 12]


@pytest.mark.parametrize("saved_as", ["utf-8-sig", "windows line ends"])
def test_a_file_that_a_spreadsheet_saved_still_loads(small: Path, saved_as: str) -> None:
    """A reader may look at a table in a spreadsheet program; `verify` is what asks for tidy bytes."""
    path, before = small / "meetings.csv", load("meetings")
    if saved_as == "utf-8-sig":
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    else:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        before["note"] = before["note"].str.replace("\n", "\r\n")
    pd.testing.assert_frame_equal(load("meetings"), before)


# The card that comes with a frame


def test_a_frame_carries_its_card(small: Path) -> None:
    assert load("meetings").attrs["card"] == card("meetings")


def test_the_card_stays_with_the_frame_through_pandas(small: Path) -> None:
    meetings = load("meetings")
    shown = meetings.attrs["card"]
    derived = meetings.loc[meetings["held"].fillna(False)].sort_values("date").copy()
    assert derived.attrs["card"] is shown, "A card is never copied: frames pass it on at every step."
    assert copy.deepcopy(shown) is shown
    assert pickle.loads(pickle.dumps(shown)) == shown


# What a reader is told when it fails


def test_an_unknown_table_gets_the_nearest_names(small: Path) -> None:
    with pytest.raises(KitError) as error:
        load("Meeting")
    assert one_line(error) == 'there is no table "Meeting"; nearest: meetings'


def test_a_name_like_none_gets_all_names(small: Path) -> None:
    with pytest.raises(KitError) as error:
        load("xyz")
    assert one_line(error) == ('there is no table "xyz"; the tables are: sources, countries, meetings, counts')


def test_a_name_must_be_text(small: Path) -> None:
    with pytest.raises(KitError, match=r'give a table\'s name as text, such as "countries"'):
        load(["countries"])


def test_a_missing_file_says_what_to_do(small: Path) -> None:
    (small / "counts.csv").unlink()
    with pytest.raises(KitError) as error:
        load("counts")
    assert one_line(error) == "data/counts.csv: found no file, expected the table; take the kit's own copy back"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "AUS,2020,3",
            "AUS,2020,three",
            'data/counts.csv, row 2, column n: found "three", '
            "expected a whole number, up to 18 digits and nothing else",
        ),
        (
            "iso3,year,n",
            "iso3,jahr,n",
            "data/counts.csv, row 1, column year: found no such column, expected it as column 2 of 3 "
            "(1 more: uv run pactlab data verify counts)",
        ),
    ],
    ids=["cell", "column"],
)
def test_a_bad_file_says_where(small: Path, old: str, new: str, message: str) -> None:
    change(small / "counts.csv", old, new)
    with pytest.raises(KitError) as error:
        load("counts")
    assert one_line(error) == message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"resources": [',
            '"resources": [,',
            "row 13: this is not JSON (Expecting value); mend it or take the kit's own copy back",
        ),
        ('"resources"', '"tables"', 'there is no list "resources"; mend it or take the kit\'s own copy back'),
        ('"name": "counts"', '"name": "meetings"', "resource 4: give it a name, a text that no other"),
        ('"path": "counts.csv"', '"path": "../counts.csv"', '"counts": "path" must stay inside the data'),
        ('"title": "Counts"', '"headline": "Counts"', 'table "counts": add "title", a text'),
        ('"kind": "derived"', '"kind": "found"', '"kind" under "pactlab" must be "curated" or "derived"'),
        ('"type": "boolean"', '"type": "bool"', "column held needs a"),
        ('"list_of": "countries.iso3"', '"list_of": "countries.iso"', '"list_of" countries.iso, which is no'),
        ('"maxLength": 12', '"longest": 12', "short_name has a constraint that nothing checks: longest"),
        ('"[A-Z]{3}"', '"[A-Z{3}"', 'column iso3 has a "pattern" that cannot be read'),
        ('"minimum": "2000-01-01"', '"minimum": 2000', 'date has a "minimum" that is not of type date'),
        ('"name": "note",', '"name": "held",', "two columns have the same name"),
        ('"fields": "iso3",', '"fields": "iso",', "the foreign key on iso names a table or column"),
        (
            '"fields": "iso3",\n      "reference"',
            '"fields": "iso3",\n      "to"',
            'table "counts": an entry does not have the form of a data package',
        ),
    ],
    ids=[
        "broken JSON",
        "no resources",
        "a name twice",
        "a path outside",
        "no title",
        "unknown kind",
        "unknown type",
        "list of no column",
        "unknown constraint",
        "broken pattern",
        "minimum of another type",
        "a column twice",
        "key of no column",
        "malformed key",
    ],
)
def test_a_broken_package_is_one_error(small: Path, old: str, new: str, message: str) -> None:
    change(small / "datapackage.json", old, new)
    with pytest.raises(KitError) as error:
        load("counts")
    assert one_line(error).startswith("data/datapackage.json")
    assert message in one_line(error)


def test_a_package_that_is_not_utf8_is_one_error(small: Path) -> None:
    path = small / "datapackage.json"
    path.write_bytes(path.read_bytes().replace(b"A small package", b"A petite soci\xe9t\xe9"))
    with pytest.raises(KitError) as error:
        tables()
    assert one_line(error) == "data/datapackage.json, row 4: this is not UTF-8; save the file as UTF-8"


# House rules


def test_importing_the_room_is_light() -> None:
    """Commands and charts import it; only `load` may wait for pandas."""
    heavy = ["frictionless", "jsonschema", "requests", "pandas", "numpy"]
    code = f"import sys, pactlab.data; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]", "Import these inside the function that needs them."


@pytest.mark.parametrize("module", ["frames", "cards", "sources"])
def test_what_a_docstring_shows_is_what_happens(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PACTLAB_DATA", raising=False)
    result = doctest.testmod(importlib.import_module(f"pactlab.data.{module}"))
    assert result.attempted > 0, f"pactlab/data/{module}.py shows no example."
    assert result.failed == 0, f"An example in pactlab/data/{module}.py does not give what it shows."
