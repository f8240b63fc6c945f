"""Group input-output tables to five sectors: eight states in 2000 and 2011, and the United States in 2017.

python data/recipes/sector_flows.py use.rda make.rda wiot_2000.RData wiot_2011.RData --to data/sector_flows.csv
"""

from pathlib import Path

import _files
import numpy as np
import pandas as pd

from pactlab.errors import KitError

GROUPS = ["finance", "post and telecom", "power, gas and water", "transport", "other"]
FINANCE, TELECOM, UTILITIES, TRANSPORT, OTHER = GROUPS

WORLD = "WIOD 2013 release"
WORLD_EXPECTED = "expected a world table of WIOD, release of 2013, as R data"
YEARS = (2000, 2011)  # one well before the crisis of 2008, and the last of the release
STATES = ["AUS", "CHN", "IDN", "IND", "JPN", "KOR", "TWN", "USA"]  # all that WIOD has in the region
INDUSTRIES = [f"c{number}" for number in range(1, 36)]
# WIOD does not split electricity, gas and water, nor post from telecommunications.
WORLD_GROUPS = {
    "c17": UTILITIES,
    **dict.fromkeys(["c23", "c24", "c25", "c26"], TRANSPORT),
    "c27": TELECOM,
    "c28": FINANCE,
}
ROUNDING = 200  # million dollars by which the whole numbers of a row may miss its total; 113 in 2000
# US utilities buy 43 % of their output at home in 2000 and 17 % in 2011, too far a fall to be the industry's own.
BREAKS = {("USA", 2011)}

US = "BEA 2017 use table"
US_EXPECTED = "expected the detailed use and make tables of 2017 after redefinitions, as R data of useeior"
US_YEAR = 2017
# The industries that come nearest to WIOD's. Public transit and public power go with private; public waterworks cannot:
# they are in one industry (S00203) with lotteries and housing, and stay in other.
US_GROUPS = {
    **dict.fromkeys(["522A00", "52A000", "523900", "523A00", "524113", "5241XX", "524200", "525000"], FINANCE),
    **dict.fromkeys(["517110", "517210", "517A00", "491000", "492000"], TELECOM),
    **dict.fromkeys(["221100", "221200", "221300", "S00101", "S00202"], UTILITIES),
    **dict.fromkeys(["481000", "482000", "483000", "484000", "485000", "486000", "48A000", "S00201"], TRANSPORT),
    **dict.fromkeys(["493000", "561500"], TRANSPORT),  # storage and travel agents, as in WIOD
}
US_ROUNDING = 50  # up to 26: a row is the sum of some 400 whole numbers
EXPORTS, IMPORTS, OUTPUT = "F04000", "F05000", "T008"


def build(use: Path, make: Path, *world: Path) -> pd.DataFrame:
    """Build the table from the US tables and the world tables.

    `use` (commodity by industry) and `make` (industry by commodity) are BEA's, `world` one WIOD table for each of
    `YEARS` or fewer. Returns columns iso3, year, source, supplier_group, user_group, flow_musd (bought from home),
    imported_musd (bought abroad), supplier_output_musd, user_output_musd, all million US dollars at current prices,
    and series_break, sorted. A file that is no such table, or whose rows do not add up, raises KitError.
    """
    parts = [part for path in world for part in _world(path)] + [_united_states(use, make)]
    table = pd.concat(parts).sort_values(["iso3", "year", "supplier_group", "user_group"], ignore_index=True)
    twice = table.duplicated(["iso3", "year", "supplier_group", "user_group"])
    if twice.any():
        raise KitError(f"{world[-1]}: the table of {table['year'][twice.idxmax()]} is given twice; expected each once")
    return table


def _world(upstream: Path) -> list[pd.DataFrame]:
    found = _files.r_object(upstream, [f"wiot_{year}" for year in YEARS], WORLD_EXPECTED)
    if not isinstance(found, dict) or not {"year", "countries", "industries", "inter", "final", "output"} <= set(found):
        raise KitError(f"{upstream}: is not a list of year, countries, industries and flows; {WORLD_EXPECTED}")
    states, industries = list(found["countries"]), list(found["industries"])
    lacking = [state for state in STATES if state not in states]
    if lacking or industries != INDUSTRIES:
        raise KitError(f"{upstream}: has no {lacking[0] if lacking else 'industries c1 to c35'}; {WORLD_EXPECTED}")
    flows, final, output = (np.asarray(found[name], dtype=float) for name in ["inter", "final", "output"])
    size = len(states) * len(industries)
    if flows.shape != (size, size) or len(final) != size or output.shape != (size,):
        raise KitError(f"{upstream}: inter has shape {flows.shape}; expected {size} rows and columns")
    rows = [f"{state} {industry}" for state in states for industry in industries]
    _balanced(upstream, rows, flows.sum(axis=1) + final.sum(axis=1), output, ROUNDING)

    into = _grouping(industries, WORLD_GROUPS)
    year, parts = int(found["year"][0]), []
    for state in STATES:
        own = slice(states.index(state) * len(industries), (states.index(state) + 1) * len(industries))
        home = into @ flows[own, own] @ into.T
        everywhere = into @ flows[:, own].reshape(len(states), len(industries), -1).sum(axis=0) @ into.T
        parts.append(_long(state, year, WORLD, flows=home, imported=everywhere - home, output=into @ output[own]))
    return parts


