"""Input-output tables in five groups: from made R files always, from the real ones where they are at hand."""

import bz2
import importlib
from pathlib import Path

import numpy as np
import pytest
import rdata
from made_recipes import UPSTREAM, listed, needs_upstream, recipe
from pandas import DataFrame

from pactlab.data import root
from pactlab.errors import KitError

USE, MAKE = "Detail_Use_2017_PRO_AfterRedef_17sch", "Detail_Make_2017_AfterRedef_17sch"
UTILITIES = "power, gas and water"


def saved(path: Path, name: str, content: object) -> Path:
    if isinstance(content, DataFrame):
        content = content.set_axis(content.index.astype(object))  # the writer knows no other row names
    rdata.write_rda(path, {name: content})
    return path


def world(folder: Path, flows: dict[tuple[str, str], int], year: int = 2011, **changed: object) -> Path:
    """Write a world table of nine states in which each industry makes 1000; what is not in flows is final."""
    states = np.array([*recipe("sector_flows").STATES, "RoW"])
    industries = np.array(recipe("sector_flows").INDUSTRIES)
    rows = [f"{state} {industry}" for state in states for industry in industries]
    inter = np.zeros((len(rows), len(rows)))
    for (supplier, user), flow in flows.items():
        inter[rows.index(supplier), rows.index(user)] = flow
    output = np.full(len(rows), 1000.0)
    final = (output - inter.sum(axis=1)).reshape(-1, 1)
    content = {"year": np.array([year]), "countries": states, "industries": industries}
    content |= {"inter": inter, "final": final, "output": output}
    kept = {name: value for name, value in (content | changed).items() if value is not None}
    return saved(folder / f"wiot_{year}.RData", f"wiot_{year}", kept)


def america(folder: Path, uses: dict[tuple[str, str], float] | None = None, drop: str = "") -> list[Path]:
    """Write a use and a make table of the US: each industry makes 100 of its own good, public ones of another's."""
    industries = [*recipe("sector_flows").US_GROUPS, "S00203", "111000", "334000"]
    public = {"S00101": "221100", "S00202": "221100", "S00201": "485000", "S00203": "221300"}
    goods = [code for code in industries if code not in public] + ["S00300"]
    make = DataFrame(0.0, index=[*industries, "T007"], columns=[*goods, "T008"])
    for code in industries:
        make.loc[code, public.get(code, code)] = 100.0
    use = DataFrame(0.0, index=[*goods, "V00100", "T008"], columns=[*industries, "F01000", "F04000", "F05000"])
    use.loc["T008", industries] = 100.0
    for (good, user), flow in (uses or {}).items():
        use.loc[good, user] = flow
    # Households take the rest: each good is used as much as it is made.
    use.loc[goods, "F01000"] = make[goods].sum() - use.loc[goods].sum(axis=1)
    use = use.drop(columns=drop, errors="ignore").drop(index=drop, errors="ignore")
    make = make.drop(index=drop, errors="ignore")
    return [saved(folder / "use.rda", USE, use), saved(folder / "make.rda", MAKE, make)]


def rows_with_flows(table: DataFrame) -> list[tuple]:
    bought = table[(table["flow_musd"] > 0) | (table["imported_musd"] > 0)]
    return listed(bought.drop(columns=["source", "series_break"]))


def test_world_tables_add_up_industries_and_tell_home_from_abroad(tmp_path):
    path = world(
        tmp_path,
        {
            ("IND c17", "IND c28"): 4,
            ("AUS c17", "IND c28"): 2,
            ("RoW c17", "IND c28"): 3,
            ("IND c23", "IND c27"): 10,
            ("IND c26", "IND c27"): 20,
            ("JPN c30", "JPN c1"): 7,
            ("IND c17", "RoW c28"): 9,  # no buyer of the kit's states
        },
        year=2000,
    )
    table = recipe("sector_flows").build(*america(tmp_path), path)
    assert rows_with_flows(table) == [
        ("IND", 2000, UTILITIES, "finance", 4, 5, 1000, 1000),
        ("IND", 2000, "transport", "post and telecom", 30, 0, 4000, 1000),
        ("JPN", 2000, "other", "other", 7, 0, 28000, 28000),
    ]
    assert len(table) == 9 * 25
    assert set(table["source"]) == {"WIOD 2013 release", "BEA 2017 use table"}


def test_only_the_united_states_of_2011_is_marked_as_a_break(tmp_path):
    table = recipe("sector_flows").build(*america(tmp_path), world(tmp_path, {}), world(tmp_path, {}, year=2000))
    broken = table[table["series_break"]]
    assert set(zip(broken["iso3"], broken["year"], strict=True)) == {("USA", 2011)}
    assert len(broken) == 25


