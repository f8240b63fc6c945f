"""Models: worked examples with a source each, what must hold for any numbers, and a clear word on bad input."""

import doctest
import importlib
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from pactlab import models
from pactlab.errors import KitError

MODULES = ["agreement", "composite", "concentration", "gaps", "interdependence", "ranks"]
SECTORS = ["agriculture", "manufactures"]
# Miller and Blair, Input-Output Analysis (2nd edition, 2009), chapter 2: sales between two sectors, and their outputs.
SALES = np.array([[150.0, 500.0], [200.0, 100.0]])
OUTPUTS = np.array([1000.0, 2000.0])
COEFFICIENTS = SALES / OUTPUTS
LABELLED = pd.DataFrame(COEFFICIENTS, index=SECTORS, columns=SECTORS)


@pytest.fixture(params=range(20), ids=lambda seed: f"seed{seed}")
def chance(request: pytest.FixtureRequest) -> np.random.Generator:
    return np.random.default_rng(request.param)


def said(error: pytest.ExceptionInfo) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("module", MODULES)
def test_what_a_docstring_shows_is_what_happens(module: str) -> None:
    result = doctest.testmod(importlib.import_module(f"pactlab.models.{module}"))
    assert result.attempted, f"pactlab/models/{module}.py shows no example."
    assert not result.failed


@pytest.mark.parametrize("name", [name for name in models.__all__ if name[0].islower()])
def test_each_function_names_its_source_and_shows_an_example(name: str) -> None:
    text = getattr(models, name).__doc__
    assert "Source: " in text, f"{name}: say where the method comes from"
    assert ">>> " in text, f"{name}: show a call that a student could paste"


# Concentration


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([0.4, 0.3, 0.2, 0.1], 0.30),  # 0.16 + 0.09 + 0.04 + 0.01
        ([30, 30, 20, 20], 0.26),  # US Department of Justice, page on the index: 900 + 900 + 400 + 400 = 2,600
        ([5, 5, 5, 5], 0.25),  # n equal holders: 1/n
        ([7, 0, 0], 1.0),
    ],
)
def test_herfindahl(shares: list[float], expected: float) -> None:
    assert models.herfindahl(shares) == pytest.approx(expected)
    assert models.herfindahl(pd.Series(shares, dtype="Float64")) == pytest.approx(expected)


def test_the_index_can_fall_while_the_largest_share_rises() -> None:
    """By hand: 40, 40, 20 gives 0.36; 42, 30, 28 gives 0.1764 + 0.09 + 0.0784 = 0.3448."""
    before, after = [40, 40, 20], [42, 30, 28]
    assert models.herfindahl(before) == pytest.approx(0.36)
    assert models.herfindahl(after) == pytest.approx(0.3448)
    assert (models.largest_share(before), models.largest_share(after)) == (0.40, 0.42)


def test_lorenz_by_hand() -> None:
    """1, 2, 3 and 4 of 10: cumulated 1, 3, 6, 10."""
    curve = models.lorenz([4, 2, 1, 3])
    assert curve["holders"].tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert curve["total"].tolist() == pytest.approx([0, 0.1, 0.3, 0.6, 1])


@pytest.mark.parametrize(("counts", "expected"), [([1, 2, 3, 4], 0.25), ([3, 3, 3], 0), ([0, 0, 0, 9], 0.75), ([5], 0)])
def test_gini_by_hand(counts: list[int], expected: float) -> None:
    """Area under the curve of 1, 2, 3, 4: 0.25 (0.05 + 0.2 + 0.45 + 0.8) = 0.375, so 1 - 2 x 0.375."""
    assert models.gini(counts) == pytest.approx(expected)


def test_concentration_bounds(chance: np.random.Generator) -> None:
    counts = chance.pareto(1.2, size=chance.integers(1, 40)) + 0.01
    index, size = models.herfindahl(counts), len(counts)
    assert 1 / size - 1e-12 <= index <= 1 + 1e-12
    assert models.largest_share(counts) ** 2 <= index <= models.largest_share(counts) + 1e-12
    assert 0 <= models.gini(counts) <= (size - 1) / size + 1e-12
    # Neither the unit nor the order of the list matters.
    assert models.herfindahl(chance.permutation(counts) * 1000) == pytest.approx(index)
    assert models.gini(chance.permutation(counts) * 1000) == pytest.approx(models.gini(counts))
    # Gini once more, by its other definition: mean difference between two holders, over twice the mean.
    mean_difference = np.abs(counts[:, None] - counts[None, :]).mean()
    assert models.gini(counts) == pytest.approx(mean_difference / (2 * counts.mean()))