def _united_states(use: Path, make: Path) -> pd.DataFrame:
    bought = _files.r_object(use, ["Detail_Use_2017_PRO_AfterRedef_17sch"], US_EXPECTED)
    made = _files.r_object(make, ["Detail_Make_2017_AfterRedef_17sch"], US_EXPECTED)
    # Codes that begin with T are totals, never goods or industries.
    industries = [code for code in made.index if not code.startswith("T")]
    goods = [code for code in made.columns if not code.startswith("T")]
    for path, names, needed in [
        (make, made.index, list(US_GROUPS)),
        (use, bought.columns, [*industries, EXPORTS, IMPORTS]),
        (use, bought.index, [*goods, OUTPUT]),
    ]:
        lacking = [code for code in needed if code not in set(names)]
        if lacking:
            raise KitError(f"{path}: has no {lacking[0]}; {US_EXPECTED}")
    supply = made.loc[industries, goods].to_numpy(float)
    output, produced = supply.sum(axis=1), supply.sum(axis=0)
    _balanced(make, industries, output, bought.loc[OUTPUT, industries].to_numpy(float), US_ROUNDING)
    buyers = [*industries, *(code for code in bought.columns if code.startswith("F"))]
    _balanced(use, goods, bought.loc[goods, buyers].sum(axis=1, skipna=False).to_numpy(float), produced, US_ROUNDING)

    # The use table does not say where a good was made. Every buyer is given the same mix of home and foreign: the share
    # of home output in what the country uses. Goods brought in and sold on can make that share negative: it is then 0.
    foreign = -bought.loc[goods, IMPORTS].to_numpy(float).clip(max=0)
    kept = (produced - bought.loc[goods, EXPORTS].to_numpy(float)).clip(min=0)
    home = np.divide(kept, kept + foreign, out=np.zeros_like(kept), where=kept + foreign > 0)
    # From goods to the industries that make them, each with its share of the good's output. Goods without a maker
    # (used goods, imports that have no like at home) drop out.
    share = np.divide(supply, produced, out=np.zeros_like(supply), where=produced > 0)
    uses = bought.loc[goods, industries].to_numpy(float)
    into = _grouping(industries, US_GROUPS)
    flows, imported = (into @ share @ (uses * part[:, None]) @ into.T for part in [home, 1 - home])
    return _long("USA", US_YEAR, US, flows=flows, imported=imported, output=into @ output)


def _balanced(upstream: Path, rows: list[str], found: np.ndarray, output: np.ndarray, rounding: float) -> None:
    wrong = ~(abs(found - output) <= rounding)  # so that a missing number is wrong, too
    if wrong.any():
        row = wrong.argmax()
        raise KitError(f"{upstream}: row {rows[row]}: adds up to {found[row]:g}; expected its output, {output[row]:g}")


def _grouping(industries: list[str], groups: dict[str, str]) -> np.ndarray:
    """Return the matrix that adds industries (columns) up to groups (rows)."""
    return np.array(
        [[groups.get(industry, OTHER) == group for industry in industries] for group in GROUPS], dtype=float
    )


def _long(
    iso3: str, year: int, source: str, *, flows: np.ndarray, imported: np.ndarray, output: np.ndarray
) -> pd.DataFrame:
    size = len(GROUPS)
    numbers = {
        "flow_musd": flows.ravel(),
        "imported_musd": imported.ravel(),
        "supplier_output_musd": np.repeat(output, size),
        "user_output_musd": np.tile(output, size),
    }
    return pd.DataFrame(
        {"iso3": iso3, "year": year, "source": source}
        | {"supplier_group": np.repeat(GROUPS, size), "user_group": np.tile(GROUPS, size)}
        | {name: values.round().astype(int) for name, values in numbers.items()}
        | {"series_break": (iso3, year) in BREAKS}
    )


def main(arguments: list[str] | None = None) -> None:
    """Write the table from the command line."""
    files = {
        "use": "BEA's detailed use table of 2017, R data",
        "make": "BEA's detailed make table of 2017, R data",
        **{f"world_{year}": f"WIOD's world table of {year}, R data" for year in YEARS},
    }
    _files.make(__doc__, files, build, arguments)


if __name__ == "__main__":
    main()
