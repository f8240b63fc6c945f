"""What leaves the box: every value that exercises ask for comes back as it was; everything else is refused in words."""

import contextlib
import datetime
import json
import math
import time
from collections import OrderedDict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pactlab.classroom import exercise as exercises
from pactlab.classroom import wire
from pactlab.classroom.wire import WireError, decode, encode

EXERCISES = [exercises.find(name) for name in exercises.names()]


def carried(value: Any) -> Any:
    """Send a value over the wire, JSON included."""
    return decode(json.loads(json.dumps(encode(value))))


def same(left: Any, right: Any) -> bool:
    """Whether two values are of one type and equal, NaN equal to NaN."""
    if type(left) is not type(right):
        return False
    if isinstance(left, pd.DataFrame | pd.Series | pd.Index):
        assert_equal = getattr(pd.testing, f"assert_{_kind(left)}_equal")
        assert_equal(left, right)
        return True
    if isinstance(left, np.ndarray):
        return left.dtype == right.dtype and left.shape == right.shape and same(left.tolist(), right.tolist())
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    return left is right or left == right or bool(pd.isna(left) and pd.isna(right))


def _kind(value: Any) -> str:
    return "frame" if isinstance(value, pd.DataFrame) else "series" if isinstance(value, pd.Series) else "index"


VALUES = {
    "None": None,
    "True": True,
    "dots": ...,
    "NA": pd.NA,
    "NaT": pd.NaT,
    "text": "Ōsaka, 12 % 🌏",
    "empty text": "",
    "whole number": -(10**30),
    "number": 0.1 + 0.2,
    "no number": math.nan,
    "infinity": -math.inf,
    "minus zero": -0.0,
    "numpy bool": np.bool_(True),
    "numpy int": np.int64(2**62),
    "numpy small int": np.uint8(255),
    "numpy float": np.float32(0.1),
    "timestamp": pd.Timestamp("2022-02-24 04:00:00.123456"),
    "timestamp in seconds": pd.Timestamp("2022-02-24").as_unit("s"),
    "timedelta": pd.Timedelta(days=-3, milliseconds=1),
    "date": datetime.date(2016, 9, 5),
    "datetime": datetime.datetime(2016, 9, 5, 12, 30, 1, 5),
    "list": [1, "a", None, [2.5, (True,)]],
    "tuple": (),
    "set": {"a", 1, (2, 3)},
    "dict": {"Japan": 1, 2: [3], (4, "x"): {"y": None}},
    "array": np.array([[1.5, math.nan], [2.0, -0.0]]),
    "array of texts": np.array(["a", None], dtype=object),
    "series": pd.Series({"VCDB": 9, "CISSM": 45}, name="n"),
    "series of floats": pd.Series([0.1, math.nan], index=[2014, 2015]),
    "series of texts": pd.Series(["a", "b"], dtype="str"),
    "series of objects": pd.Series(["a", 1, None, [2]], dtype=object),
    "series of nullable": pd.Series([1, None], dtype="Int64"),
    "series of nullable bools": pd.Series([True, None], dtype="boolean"),
    "series of times": pd.Series(pd.to_datetime(["2020-01-01", None])),
    "series of spans": pd.Series(pd.to_timedelta(["1 day", None])),
    "series of categories": pd.Series(pd.Categorical(["b", None, "a"], categories=["b", "a", "c"], ordered=True)),
    "empty series": pd.Series([], dtype=float),
    "frame": pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [True, False]}, index=["p", "q"]),
    "frame with levels": pd.DataFrame(
        [[1, 2], [3, 4]],
        index=pd.MultiIndex.from_tuples([("JPN", 2020), ("IND", 2021)], names=["iso3", "year"]),
        columns=pd.MultiIndex.from_tuples([("n", "sum"), ("n", "max")]),
    ),
    "frame with equal names": pd.DataFrame([[1, 2]], columns=["a", "a"]),
    "frame of no columns": pd.DataFrame(index=[1, 2]),
    "empty frame": pd.DataFrame(),
    "index": pd.Index(["a", "b"], name="iso3"),
    "index of years": pd.RangeIndex(2014, 2020, 2, name="year"),
    "index of times": pd.DatetimeIndex(["2020-01-01", "2020-01-03"]),
}


@pytest.mark.parametrize("name", VALUES)
def test_a_value_comes_back_as_it_was(name: str) -> None:
    back = carried(VALUES[name])
    assert same(back, VALUES[name]), f"{VALUES[name]!r} became {back!r}"