def test_lorenz_never_rises_above_the_line_of_equal_shares(chance: np.random.Generator) -> None:
    curve = models.lorenz(chance.integers(0, 50, size=30) + np.eye(30, dtype=int)[0])
    assert (curve["total"] <= curve["holders"] + 1e-12).all()
    assert (curve["total"].diff().dropna().diff().dropna() >= -1e-12).all(), "each step is at least the one before"


@pytest.mark.parametrize("measure", [models.herfindahl, models.largest_share, models.lorenz, models.gini])
@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (pd.Series({"Siemens": 9, "Moxa": -3}), "entry 'Moxa' is -3; no entry may be below 0"),
        (pd.Series({"Siemens": 9, "Moxa": None}), "entry 'Moxa' is missing; drop it, or fill it in and say why"),
        (pd.Series([1, pd.NA], dtype="Int64"), "entry 1 is missing; drop it, or fill it in and say why"),
        ([0.0, 0.0], "the numbers add up to 0, so there are no shares; give at least one above 0"),
        ([], "the numbers add up to 0, so there are no shares; give at least one above 0"),
        ([1, float("inf")], "entry 1 is infinite; every number must be finite"),
        ([[1, 2], [3, 4]], "give one list of numbers, such as one column; this has 2 dimensions"),
        ([3, "Siemens"], "entry 1 is 'Siemens'; give numbers only"),
        ("Siemens", "entry 0 is 'Siemens'; give numbers only"),
        (5, "give one list of numbers, such as one column; this has 0 dimensions"),
        (pd.Series([3, "?"], index=np.array([2015, 2016])), "entry 2016 is '?'; give numbers only"),
    ],
)
def test_concentration_refuses(measure, counts, message) -> None:
    with pytest.raises(KitError) as error:
        measure(counts)
    assert said(error).removeprefix(f"{measure.__name__}: ") == message


# Ranks


def test_ranks_share_the_better_place_and_leave_missing_ones_out() -> None:
    scores = pd.Series({"IND": 98.5, "JPN": 98.5, "AUS": None, "FJI": 40, "SGP": 99})
    assert models.ranks(scores).dropna().to_dict() == {"IND": 2, "JPN": 2, "FJI": 4, "SGP": 1}
    assert models.ranks(scores, highest_first=False).dropna().to_dict() == {"IND": 2, "JPN": 2, "FJI": 1, "SGP": 4}
    assert models.ranks(scores).isna().to_dict()["AUS"]


def test_ranks_refuses_text() -> None:
    with pytest.raises(KitError, match=r"^ranks: entry 0 is 'first'; give numbers only$"):
        models.ranks(pd.Series(["first", "second"]))


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        # Without ties, 1 - 6 sum(d^2) / (n^3 - n), Spearman (1904): d^2 = 1 + 1 + 1 + 1 + 0, so 1 - 24/120.
        ([1, 2, 3, 4, 5], [2, 1, 4, 3, 5], 0.8),
        # With a tie, Kendall (1948, chapter 3): ranks 1, 2.5, 2.5, 4; products 2.25 + 0 + 0 + 2.25 = 4.5; squares 4.5
        # and 5; 4.5 / sqrt(22.5). The short formula would give 0.95.
        ([10, 20, 20, 40], [1, 2, 3, 4], 4.5 / 22.5**0.5),
        ([1, 2, 3], [30, 20, 10], -1),
    ],
)
def test_spearman_by_hand(one: list[int], two: list[int], expected: float) -> None:
    rho, pairs = models.rank_correlation(pd.DataFrame({"one": one, "two": two}))
    assert rho.loc["one", "two"] == pytest.approx(expected)
    assert pairs.loc["one", "two"] == len(one)


