"""Join the protected shares of key marine areas, year by year, and of the zone, in one year, state by state.

python data/recipes/maritime_ecology.py er_mrn_mpa.csv er_mrn_marin.csv --to data/maritime_ecology.csv
"""

from pathlib import Path

import _files
import pandas as pd

from pactlab.errors import KitError

SDG = "expected the file {} of the SDG indicators in DDF form, one area and year a row"
FEWEST = (3_700, 420)  # the copies hold 3,800 and 432 rows

# The region's states and territories by the UN's area code (M49). Bhutan, Laos and Nepal have no coast; Taiwan has no
# row in the UN's files.
AREAS = {
    "784": "ARE", "36": "AUS", "50": "BGD", "96": "BRN", "156": "CHN", "184": "COK", "174": "COM", "276": "DEU",
    "724": "ESP", "242": "FJI", "250": "FRA", "583": "FSM", "826": "GBR", "300": "GRC", "344": "HKG", "360": "IDN",
    "356": "IND", "380": "ITA", "392": "JPN", "404": "KEN", "116": "KHM", "296": "KIR", "410": "KOR", "144": "LKA",
    "450": "MDG", "462": "MDV", "584": "MHL", "104": "MMR", "508": "MOZ", "480": "MUS", "458": "MYS", "528": "NLD",
    "520": "NRU", "554": "NZL", "512": "OMN", "586": "PAK", "608": "PHL", "585": "PLW", "598": "PNG", "702": "SGP",
    "90": "SLB", "690": "SYC", "764": "THA", "626": "TLS", "776": "TON", "798": "TUV", "834": "TZA", "840": "USA",
    "704": "VNM", "548": "VUT", "882": "WSM", "710": "ZAF",
}  # fmt: skip

# Column of the SDG file: our name of it, and the states that have no value there.
SHARES = {
    "er_mrn_mpa": ("key areas protected", {"ARE", "TUV"}),
    "er_mrn_marin": ("zone protected", {"HKG", "NRU"}),
}
NATURES = {"c": "country data", "notspec": "not stated"}  # as the UN labels a value; it labels these two files so
COLUMNS = ["iso3", "indicator", "year", "value", "unit", "nature"]


def build(key_areas: Path, zones: Path, fewest: tuple[int, int] = FEWEST) -> pd.DataFrame:
    """Build the table from the upstream files.

    `key_areas` and `zones` are the files er_mrn_mpa and er_mrn_marin of the SDG indicators; `fewest` are the numbers
    of rows below which each is taken for a truncated copy. Returns columns iso3, indicator, year, value (text, digit
    for digit as upstream has it), unit ("per cent") and nature, sorted. A wrong file, a state that it lacks or has
    twice and a cell that is no value raise KitError.
    """
    parts = [
        _shares(key_areas, "er_mrn_mpa", fewest[0]),
        _shares(zones, "er_mrn_marin", fewest[1]),
    ]
    return pd.concat(parts)[COLUMNS].sort_values(COLUMNS[:3], ignore_index=True)


def _shares(upstream: Path, column: str, fewest: int) -> pd.DataFrame:
    indicator, without = SHARES[column]
    expected = SDG.format(column)
    found = _files.rows_of(upstream, {"geo_area", "nature", "units", "year", column}, fewest, expected)
    _files.refuse(upstream, found, found["units"] != "percent", "units", "percent")
    _files.refuse(upstream, found, ~found["nature"].isin(NATURES), "nature", " or ".join(NATURES))
    _files.refuse(upstream, found, ~found["year"].str.fullmatch(r"\d{4}"), "year", "a year such as 2018")
    _refuse_number(upstream, found, column, 100, "a number from 0 to 100")
    _files.refuse(upstream, found, found.duplicated(["geo_area", "year"]), "year", "each area and year once")
    _refuse_lacking(upstream, AREAS, set(found["geo_area"]), without, expected)
    table = pd.DataFrame({"iso3": found["geo_area"].map(AREAS), "indicator": indicator, "year": found["year"]})
    table["year"] = table["year"].astype(int)
    table["value"], table["unit"], table["nature"] = found[column], "per cent", found["nature"].map(NATURES)
    return table.dropna(subset="iso3")


def _refuse_number(upstream: Path, found: pd.DataFrame, column: str, most: float, expected: str) -> None:
    number = pd.to_numeric(found[column], errors="coerce")
    _files.refuse(upstream, found, ~number.between(0, most), column, expected)


def _refuse_lacking(upstream: Path, keys: dict[str, str], seen: set[str], without: set[str], expected: str) -> None:
    lacking = [f"{key} ({iso3})" for key, iso3 in keys.items() if key not in seen and iso3 not in without]
    if lacking:
        raise KitError(f"{upstream}: has no {lacking[0]}; {expected}")


def main(arguments: list[str] | None = None) -> None:
    """Write the table from the command line."""
    files = {
        "key_areas": "er_mrn_mpa of the SDG indicators, CSV",
        "zones": "er_mrn_marin of the SDG indicators, CSV",
    }
    _files.make(__doc__, files, build, arguments)


if __name__ == "__main__":
    main()
