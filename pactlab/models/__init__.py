"""Pure functions on frames and arrays: the measures and models that lessons use. No charts, no files."""

from pactlab.models.agreement import Agreement, agreement
from pactlab.models.composite import composite, rank_stability
from pactlab.models.concentration import gini, herfindahl, largest_share, lorenz
from pactlab.models.gaps import Gap, days_between
from pactlab.models.interdependence import (
    inoperability,
    interdependency_matrix,
    leontief_inverse,
    supply_inoperability,
)
from pactlab.models.ranks import RankCorrelation, rank_correlation, ranks

__all__ = [
    "Agreement",
    "Gap",
    "RankCorrelation",
    "agreement",
    "composite",
    "days_between",
    "gini",
    "herfindahl",
    "inoperability",
    "interdependency_matrix",
    "largest_share",
    "leontief_inverse",
    "lorenz",
    "rank_correlation",
    "rank_stability",
    "ranks",
    "supply_inoperability",
]