def test_the_us_table_goes_from_goods_to_their_makers_and_leaves_imports_out(tmp_path):
    files = america(
        tmp_path,
        {
            ("221100", "522A00"): 40,  # made by three industries, all in utilities: 300, and 100 come from abroad
            ("221100", "F05000"): -100,
            ("221300", "221100"): 20,  # half of it made by the industry of public waterworks
            ("334000", "111000"): 30,  # all of it from abroad: more is sold abroad than made
            ("334000", "F04000"): 120,
            ("334000", "F05000"): -50,
            ("493000", "517110"): 5,
            ("482000", "517110"): 6,
            ("482000", "F05000"): 10,  # an adjustment, no import
            ("S00300", "111000"): 8,  # nobody at home makes it
        },
    )
    assert rows_with_flows(recipe("sector_flows").build(*files)) == [
        ("USA", 2017, "other", "other", 0, 30, 300, 300),
        ("USA", 2017, "other", UTILITIES, 10, 0, 300, 500),
        ("USA", 2017, UTILITIES, "finance", 30, 10, 500, 800),
        ("USA", 2017, UTILITIES, UTILITIES, 10, 0, 500, 500),
        ("USA", 2017, "transport", "post and telecom", 11, 0, 1000, 500),
    ]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"final": None}, "is not a list of year, countries, industries and flows; expected a world table"),
        ({"countries": np.array(["AUS", "RoW"])}, "has no CHN; expected a world table of WIOD"),
        ({"industries": np.array(["c1", "c2"])}, "has no industries c1 to c35; expected"),
        ({"inter": np.zeros((3, 3))}, r"inter has shape \(3, 3\); expected 315 rows and columns"),
        ({"final": np.zeros((315, 1))}, "row AUS c1: adds up to 0; expected its output, 1000"),
        ({"final": np.full((315, 1), np.nan)}, "row AUS c1: adds up to nan; expected its output"),
    ],
)
def test_a_world_table_that_is_none_is_refused(tmp_path, changed, message):
    with pytest.raises(KitError, match=message):
        recipe("sector_flows").build(*america(tmp_path), world(tmp_path, {}, **changed))


def test_a_world_table_of_another_year_is_refused(tmp_path):
    with pytest.raises(KitError, match=r"holds wiot_2009 and no wiot_2000 or wiot_2011; expected a world table"):
        recipe("sector_flows").build(*america(tmp_path), world(tmp_path, {}, year=2009))


def test_a_year_given_twice_is_refused(tmp_path):
    path = world(tmp_path, {})
    with pytest.raises(KitError, match=r"wiot_2011\.RData: the table of 2011 is given twice; expected each once"):
        recipe("sector_flows").build(*america(tmp_path), path, path)


@pytest.mark.parametrize(
    ("drop", "message"),
    [
        ("F05000", r"use\.rda: has no F05000; expected the detailed use and make tables of 2017"),
        ("221300", r"make\.rda: has no 221300; expected"),
        ("S00300", r"use\.rda: has no S00300; expected"),
    ],
)
def test_us_tables_that_lack_a_code_are_refused(tmp_path, drop, message):
    with pytest.raises(KitError, match=message):
        recipe("sector_flows").build(*america(tmp_path, drop=drop))


def test_us_tables_that_do_not_belong_together_are_refused(tmp_path):
    with pytest.raises(KitError, match=r"make\.rda: row 482000: adds up to 100; expected its output, 40"):
        recipe("sector_flows").build(*america(tmp_path, {("T008", "482000"): 40}))


@pytest.mark.parametrize(("flow", "message"), [(40, "adds up to 40"), (np.nan, "adds up to nan")])
def test_a_use_table_that_does_not_add_up_is_refused(tmp_path, flow, message):
    use, make = america(tmp_path)
    table = rdata.read_rda(use)[USE]
    table.loc["482000", "F01000"] = flow
    with pytest.raises(KitError, match=rf"use\.rda: row 482000: {message}; expected its output, 100"):
        recipe("sector_flows").build(saved(use, USE, table), make)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"use\.rda: no such file; expected the detailed use"),
        (b"", r"use\.rda: cannot be read as R data \(.*\); expected .*, complete"),
        (b"code,111000\n", r"use\.rda: cannot be read as R data \(.*\); expected"),
        (bz2.compress(b"RDX3\nX\n" + b"\xff" * 100), r"use\.rda: cannot be read as R data \(.*\); expected"),
    ],
    ids=["missing", "empty", "text", "damaged"],
)
@pytest.mark.filterwarnings(
    "ignore:Unknown file type", "ignore:Wrong extension"
)  # the parser's guesses before it fails
def test_a_file_that_is_no_r_data_is_refused(tmp_path, content, message):
    use, make = america(tmp_path)
    use.unlink()
    if content is not None:
        use.write_bytes(content)
    with pytest.raises(KitError, match=message):
        recipe("sector_flows").build(use, make)


def test_a_cut_off_file_is_refused(tmp_path):
    use, make = america(tmp_path)
    use.write_bytes(use.read_bytes()[:-100])
    with pytest.raises(KitError, match=r"use\.rda: cannot be read as R data"):
        recipe("sector_flows").build(use, make)


def test_files_in_the_wrong_order_are_refused(tmp_path):
    with pytest.raises(KitError, match=rf"make\.rda: holds {MAKE} and no {USE}; expected"):
        recipe("sector_flows").build(*reversed(america(tmp_path)))


def test_the_command_writes_the_table(tmp_path):
    files = [*america(tmp_path), world(tmp_path, {}, year=2000), world(tmp_path, {})]
    made = tmp_path / "sector_flows.csv"
    recipe("sector_flows").main([*map(str, files), "--to", str(made)])
    shipped = (root() / "sector_flows.csv").read_text(encoding="utf-8")
    keys = [line.split('"')[0].split(",")[:3] for line in made.read_text(encoding="utf-8").splitlines()]
    assert keys == [line.split('"')[0].split(",")[:3] for line in shipped.splitlines()]


@needs_upstream
def test_rows_of_the_real_files_are_made_again_byte_for_byte():
    paths = sorted(Path(UPSTREAM).glob("wiod2013_wiot_*.RData"))  # one a year; a year without a file is not compared
    years = {path.stem[-4:] for path in paths} | {"2017"}
    table = recipe("sector_flows").build(Path(UPSTREAM, f"{USE}.rda"), Path(UPSTREAM, f"{MAKE}.rda"), *paths)
    header, *shipped = (root() / "sector_flows.csv").read_bytes().splitlines(keepends=True)
    wanted = [line for line in shipped if line.split(b",")[1].decode() in years]
    assert len(wanted) >= 225
    assert importlib.import_module("_files").csv_bytes(table) == b"".join([header, *wanted])