def test_spearman_ranks_anew_within_each_overlap() -> None:
    """In the overlap b, d, e, f: ranks of one 3, 1, 4, 2; of two 4, 1, 3, 2; d^2 = 1 + 0 + 1 + 0; 1 - 12/60."""
    frame = pd.DataFrame(
        {"one": [None, 30, 99, 10, 40, 20], "two": [1, 9, None, 2, 8, 5], "three": [None, None, 7, 6, None, None]},
        index=list("abcdef"),
    )
    rho, pairs = models.rank_correlation(frame)
    assert rho.loc["one", "two"] == pytest.approx(0.8)
    assert pairs.to_numpy().tolist() == [[5, 4, 2], [4, 5, 1], [2, 1, 2]]
    assert rho["three"].isna().all(), "two pairs always give 1 or -1, so no coefficient"


def test_a_column_without_variation_has_no_coefficient() -> None:
    rho, pairs = models.rank_correlation(pd.DataFrame({"one": [1, 2, 3], "same": [7, 7, 7]}))
    assert np.isnan(rho.loc["one", "same"])
    assert np.isnan(rho.loc["same", "same"])
    assert pairs.loc["one", "same"] == 3


def test_rank_correlation_properties(chance: np.random.Generator) -> None:
    frame = pd.DataFrame(chance.integers(0, 12, size=(25, 4)).astype(float), columns=list("abcd"))
    frame = frame.mask(chance.random(frame.shape) < 0.2)
    rho, pairs = models.rank_correlation(frame)
    assert (rho.to_numpy() == rho.to_numpy().T).all()
    assert rho.abs().max(axis=None) <= 1
    assert np.diag(rho) == pytest.approx(1)
    # Only the order counts: any rising function leaves the coefficients as they are.
    pd.testing.assert_frame_equal(models.rank_correlation(np.exp(frame / 3)).rho, rho)
    both = frame[["a", "b"]].dropna()
    assert pairs.loc["a", "b"] == len(both)
    assert rho.loc["a", "b"] == pytest.approx(both["a"].rank().corr(both["b"].rank()))


def test_rank_correlation_refuses() -> None:
    with pytest.raises(KitError) as error:
        models.rank_correlation(pd.DataFrame({"one": [1, 2]}), fewest=2)
    assert said(error) == "rank_correlation: fewest is 2; two pairs always give 1 or -1, so ask for 3 or more"


# Agreement


def roll_calls() -> pd.DataFrame:
    """Four roll calls by hand; PLW is absent once, FJI twice, once in the same roll call."""
    return pd.DataFrame(
        {
            "IND": ["yes", "yes", "abstain", "no"],
            "JPN": ["yes", "no", "yes", "no"],
            "PLW": ["yes", "absent", "abstain", "yes"],
            "FJI": ["yes", None, "absent", "yes"],
        },
        index=["A", "B", "C", "D"],
    )


@pytest.mark.parametrize(
    ("one", "two", "left_out", "as_a_position"),
    [
        ("IND", "JPN", (2 / 4, 4), (2 / 4, 4)),  # A and D
        ("IND", "PLW", (2 / 3, 3), (2 / 4, 4)),  # A and C of A, C, D; the absence at B differs
        ("JPN", "FJI", (1 / 2, 2), (1 / 4, 4)),  # A of A and D; FJI is absent at B and C
        ("PLW", "FJI", (2 / 2, 2), (3 / 4, 4)),  # A and D; B, where both are absent, is a third; C is none
        ("FJI", "FJI", (2 / 2, 2), (4 / 4, 4)),
    ],
)
def test_agreement_by_hand(one, two, left_out, as_a_position) -> None:
    for absences, expected in (("left out", left_out), ("as a position", as_a_position)):
        share, counted = models.agreement(roll_calls(), absences)
        assert (share.loc[one, two], counted.loc[one, two]) == (pytest.approx(expected[0]), expected[1])


def test_absent_is_not_abstained() -> None:
    votes = pd.DataFrame({"IND": ["abstain", "abstain"], "PLW": ["absent", "abstain"]})
    assert models.agreement(votes).share.loc["IND", "PLW"] == 1
    assert models.agreement(votes, "as a position").share.loc["IND", "PLW"] == 0.5


