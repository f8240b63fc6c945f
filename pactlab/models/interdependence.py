"""Input-output models: what one sector's trouble does to the others, from the customer's end and the supplier's."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pactlab.errors import KitError
from pactlab.models.numbers import Numbers, Table, amounts, label


def leontief_inverse(coefficients: Table) -> pd.DataFrame | np.ndarray:
    """Return the Leontief inverse (I - A)^-1: output needed of each sector, directly and indirectly, for final demand.

    coefficients: n x n technical coefficients A; the cell in row i, column j is what sector j buys of sector i for one
    unit of its own output (money for money, so no unit). Column j of the result is the output that one unit of final
    demand for sector j calls for. A frame gives a frame with the same labels, an array an array. Raises KitError when
    the table is not square, its labels differ, an entry is missing or negative, or the spectral radius is 1 or more
    (the economy would use up more than it makes). Source: Leontief (1936); Miller and Blair (2009, chapter 2).

    >>> leontief_inverse([[0.15, 0.25], [0.20, 0.05]]).round(4)
    array([[1.2541, 0.33  ],
           [0.264 , 1.1221]])
    """
    matrix = _productive(coefficients, "leontief_inverse")
    return _labelled(np.linalg.inv(np.eye(len(matrix)) - matrix), coefficients)


def interdependency_matrix(coefficients: Table, outputs: Numbers | Mapping[str, float]) -> pd.DataFrame | np.ndarray:
    """Return A*: technical coefficients rescaled so that losses can be told as shares of each sector's output.

    coefficients: n x n technical coefficients A, as in `leontief_inverse`. outputs: total output x of the n sectors,
    all above 0, in one unit and one year; with a frame also a Series or dict by sector. The cell in
    row i, column j is A[i, j] x[j] / x[i]: the part of supplier i's output that goes to user j. Errors: as in
    `leontief_inverse`, and when an output is missing, 0 or negative. Source: Santos and Haimes (2004).

    >>> interdependency_matrix([[0.15, 0.25], [0.20, 0.05]], [1000, 2000])
    array([[0.15, 0.5 ],
           [0.1 , 0.05]])
    """
    caller = "interdependency_matrix"
    matrix = _productive(coefficients, caller)
    if isinstance(outputs, pd.Series | Mapping) and isinstance(coefficients, pd.DataFrame):
        lacking = [name for name in coefficients.index if name not in outputs]
        if lacking:
            raise KitError(f"{caller}: there is no output for {label(lacking[0])}; give one for each sector")
    sizes = _vector(coefficients, outputs, caller)
    if (sizes == 0).any():
        raise KitError(f"{caller}: a sector's output is 0; leave that sector out, or merge it with another")
    return _labelled(matrix * sizes / sizes[:, None], coefficients)


def inoperability(coefficients_star: Table, perturbation: Numbers | Mapping[str, float]) -> pd.Series | np.ndarray:
    """Return how far each sector falls short when final demand falls: q = (I - A*)^-1 c*, the demand-side model.

    coefficients_star: n x n matrix A* (`interdependency_matrix`). perturbation: c*, the fall in final demand for each
    sector as a share of that sector's total output, 0 to 1; with a frame also a Series or dict by sector, where sectors
    not named get 0. Returns q, the share of output lost, 0 to 1; the sector that is hit ends at its own c* or above.
    The model runs from a lost customer to its suppliers; it does not tell what a blackout stops. Raises KitError as in
    `leontief_inverse`, for a perturbation that is too long, too short, of an unknown sector or outside 0 to 1, and when
    a sector would lose more than it makes. Source: Haimes and Jiang (2001); Santos and Haimes (2004).

    >>> inoperability([[0.15, 0.50], [0.10, 0.05]], [0.1, 0]).round(4)
    array([0.1254, 0.0132])
    """
    return _losses(coefficients_star, perturbation, "inoperability", transposed=False)


def supply_inoperability(coefficients: Table, perturbation: Numbers | Mapping[str, float]) -> pd.Series | np.ndarray:
    """Return how far each sector falls short when a supplier's own inputs fall: p = (I - A')^-1 z*, Ghosh's model.

    coefficients: n x n technical coefficients A (not A*), as in `leontief_inverse`; A' is its transpose, which is what
    Ghosh's output coefficients become once losses are shares of output. perturbation: z*, the fall in value added
    (wages, profit, primary inputs) as a share of the sector's total output, 0 to 1, given as in `inoperability`.
    Returns p, the share of output lost, 0 to 1. To fix what sector u loses in all at a share s, multiply the result by
    s / p[u]. The model runs from supplier to customer; that quantities follow it is disputed (Oosterhaven, 1988), and
    Dietzenbacher (1997) reads it as prices. Errors: as in `inoperability`. Source: Ghosh (1958); Leung, Haimes and
    Santos (2007).

    >>> supply_inoperability([[0.15, 0.25], [0.20, 0.05]], [0.1, 0]).round(4)
    array([0.1254, 0.033 ])
    """
    return _losses(coefficients, perturbation, "supply_inoperability", transposed=True)


def _losses(
    table: Table, perturbation: Numbers | Mapping[str, float], caller: str, *, transposed: bool
) -> pd.Series | np.ndarray:
    matrix = _productive(table, caller)
    shock = _vector(table, perturbation, caller)
    if (shock > 1).any():
        raise KitError(f"{caller}: the perturbation holds {shock.max():g}; give shares of output, so 10 % is 0.1")
    lost = np.linalg.solve(np.eye(len(matrix)) - (matrix.T if transposed else matrix), shock)
    if (lost > 1 + 1e-9).any():
        sector = table.index[lost.argmax()] if isinstance(table, pd.DataFrame) else int(lost.argmax())
        times = f"{lost.max():.2f} times its output"
        raise KitError(f"{caller}: sector {label(sector)} would lose {times}; give a smaller perturbation")
    return pd.Series(lost, index=table.index) if isinstance(table, pd.DataFrame) else lost


def _productive(table: Table, caller: str) -> np.ndarray:
    """Return the table as a square array that has a Leontief inverse without negative entries."""
    matrix = amounts(table, caller)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise KitError(f"{caller}: the table has shape {matrix.shape}; give as many rows as columns, one a sector")
    if isinstance(table, pd.DataFrame):
        if not table.index.equals(table.columns):
            raise KitError(f"{caller}: rows and columns must name the same sectors in the same order")
        if not table.index.is_unique:
            raise KitError(f"{caller}: sector {label(table.index[table.index.duplicated()][0])} stands there twice")
    radius = float(abs(np.linalg.eigvals(matrix)).max())
    if radius >= 1 - 1e-12:
        raise KitError(
            f"{caller}: the spectral radius is {radius:.3f} and must be below 1;"
            " check that each cell is divided by the right sector's output"
        )
    return matrix


def _vector(table: Table, given: Numbers | Mapping[str, float], caller: str) -> np.ndarray:
    """Return one number a sector, in the table's order."""
    by_label = isinstance(given, Mapping | pd.Series)
    if isinstance(given, Mapping):
        given = pd.Series(given, dtype=object)
    if by_label and isinstance(table, pd.DataFrame):
        if not given.index.is_unique:
            raise KitError(f"{caller}: sector {label(given.index[given.index.duplicated()][0])} is given twice")
        unknown = [name for name in given.index if name not in table.index]
        if unknown:
            known = ", ".join(str(name) for name in table.index)
            raise KitError(f"{caller}: there is no sector {label(unknown[0])}; the sectors are {known}")
        amounts(given, caller)  # before reindexing, so that a missing number is not taken for an unnamed sector
        given = given.reindex(table.index, fill_value=0)
    elif by_label:
        raise KitError(f"{caller}: numbers by sector need a frame with sector labels; give a plain list for an array")
    vector = amounts(given, caller)
    if vector.shape != (len(table),):
        raise KitError(f"{caller}: {len(table)} sectors need {len(table)} numbers in one list, not {vector.shape}")
    return vector


def _labelled(matrix: np.ndarray, like: Table) -> pd.DataFrame | np.ndarray:
    return pd.DataFrame(matrix, index=like.index, columns=like.columns) if isinstance(like, pd.DataFrame) else matrix
