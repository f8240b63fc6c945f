"""The recipe of cyber_indices: scales, places, parts, which states stay, and what it refuses."""

from pathlib import Path

import pytest
from made_recipes import UPSTREAM, listed, needs_upstream, recipe
from pandas import NA

from pactlab.data import root
from pactlab.errors import KitError

UPSTREAM_FILES = ["gci2024_sspi.csv", "belfer_ncpi2020_CPI_scores_published.csv", "EGOV_DATA_2022.csv"]
FEW = {"GCI": 1, "NCPI": 1, "EGDI": 1}
GCI = "Country,2014,Globa Rank,2017,Global Rank,2018,Global Rank,2020,Global Rank,2024,Global Rank,"
CAPINT = ["surveillance", "defense", "control", "intelligence", "commercial", "offense", "norms"]
NCPI = ",".join(["country", "laws", *(f"capint_{part}" for part in CAPINT), "score_capint"])
EGDI = (
    "Survey Year,Country Name,E-Government Rank,E-Government Index,E-Participation Index,Online Service Index,"
    "Human Capital Index,Telecommunication Infrastructure Index"
)
LINES = {
    "GCI": "{},0.706,5,0.683,23,0.719,47,97.5,10,98.49,14,",
    "NCPI": "{},2,1,2,3,4,5,6,7,4",
    "EGDI": '2022,"{} ",3,0.50000,0.1,0.40000,0.50000,0.60000',
}


def files(folder: Path) -> list[Path]:
    """Write the three files, every state alike."""
    known = recipe("cyber_indices")
    paths = []
    for index, header in (("GCI", GCI), ("NCPI", NCPI), ("EGDI", EGDI)):
        spelt = {code: name for name, code in known.NAMES.items() if code in known.STATES[index]}
        paths.append(folder / f"{index}.csv")
        body = [header, *map(LINES[index].format, spelt.values())]
        paths[-1].write_text("\n".join([*body, ""]), encoding="utf-8")
    return paths


def gci(folder: Path, line: str) -> list[Path]:
    """Write the three files with one line of the GCI in place of that state's own."""
    paths = files(folder)
    name = line.split(",", 1)[0]
    header, *lines = paths[0].read_text(encoding="utf-8").splitlines()
    kept = [one for one in lines if not one.startswith(f"{name},")]
    paths[0].write_text("\n".join([header, line, *kept, ""]), encoding="utf-8")
    return paths


def test_scales_places_and_methods_of_five_editions(tmp_path):
    table = recipe("cyber_indices").build(*gci(tmp_path, LINES["GCI"].format("Japan")), fewest=FEW)
    japan = table[(table["iso3"] == "JPN") & (table["index"] == "GCI")].drop(columns=["index", "iso3", "copy_kind"])
    assert listed(japan.drop(columns="rank_published")) == [
        (2014, "total", 0.706, "0-1", 70.6, "GCI edition 1"),
        (2017, "total", 0.683, "0-1", 68.3, "GCI edition 2"),
        (2018, "total", 0.719, "0-1", 71.9, "GCI edition 3"),
        (2020, "total", 97.5, "0-100", 97.5, "GCI edition 4"),
        (2024, "total", 98.49, "0-100", 98.49, "GCI edition 5"),
    ]
    # The places of 2024 in the file are not the publisher's.
    assert list(japan["rank_published"].iloc[:4]) == [5, 23, 47, 10]
    assert japan["rank_published"].iloc[4] is NA


def test_a_missing_score_has_no_row_and_nought_is_a_score(tmp_path):
    paths = gci(tmp_path, "Hong Kong,0.618,8,#N/A,#N/A,,,0,50,#N/A,#N/A,")
    table = recipe("cyber_indices").build(*paths, fewest=FEW)
    here = table[table["iso3"] == "HKG"]
    assert listed(here[["index", "edition", "value"]]) == [("GCI", 2014, 0.618), ("GCI", 2020, 0.0)]