def test_india_and_japan_on_four_cyber_votes_of_2018_and_2019() -> None:
    """General Assembly: 73/27, 73/187, 74/29 and 74/247 apart, 73/266 and 74/28 alike (UN voting records)."""
    votes = pd.DataFrame(
        {"IND": ["yes"] * 6, "JPN": ["no", "no", "abstain", "no", "yes", "yes"]},
        index=["73/27", "73/187", "74/29", "74/247", "73/266", "74/28"],
    )
    assert models.agreement(votes).share.loc["IND", "JPN"] == pytest.approx(1 / 3)


def test_no_common_roll_call_gives_no_share() -> None:
    share, counted = models.agreement(pd.DataFrame({"IND": ["yes", None], "PLW": [None, "yes"]}))
    assert np.isnan(share.loc["IND", "PLW"])
    assert counted.loc["IND", "PLW"] == 0


@pytest.mark.parametrize("dtype", ["category", "string", object])
def test_the_columns_type_does_not_matter(dtype) -> None:
    pd.testing.assert_frame_equal(
        models.agreement(roll_calls().astype(dtype)).share, models.agreement(roll_calls()).share
    )


@pytest.mark.parametrize("absences", ["left out", "as a position"])
def test_agreement_properties(chance: np.random.Generator, absences) -> None:
    words = ["yes", "no", "abstain", "absent"]
    votes = pd.DataFrame(chance.choice(words, size=(15, 5)), columns=list("ABCDE"))
    share, counted = models.agreement(votes, absences)
    assert share.equals(share.T)
    assert counted.equals(counted.T)
    assert share.min(axis=None) >= 0
    assert share.max(axis=None) <= 1
    assert set(np.diag(share)) <= {1.0}
    assert counted.max(axis=None) <= len(votes)
    for one, two in pairwise(votes):
        kept = [
            pair for pair in zip(votes[one], votes[two], strict=True) if absences != "left out" or "absent" not in pair
        ]
        assert counted.loc[one, two] == len(kept)
        if kept:
            assert share.loc[one, two] == pytest.approx(np.mean([first == second for first, second in kept]))


def test_own_words_for_positions_and_absences() -> None:
    votes = pd.DataFrame({"IND": ["Y", "A"], "PLW": ["Y", "not there"]})
    share, counted = models.agreement(votes, positions=["Y", "N", "A"], absent="not there")
    assert (share.loc["IND", "PLW"], counted.loc["IND", "PLW"]) == (1, 1)


@pytest.mark.parametrize(
    ("votes", "options", "message"),
    [
        (
            {"IND": ["yes", "Yes"]},
            {},
            "row 1, column 'IND' is 'Yes'; use one of yes, no, abstain, absent, or leave it empty",
        ),
        ({"IND": ["yes"]}, {"absences": "out"}, 'absences is \'out\'; write "left out" or "as a position"'),
        (
            {"IND": ["yes"]},
            {"absent": "abstain"},
            '"abstain" stands among the positions; an absence is none, take it out',
        ),
    ],
)
def test_agreement_refuses(votes, options, message) -> None:
    with pytest.raises(KitError) as error:
        models.agreement(pd.DataFrame(votes), **options)
    assert said(error) == f"agreement: {message}"


def test_agreement_refuses_a_state_with_two_columns() -> None:
    with pytest.raises(KitError) as error:
        models.agreement(pd.DataFrame([["yes", "no"]], columns=["IND", "IND"]))
    assert said(error) == "agreement: IND has two columns; give each state one"


# Interdependence


def test_leontief_inverse_of_the_textbook() -> None:
    """Miller and Blair (2009, chapter 2): the inverse, and what final demand of 600 and 1,500 calls for."""
    inverse = models.leontief_inverse(LABELLED)
    assert inverse.to_numpy() == pytest.approx(np.array([[1.2541, 0.3300], [0.2640, 1.1221]]), abs=5e-5)
    assert list(inverse.index) == list(inverse.columns) == SECTORS
    assert (inverse @ [600, 1500]).to_numpy() == pytest.approx([1247.5, 1841.6], abs=0.1)
    assert isinstance(models.leontief_inverse(COEFFICIENTS), np.ndarray)