def test_a_range_becomes_a_list() -> None:
    assert carried(range(3)) == [0, 1, 2]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_every_answer_of_every_exercise_comes_back(exercise: exercises.Exercise) -> None:
    """The solution's values, for the draw without an id."""
    names: dict[str, Any] = {"__name__": "__main__"}
    checks = {check.cell_id: check for check in exercise.checks}
    met = 0
    for cell in exercise.notebook.cells:
        if cell.cell_type == "code" and cell.id not in checks:
            exec(compile(cell.source, cell.id, "exec"), names)
        for name in checks[cell.id].names if cell.id in checks else ():
            back, met = carried(names[name]), met + 1
            assert same(back, names[name]), f"{cell.id}: `{name}` is {names[name]!r} and became {back!r}"
    assert met


# Refused before it leaves


class Text(str):
    pass


class Table(pd.DataFrame):
    pass


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


REFUSED = {
    "subclass of str": (Text("a"), "type Text"),
    "subclass of a frame": (Table(), "type Table"),
    "subclass of dict": (OrderedDict(), "type OrderedDict"),
    "function": (print, "type builtin_function"),
    "class": (int, "type type"),
    "bytes": (b"a", "type bytes"),
    "complex": (1j, "type complex"),
    "generator": (iter([1]), "type list_iterator"),
    "too deep": (nested(9), "more than 8 deep"),
    "too many": ([0] * 60_000, "more than 60,000 values"),
    "too many rows": (pd.DataFrame({"a": range(60_000)}), "more than 60,000 values"),
    "too long": ("x" * 20_001, "more than 20,000 characters"),
    "half a character": ("\ud800", "half a character"),
    "too many digits": (10**5000, "more than 400 digits"),
    "three dimensions": (np.zeros((1, 1, 1)), "neither one nor two dimensions"),
    "complex column": (pd.Series([1j]), "column of type complex128"),
    "intervals": (pd.cut(pd.Series([1, 2]), 2), "of type interval"),
    "object in a column": (pd.Series([print], dtype=object), "type builtin_function"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_on_the_list_is_refused_in_words(name: str) -> None:
    value, says = REFUSED[name]
    with pytest.raises(WireError, match=says):
        encode(value)


def test_a_list_in_itself_is_refused() -> None:
    value: list = []
    value.append(value)
    with pytest.raises(WireError, match="deep"):
        encode(value)


# Refused on arrival

NO_NAME = ["value", None]
ROWS = ["range", 0, 1, 1, [NO_NAME]]


def series(column: Any, index: Any = ROWS, name: Any = NO_NAME) -> list:
    return ["series", column, index, name]


HOSTILE = {
    "nothing": None,
    "text": "value",
    "empty": [],
    "unknown type": ["pickle", "gASVAAA="],
    "name of no text": [["value"], 1],
    "too few": ["int"],
    "too many": ["int", "1", "2"],
    "number for text": ["int", 1],
    "no number": ["int", "one"],
    "code for a number": ["float", "__import__('os')"],
    "object dtype as numpy": ["numpy", "object", "1"],
    "number beyond its type": ["numpy", "int8", "300"],
    "digits without end": ["int", "9" * 402],
    "nested lists": nested(900),
    "list in lists": json.loads('["list",[' * 9 + '["value",null]' + "]]" * 9),
    "list that cannot be hashed": ["set", [["list", []]]],
    "pair of three": ["dict", [[NO_NAME, NO_NAME, NO_NAME]]],
    "month 13": ["date", "2020-13-01"],
    "another calendar": ["timestamp", "0", "fortnight"],
    "time before time": ["timestamp", "9" * 30, "ns"],
    "shape without values": ["array", [2, 2], ["int64", ["1"]]],
    "shape of billions": ["array", [2**40, 2**40], ["int64", []]],
    "negative shape": ["array", [-1, -1], ["int64", ["1"]]],
    "three sides": ["array", [1, 1, 1], ["int64", ["1"]]],
    "unknown column": series(["complex128", ["1"]]),
    "column without values": series(["int64"]),
    "column with more": series(["int64", ["1"], 3]),
    "float for a bool": series(["bool", [1.0]]),
    "text for a float": series(["float64", ["nonsense"]]),
    "code beyond categories": series(["category", [3], ["object", [["value", "a"]]], False]),
    "equal categories": series(["category", [0], ["object", [["value", "a"], ["value", "a"]]], False]),
    "index of another length": series(["int64", ["1", "2"]]),
    "range without end": series(["int64", []], ["range", 0, 10**12, 1, [NO_NAME]]),
    "range of huge steps": series(["int64", []], ["range", 0, 10**4000, 1, [NO_NAME]]),
    "range without step": series(["int64", []], ["range", 0, 1, 0, [NO_NAME]]),
    "range without names": series(["int64", ["1"]], ["range", 0, 1, 1, []]),
    "index without levels": series(["int64", ["1"]], ["index", [], []]),
    "levels of two lengths": series(["int64", ["1"]], ["index", [["int64", ["1"]], ["int64", []]], [NO_NAME] * 2]),
    "name that cannot be hashed": series(["int64", ["1"]], ROWS, ["list", []]),
    "frame of two lengths": ["frame", [["int64", []]], ["index", [["object", [NO_NAME]]], [NO_NAME]], ROWS],
    "frame with too few names": ["frame", [["int64", ["1"]]], ["range", 0, 3, 1, [NO_NAME]], ROWS],
    "text too long": ["value", "x" * 20_001],
    "number as a text": ["value", 5],
    "too many values": ["list", [NO_NAME] * 60_001],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_data_are_refused_in_words(name: str) -> None:
    with pytest.raises(WireError, match=r"damaged|known here|more than"):
        decode(HOSTILE[name])


def test_categories_of_categories_end() -> None:
    column: list = ["int64", []]
    for _ in range(500):
        column = ["category", [], column, False]
    with pytest.raises(WireError):
        decode(series(column, ["range", 0, 0, 1, [NO_NAME]]))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"7",
        b'{"a": 1}{"b": 2}',
        b'{"a": ',
        b"\xff\xfe",
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"a": ' + b"9" * 10_000 + b"}",
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"{" + b" " * 1_999_999 + b"}",
    ],
)
def test_bytes_that_are_no_object_are_refused(raw: bytes) -> None:
    with pytest.raises(WireError, match=r"damaged|more than 2,000,000 bytes"):
        wire.read(raw)


def test_what_is_read_can_be_written_again() -> None:
    """The answers travel on to the checks: what was read at any depth must not fail there."""
    for depth in range(900, 1000):
        try:
            found = wire.read(b'{"a": ' + b"[" * depth + b"]" * depth + b"}")
        except WireError:
            continue
        json.dumps({"answers": found}).encode()


def test_one_line_is_one_line() -> None:
    assert wire.one_line("=1\n\t2\x1b[31m\x00\u202e\u2028 3\ud800" + "x" * 400).startswith("=1 2[31m 3x")
    assert len(wire.one_line("x" * 400)) == 300


# Whatever the bytes

WORDS = [*wire._DECODERS, *wire.PLAIN, *wire.NULLABLE, *wire.TIMES, *wire.UNITS, "category", "object", "str", "string"]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([10**18, -(10**18), 2**63, 10**500]),
    st.floats(),
    st.sampled_from(WORDS),
    st.sampled_from(["0", "1", "-1", "9" * 30, "0x1p+3", "nan", "2020-02-30", "2020-01-01", ""]),
    st.text(max_size=5),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.tuples(st.sampled_from(WORDS), inner).map(list),
        st.tuples(st.sampled_from(WORDS), inner, inner).map(list),
        st.tuples(st.just("series"), st.tuples(st.sampled_from(WORDS), inner).map(list), inner, inner).map(list),
        st.tuples(st.just("frame"), st.lists(inner, max_size=3), inner, inner).map(list),
        st.tuples(st.just("range"), st.integers(-9, 9), st.integers(-9, 9), st.integers(-2, 2), inner).map(list),
        st.tuples(st.just("index"), st.lists(inner, max_size=3), st.lists(inner, max_size=3)).map(list),
        st.dictionaries(st.text(max_size=3), inner, max_size=2),
    ),
    max_leaves=10,
)
GOOD = [json.loads(json.dumps(encode(value))) for value in VALUES.values()]