def test_parts_stand_beside_their_total(tmp_path):
    paths = gci(tmp_path, "Peru,0.324,18,0.374,50,0.401,50,55.67,50,83.74,50,")  # no party of the kit
    table = recipe("cyber_indices").build(*paths, fewest=FEW)
    assert set(table["iso3"]) == set(recipe("cyber_indices").NAMES.values())
    korea = table[(table["iso3"] == "KOR") & (table["index"] != "GCI")]  # spelt in three ways
    assert listed(korea[["index", "edition", "part", "value", "score_0_100"]]) == [
        ("EGDI", 2022, "human capital", 0.5, 50),
        ("EGDI", 2022, "online services", 0.4, 40),
        ("EGDI", 2022, "telecom infrastructure", 0.6, 60),
        ("EGDI", 2022, "total", 0.5, 50),
        ("NCPI", 2020, "commercial gain", 5, 5),
        ("NCPI", 2020, "cyber defence", 2, 2),
        ("NCPI", 2020, "domestic surveillance", 1, 1),
        ("NCPI", 2020, "foreign intelligence", 4, 4),
        ("NCPI", 2020, "information control", 3, 3),
        ("NCPI", 2020, "norms", 7, 7),
        ("NCPI", 2020, "offence", 6, 6),
        ("NCPI", 2020, "total", 4, 4),
    ]
    assert list(korea["rank_published"].dropna()) == [3]
    assert not table.duplicated(recipe("cyber_indices").KEY).any()


@pytest.mark.parametrize(
    ("index", "old", "new", "message"),
    [
        (0, "Japan,0.706,", "Japan,70.6,", r"column 2014: found '70\.6'; expected a number from 0 to 1$"),
        (0, "Japan,0.706,5,", "Japan,0.706,5th,", "column rank of 2014: found '5th'; expected a number from 0 to"),
        (0, "Japan,0.706,", "India,0.706,", "column name: found 'India'; expected each state once"),
        (0, "Japan,", "Nippon,", "has no row for JPN; expected the list of GCI scores"),
        (0, "Globa Rank", "Rank", "found columns Country, 2014, Rank, .*; expected the list of GCI scores"),
        (1, "Japan,2,1,", "Japan,2,,", "column capint_surveillance: found ''; expected a number from 0 to 100"),
        (1, "Japan,2,1,", "Japan,2,9,", "column score_capint: found '4'; expected the mean of the parts"),
        (1, "Japan,", "Nippon,", "has no row for JPN; expected CPI_scores_published"),
        (2, '"Japan ",3,', '"Japan ",,', "column E-Government Rank: found ''; expected a number from 0 to"),
        (
            2,
            '"Japan ",3,0.50000',
            '"Japan ",3,500000',
            "column E-Government Index: found '500000'; expected a number from 0 to 1$",
        ),
        (2, '"Japan "', '"India "', "column Country Name: found 'India '; expected each state once"),
    ],
)
def test_a_cell_that_is_no_score_is_refused(tmp_path, index, old, new, message):
    paths = files(tmp_path)
    text = paths[index].read_text(encoding="utf-8")
    assert text.count(old) == 1
    paths[index].write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(KitError, match=message):
        recipe("cyber_indices").build(*paths, fewest=FEW)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_wrong_or_truncated_file_says_what_was_expected(tmp_path, index):
    build = recipe("cyber_indices").build
    paths = files(tmp_path)
    header = paths[index].read_text(encoding="utf-8").splitlines()[0]
    for text, message in [
        (f"{header}\n", r"0 rows, a truncated copy; expected at least 1"),
        ("iso3,year\nJPN,2020\n", r"has no column .*; expected "),
        (f'{header}\n"Japan', r"cannot be read .*; expected .*, complete"),
        (f"{header}\nJapan,1\n", r"row 1 has 2 of \d+ cells; expected .*, complete"),
    ]:
        paths[index].write_text(text, encoding="utf-8")
        with pytest.raises(KitError, match=message):
            build(*paths, fewest=FEW)
    paths[index].unlink()
    with pytest.raises(KitError, match="no such file; expected "):
        build(*paths, fewest=FEW)


def test_small_samples_are_too_few_for_the_real_thing(tmp_path):
    with pytest.raises(KitError, match="a truncated copy; expected at least 190"):
        recipe("cyber_indices").build(*files(tmp_path))


@needs_upstream
def test_the_table_is_made_again_byte_for_byte(tmp_path):
    made = tmp_path / "cyber_indices.csv"
    recipe("cyber_indices").main([*(str(Path(UPSTREAM, name)) for name in UPSTREAM_FILES), "--to", str(made)])
    assert made.read_bytes() == (root() / "cyber_indices.csv").read_bytes()