def test_interdependency_matrix_is_the_share_of_a_suppliers_output() -> None:
    star = models.interdependency_matrix(LABELLED, dict(zip(SECTORS, OUTPUTS, strict=True)))
    assert star.to_numpy() == pytest.approx(SALES / OUTPUTS[:, None])
    by_label = models.interdependency_matrix(LABELLED, pd.Series(OUTPUTS[::-1], index=SECTORS[::-1]))
    pd.testing.assert_frame_equal(by_label, star)


def test_inoperability_by_hand() -> None:
    """A* = [[.15, .5], [.1, .05]]: determinant of I - A* .7575, so q = .1 (.95, .1) / .7575 (Santos and Haimes, 2004).

    The same from the textbook's inverse: 100 less demand, a tenth of the first sector's 1,000, costs 125.41 and 26.40,
    which is .1254 of 1,000 and .0132 of 2,000.
    """
    star = models.interdependency_matrix(LABELLED, OUTPUTS)
    lost = models.inoperability(star, {"agriculture": 0.1})
    assert lost.to_dict() == pytest.approx({"agriculture": 0.095 / 0.7575, "manufactures": 0.01 / 0.7575})
    fewer = models.leontief_inverse(COEFFICIENTS) @ [100, 0]
    assert lost.to_numpy() == pytest.approx(fewer / OUTPUTS)


def test_supply_inoperability_by_hand() -> None:
    """Ghosh (1958) in money: B = [[.15, .5], [.1, .05]], so 100 less value added costs 100 (.95, .5) / .7575."""
    lost = models.supply_inoperability(LABELLED, {"agriculture": 0.1})
    assert lost.to_numpy() * OUTPUTS == pytest.approx([95 / 0.7575, 50 / 0.7575])