def places(tree: Any, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """Every place in a tree of lists."""
    inner = [found for at, one in enumerate(tree) for found in places(one, (*path, at))] if type(tree) is list else []
    return [path, *inner]


def grafted(tree: Any, path: tuple[int, ...], twig: Any) -> Any:
    """The tree with something else at one place."""
    if not path:
        return twig
    return [*tree[: path[0]], grafted(tree[path[0]], path[1:], twig), *tree[path[0] + 1 :]]


@st.composite
def spoilt(draw: st.DrawFn) -> Any:
    """A value that could have come, with one or two places changed: it gets past the first doors."""
    tree = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(1, 2))):
        tree = grafted(tree, draw(st.sampled_from(places(tree))), draw(TREES))
    return tree


def is_decoded_or_refused(tree: Any) -> None:
    began = time.process_time()
    try:
        value = decode(tree)
    except WireError:
        value = None
    assert time.process_time() - began < 1
    # What was taken can be looked at by a check.
    repr(value)


FUZZ = settings(
    max_examples=5_000, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


@FUZZ
@given(TREES)
def test_any_tree_is_decoded_or_refused(tree: Any) -> None:
    is_decoded_or_refused(tree)


@FUZZ
@given(spoilt())
def test_any_spoilt_value_is_decoded_or_refused(tree: Any) -> None:
    is_decoded_or_refused(tree)


@settings(FUZZ, max_examples=500)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(WireError):
        assert type(wire.read(raw)) is dict