def random_economy(chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients and outputs in balance: final demand and value added are above 0 in each sector."""
    size = chance.integers(2, 8)
    sales, demand = chance.random((size, size)) * 10, chance.random(size) * 20 + size * 10
    outputs = sales.sum(axis=1) + demand
    return sales / outputs, outputs


def test_leontief_properties(chance: np.random.Generator) -> None:
    coefficients, _ = random_economy(chance)
    inverse = models.leontief_inverse(coefficients)
    rounds = sum(np.linalg.matrix_power(coefficients, power) for power in range(200))
    assert inverse == pytest.approx(rounds), "the inverse sums the rounds of purchases"
    assert (inverse >= np.eye(len(inverse)) - 1e-12).all()


def test_inoperability_properties(chance: np.random.Generator) -> None:
    coefficients, outputs = random_economy(chance)
    star = models.interdependency_matrix(coefficients, outputs)
    shock = chance.random(len(outputs)) * 0.05
    lost = models.inoperability(star, shock)
    assert (lost >= shock - 1e-12).all(), "the rounds after the first never help"
    assert lost / 2 == pytest.approx(models.inoperability(star, shock / 2)), "half the shock, half the loss"
    assert lost == pytest.approx(shock + star @ lost)
    # All of final demand gone: nothing is made.
    final = 1 - star.sum(axis=1)
    assert models.inoperability(star, final) == pytest.approx(1)


def test_supply_side_properties(chance: np.random.Generator) -> None:
    coefficients, outputs = random_economy(chance)
    shock = chance.random(len(outputs)) * 0.02
    lost = models.supply_inoperability(coefficients, shock)
    allocation = coefficients * outputs / outputs[:, None]
    ghosh = (shock * outputs) @ np.linalg.inv(np.eye(len(outputs)) - allocation)
    assert lost == pytest.approx(ghosh / outputs), "the same in money, by Ghosh's own inverse"
    # Fixing one sector's whole loss at 10 % is the same as scaling.
    one = models.supply_inoperability(coefficients, np.eye(len(outputs))[0] * 0.05)
    inverse = np.linalg.inv(np.eye(len(outputs)) - allocation)
    assert one * 0.1 / one[0] == pytest.approx(0.1 * outputs[0] / inverse[0, 0] * inverse[0] / outputs)


@pytest.mark.parametrize("model", [models.leontief_inverse, models.inoperability, models.supply_inoperability])
@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[0.1, 0.2]], "the table has shape (1, 2); give as many rows as columns, one a sector"),
        ([0.1, 0.2], "the table has shape (2,); give as many rows as columns, one a sector"),
        ([[0.1, -0.2], [0, 0]], "entry 0, 1 is -0.2; no entry may be below 0"),
        (
            LABELLED.mask(LABELLED == 0.05),
            "row 'manufactures', column 'manufactures' is missing; drop it, or fill it in and say why",
        ),
        (LABELLED[SECTORS[::-1]], "rows and columns must name the same sectors in the same order"),
        (
            pd.DataFrame(COEFFICIENTS, index=["power", "power"], columns=["power", "power"]),
            "sector 'power' stands there twice",
        ),
        (
            [[0.5, 0.5], [0.5, 0.5]],
            "the spectral radius is 1.000 and must be below 1;"
            " check that each cell is divided by the right sector's output",
        ),
        (
            SALES,
            "the spectral radius is 442.214 and must be below 1;"
            " check that each cell is divided by the right sector's output",
        ),
    ],
)
def test_input_output_tables_refused(model, table, message) -> None:
    given = (table,) if model is models.leontief_inverse else (table, [0.1, 0])
    with pytest.raises(KitError) as error:
        model(*given)
    assert said(error) == f"{model.__name__}: {message}"


@pytest.mark.parametrize("model", [models.inoperability, models.supply_inoperability])
@pytest.mark.parametrize(
    ("table", "shock", "message"),
    [
        (COEFFICIENTS, [0.1], "2 sectors need 2 numbers in one list, not (1,)"),
        (COEFFICIENTS, [0.1, -0.1], "entry 1 is -0.1; no entry may be below 0"),
        (COEFFICIENTS, [10, 0], "the perturbation holds 10; give shares of output, so 10 % is 0.1"),
        (
            COEFFICIENTS,
            {"power": 0.1},
            "numbers by sector need a frame with sector labels; give a plain list for an array",
        ),
        (LABELLED, {"power": 0.1}, "there is no sector 'power'; the sectors are agriculture, manufactures"),
        (
            LABELLED,
            {"agriculture": None},
            "entry 'agriculture' is missing; drop it, or fill it in and say why",
        ),
        (LABELLED, [1, 0], "sector 'agriculture' would lose 1.25 times its output; give a smaller perturbation"),
        (
            LABELLED,
            pd.Series([0.1, 0.1], index=["agriculture", "agriculture"]),
            "sector 'agriculture' is given twice",
        ),
    ],
)
def test_perturbations_refused(model, table, shock, message) -> None:
    with pytest.raises(KitError) as error:
        model(table, shock)
    assert said(error) == f"{model.__name__}: {message}"


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"agriculture": 1000}, "there is no output for 'manufactures'; give one for each sector"),
        ([1000, 0], "a sector's output is 0; leave that sector out, or merge it with another"),
        ([1000, 2000, 3000], "2 sectors need 2 numbers in one list, not (3,)"),
    ],
)
def test_outputs_refused(outputs, message) -> None:
    with pytest.raises(KitError) as error:
        models.interdependency_matrix(LABELLED, outputs)
    assert said(error) == f"interdependency_matrix: {message}"


# Composite


def indicators() -> pd.DataFrame:
    return pd.DataFrame({"laws": [90, 50, 70, 80], "skills": [1, 3, 2, None]}, index=["IND", "JPN", "AUS", "FJI"])


def test_composite_by_hand() -> None:
    """Min-max (OECD and JRC, 2008): laws 1, 0, .5; skills 0, 1, .5. With weights 3 and 1: .75, .25, .5."""
    score = models.composite(indicators(), {"skills": 1, "laws": 3})
    assert score.dropna().to_dict() == pytest.approx({"IND": 0.75, "JPN": 0.25, "AUS": 0.5})
    assert np.isnan(score["FJI"]), "a missing indicator is not a zero"
    plain = models.composite(indicators(), pd.Series({"laws": 0.5, "skills": 0.5}), scale="none")
    assert plain.dropna().to_dict() == pytest.approx({"IND": 45.5, "JPN": 26.5, "AUS": 36})


def test_composite_properties(chance: np.random.Generator) -> None:
    frame = pd.DataFrame(chance.normal(50, 20, size=(12, 3)), columns=list("abc"))
    weights = dict(zip("abc", chance.random(3) + 0.01, strict=True))
    score = models.composite(frame, weights)
    assert score.between(0, 1).all()
    doubled = models.composite(frame * [1, 100, 0.1] + 7, {name: 2 * weight for name, weight in weights.items()})
    pd.testing.assert_series_equal(doubled, score)
    alone = models.composite(frame, {"a": 1, "b": 0, "c": 0})
    assert models.ranks(alone).equals(models.ranks(frame["a"]).rename(None))


def test_rank_stability_by_hand() -> None:
    """Of two mirrored states each leads for half of all weights; the third is last for all, the fourth out."""
    frame = pd.DataFrame(
        {"laws": [1.0, 0.6, 0.0, 0.9], "skills": [0.6, 1.0, 0.0, None]}, index=["IND", "JPN", "FJI", "PLW"]
    )
    found = models.rank_stability(frame, draws=2000, seed=1, quantiles=[0.0, 0.45, 0.55, 1.0])
    assert found.loc["IND"].tolist() == [1, 1, 2, 2]
    assert found.loc["JPN"].tolist() == [1, 1, 2, 2]
    assert found.loc["FJI"].tolist() == [3, 3, 3, 3]
    assert found.loc["PLW"].isna().all()


def test_flat_dirichlet_weights() -> None:
    """With two indicators the first weight is uniform on 0..1: at 1, 0 against 0, .25 IND leads where w > .25 (1 - w).

    So w > 0.2, in 80 % of the draws; its rank is 1 up to the 0.8 quantile.
    """
    frame = pd.DataFrame({"laws": [1, 0], "skills": [0, 0.25]}, index=["IND", "JPN"])
    found = models.rank_stability(frame, draws=20_000, scale="none", quantiles=[0.78, 0.82])
    assert found.loc["IND"].tolist() == [1, 2]


def test_rank_stability_properties(chance: np.random.Generator) -> None:
    frame = pd.DataFrame(chance.random((10, 4)), columns=list("abcd"))
    found = models.rank_stability(frame, draws=200, seed=3)
    assert list(found.columns) == [0.05, 0.25, 0.5, 0.75, 0.95]
    assert found.min(axis=None) >= 1
    assert found.max(axis=None) <= len(frame)
    assert all((found[low] <= found[high]).all() for low, high in pairwise(found))
    pd.testing.assert_frame_equal(found, models.rank_stability(frame, draws=200, seed=3))
    # A state that leads in everything leads whatever the weights; a copy of it shares the place.
    best = pd.concat([frame, pd.DataFrame([[2.0] * 4] * 2, columns=list("abcd"), index=["best", "copy"])])
    assert (models.rank_stability(best, draws=200).loc[["best", "copy"]] == 1).all(axis=None)


def test_another_seed_draws_other_weights() -> None:
    frame = pd.DataFrame(np.random.default_rng(5).random((30, 4)))
    assert not models.rank_stability(frame, draws=20, seed=1).equals(models.rank_stability(frame, draws=20, seed=2))


@pytest.mark.parametrize(
    ("frame", "weights", "scale", "message"),
    [
        (
            indicators(),
            {"laws": 1},
            "min-max",
            "give one weight (0 is one) to each column, and to no other: laws, skills",
        ),
        (
            indicators(),
            {"laws": 1, "skills": 1, "money": 1},
            "min-max",
            "give one weight (0 is one) to each column, and to no other: laws, skills",
        ),
        (indicators(), {"laws": 1, "skills": -1}, "none", "entry 'skills' is -1; no entry may be below 0"),
        (indicators(), {"laws": 0, "skills": 0}, "none", "the weights add up to 0; give at least one above 0"),
        (indicators(), [1, 2], "none", 'give the weights by column, such as {"laws": 3, "skills": 1}'),
        (indicators(), {"laws": 1, "skills": 1}, "z", 'scale is \'z\'; write "min-max" or "none"'),
        (
            indicators().assign(laws=5),
            {"laws": 1, "skills": 1},
            "min-max",
            "column 'laws' is the same in every row and tells none apart; leave it out",
        ),
        (
            indicators().assign(laws=np.nan),
            {"laws": 1, "skills": 1},
            "none",
            "column 'laws' has no value at all; leave it out",
        ),
        (
            indicators().iloc[:0],
            {"laws": 1, "skills": 1},
            "none",
            "the frame is empty; give at least one row and one column",
        ),
    ],
)
def test_composite_refuses(frame, weights, scale, message) -> None:
    with pytest.raises(KitError) as error:
        models.composite(frame, weights, scale)
    assert said(error) == f"composite: {message}"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"draws": 0}, "draws is 0; ask for 1 or more"),
        ({"quantiles": [5, 95]}, "quantiles are [5, 95]; each must lie between 0 and 1"),
    ],
)
def test_rank_stability_refuses(options, message) -> None:
    with pytest.raises(KitError) as error:
        models.rank_stability(indicators(), **options)
    assert said(error) == f"rank_stability: {message}"


# Gaps


@pytest.mark.parametrize(
    ("first", "second", "precisions", "expected"),
    [
        ("2016-05-21", "2016-09-05", ("day", "day"), (107, 107)),  # 10 + 30 + 31 + 31 + 5
        ("2020-10-07", "2022-03-19", ("day", "day"), (528, 528)),  # 365 to 7 Oct 2021; 24 + 30 + 31 + 31 + 28 + 19
        (
            "2016-09-05",
            "2017-02-01",
            ("day", "month"),
            (149, 176),
        ),  # 1 Feb: 25 + 31 + 30 + 31 + 31 + 1; 28 Feb: 27 more
        ("2016-01-01", "2017-01-01", ("year", "year"), (1, 730)),  # 31 Dec to 1 Jan; 1 Jan 2016 (a leap year) to 31 Dec
        ("2016-10-01", "2016-10-20", ("month", "day"), (-11, 19)),  # the order is not known
        ("2016-10-01", "2016-10-01", ("month", "month"), (-30, 30)),
        ("2022-03-19", "2020-10-07", ("day", "day"), (-528, -528)),
        ("2024-01-01", "2024-02-01", ("day", "month"), (31, 59)),  # a leap year: February has 29 days
    ],
)
def test_days_between_by_hand(first, second, precisions, expected) -> None:
    assert models.days_between(first, second, *precisions) == expected
    stamps = (pd.Timestamp(first), date.fromisoformat(second))
    assert models.days_between(*stamps, *precisions) == expected


def test_days_between_holds_every_day_that_the_precisions_allow(chance: np.random.Generator) -> None:
    lengths = {"day": 1, "month": 28, "year": 365}
    starts = {"day": "%Y-%m-%d", "month": "%Y-%m-01", "year": "%Y-01-01"}
    one, two = (pd.Timestamp("1990-01-01") + pd.Timedelta(days=int(days)) for days in chance.integers(0, 15_000, 2))
    first, second = (str(name) for name in chance.choice(list(lengths), 2))
    gap = models.days_between(one.strftime(starts[first]), two.strftime(starts[second]), first, second)
    assert gap.shortest <= (two - one).days <= gap.longest
    assert gap.longest - gap.shortest >= lengths[first] + lengths[second] - 2
    assert gap == models.days_between(one, two, first, second), "any day of the period stands for it"
    back = models.days_between(two, one, second, first)
    assert gap == (-back.longest, -back.shortest)


@pytest.mark.parametrize(
    ("first", "precision", "message"),
    [
        (None, "day", 'the first date is None; give a date, such as "2016-09-05"'),
        (pd.NaT, "day", 'the first date is NaT; give a date, such as "2016-09-05"'),
        (2016, "year", 'the first date is 2016; give a date, such as "2016-09-05"'),
        (
            "2016-09",
            "month",
            'the first date is \'2016-09\'; write "2016-09-05", or for a month "2016-09-01" and "month"',
        ),
        (
            "2016-02-30",
            "day",
            'the first date is \'2016-02-30\'; write "2016-09-05", or for a month "2016-09-01" and "month"',
        ),
        ("2016-09-05", "week", 'first_precision is \'week\'; write "day", "month" or "year"'),
    ],
)
def test_days_between_refuses(first, precision, message) -> None:
    with pytest.raises(KitError) as error:
        models.days_between(first, "2017-01-01", precision)
    assert said(error) == f"days_between: {message}"
