"""Carries answers out of the box as data: a closed list of types, written as bounded JSON, never as code.

`encode` runs beside the student's code and may be tampered with there, so nothing depends on it: `decode` takes every
byte for hostile. A value is a list whose first item names its type. Only what this page names is ever built.
"""

from __future__ import annotations

import datetime
import itertools
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

LARGEST = 2_000_000
"""Bytes of all that leaves the box for one student."""
DEEPEST = 8
"""Lists in lists in lists."""
MOST_VALUES = 60_000
"""Values of one answer, counted through all its lists, tables and indexes."""
LONGEST_TEXT = 20_000
"""Characters of one text."""
MOST_DIGITS = 400
"""Digits of one whole number."""

UNITS = ("s", "ms", "us", "ns")
PLAIN = {
    name: np.dtype(name)
    for name in ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")
}
NULLABLE = {
    "boolean": pd.BooleanDtype(),
    **{str(kind): kind for kind in (pd.Int8Dtype(), pd.Int16Dtype(), pd.Int32Dtype(), pd.Int64Dtype())},
    **{str(kind): kind for kind in (pd.UInt8Dtype(), pd.UInt16Dtype(), pd.UInt32Dtype(), pd.UInt64Dtype())},
    **{str(kind): kind for kind in (pd.Float32Dtype(), pd.Float64Dtype())},
}
TIMES = {f"{kind}64[{unit}]": kind for kind in ("datetime", "timedelta") for unit in UNITS}


class WireError(Exception):
    """Says in a few words why a value cannot travel; the student reads it."""


def one_line(text: str) -> str:
    """Return at most 300 characters of a hostile text as one line without control characters."""
    return "".join(letter for letter in " ".join(text[:300].split()) if letter.isprintable())


# Out of the box


class _Budget:
    """Counts what one answer holds, so that neither side ever builds more than is allowed."""

    def __init__(self) -> None:
        self.left = MOST_VALUES

    def take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise WireError(f"it holds more than {MOST_VALUES:,} values")


def encode(value: Any) -> list:
    """Return a value as lists, numbers and texts that JSON can write; raises WireError for a type not on the list.

    Types are compared by identity: a subclass that pretends is refused.
    """
    return _encode(value, 0, _Budget())


def _encode(value: Any, depth: int, budget: _Budget) -> list:
    budget.take(1)
    if depth > DEEPEST:
        raise WireError(f"lists lie in lists more than {DEEPEST} deep")
    kind = type(value)
    if value is None or kind is bool:
        return ["value", value]
    if value is ...:
        return ["dots"]
    if value is pd.NA or value is pd.NaT:
        return ["NA" if value is pd.NA else "NaT"]
    encoder = _SCALARS.get(kind) or _CONTAINERS.get(kind)
    if encoder is None and isinstance(value, np.generic) and str(value.dtype) in PLAIN:
        return ["numpy", str(value.dtype), _number(value.item())]
    if encoder is None and isinstance(value, pd.Index) and kind.__module__.split(".")[0] == "pandas":
        return _index(value, depth, budget)
    if encoder is None:
        raise WireError(
            f"a value of type {kind.__name__[:40]} cannot be marked; give a number, a text, a list or a table"
        )
    return encoder(value) if kind in _SCALARS else encoder(value, depth + 1, budget)


def _number(value: bool | int | float) -> Any:
    if type(value) is float:
        return value.hex()
    if type(value) is int and value.bit_length() > MOST_DIGITS * 3:
        raise WireError(f"a whole number has more than {MOST_DIGITS} digits")
    return str(value) if type(value) is int else value


def _text(value: str) -> list:
    if len(value) > LONGEST_TEXT:
        raise WireError(f"a text has more than {LONGEST_TEXT:,} characters")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise WireError("a text holds half a character (a lone surrogate)")
    return ["value", value]


def _column(values: Any, depth: int, budget: _Budget) -> list:
    """Write a Series or Index without its name and labels: the type, then the values."""
    dtype = values.dtype
    name, array = str(dtype), values.array
    if isinstance(dtype, pd.CategoricalDtype):
        budget.take(len(values))
        codes = [int(code) for code in array.codes]
        return ["category", codes, _column(dtype.categories, depth, budget), bool(dtype.ordered)]
    if name in PLAIN:
        budget.take(len(values))
        return [name, [_number(item) for item in np.asarray(array).tolist()]]
    if name in NULLABLE:
        budget.take(len(values))
        return [name, [None if item is pd.NA else _number(item) for item in array.tolist()]]
    if name in TIMES:
        budget.take(len(values))
        return [name, [str(item) for item in np.asarray(array).view("int64").tolist()]]
    if name in ("object", "str", "string"):
        return [name, [_encode(item, depth, budget) for item in values.tolist()]]
    raise WireError(f"a column of type {name[:40]} cannot be marked; turn it into numbers or text")


def _index(index: pd.Index, depth: int, budget: _Budget) -> list:
    names = [_encode(name, depth, budget) for name in index.names]
    if isinstance(index, pd.RangeIndex):
        return ["range", index.start, index.stop, index.step, names]
    levels = [index.get_level_values(level) for level in range(index.nlevels)]
    return ["index", [_column(level, depth, budget) for level in levels], names]


def _array(array: np.ndarray, depth: int, budget: _Budget) -> list:
    if array.ndim not in (1, 2):
        raise WireError("an array has neither one nor two dimensions")
    return [
        "array",
        list(array.shape),
        _column(pd.Series(array.ravel(), dtype="object" if array.dtype == "O" else None), depth, budget),
    ]


def _series(series: pd.Series, depth: int, budget: _Budget) -> list:
    name = _encode(series.name, depth, budget)
    return ["series", _column(series, depth, budget), _index(series.index, depth, budget), name]


def _frame(frame: pd.DataFrame, depth: int, budget: _Budget) -> list:
    columns = [_column(frame.iloc[:, place], depth, budget) for place in range(frame.shape[1])]
    return ["frame", columns, _index(frame.columns, depth, budget), _index(frame.index, depth, budget)]


def _many(name: str) -> Callable:
    return lambda items, depth, budget: [
        name,
        [_encode(item, depth, budget) for item in itertools.islice(items, MOST_VALUES + 1)],
    ]


def _pairs(mapping: dict, depth: int, budget: _Budget) -> list:
    return ["dict", [[_encode(key, depth, budget), _encode(item, depth, budget)] for key, item in mapping.items()]]


_SCALARS: dict[type, Callable] = {
    str: _text,
    int: lambda value: ["int", _number(value)],
    float: lambda value: ["float", _number(value)],
    pd.Timestamp: lambda value: [
        "timestamp",
        str(np.datetime64(value.to_datetime64(), "ns").view("int64")),
        value.unit,
    ],
    pd.Timedelta: lambda value: [
        "timedelta",
        str(np.timedelta64(value.to_timedelta64(), "ns").view("int64")),
        value.unit,
    ],
    datetime.date: lambda value: ["date", value.isoformat()],
    datetime.datetime: lambda value: ["datetime", value.replace(tzinfo=None).isoformat()],
}
_CONTAINERS: dict[type, Callable] = {
    list: _many("list"),
    tuple: _many("tuple"),
    set: _many("set"),
    frozenset: _many("set"),
    range: _many("list"),
    dict: _pairs,
    np.ndarray: _array,
    pd.Series: _series,
    pd.DataFrame: _frame,
}


# Into the checks


def decode(wire: Any) -> Any:
    """Return the value that lists, numbers and texts from the box stand for; raises WireError for anything else.

    wire: what `json.loads` made of bytes that a student's code may have written.
    """
    try:
        return _decode(wire, 0, _Budget())
    except WireError:
        raise
    except Exception as problem:
        # pandas and datetime refuse in many words of their own; the student's answer is then no answer.
        raise WireError(f"the answer is damaged ({type(problem).__name__})") from problem


def _decode(wire: Any, depth: int, budget: _Budget) -> Any:
    budget.take(1)
    if depth > DEEPEST or type(wire) is not list or not wire or type(wire[0]) is not str:
        raise WireError("the answer is damaged")
    decoder = _DECODERS.get(wire[0])
    if decoder is None:
        raise WireError("the answer is of no type that is known here")
    count, build = decoder
    if len(wire) - 1 != count:
        raise WireError("the answer is damaged")
    return build(depth + 1, budget, *wire[1:])


def _of(value: Any, *kinds: type) -> Any:
    if type(value) not in kinds:
        raise WireError("the answer is damaged")
    return value


def _plain(depth: int, budget: _Budget, value: Any) -> Any:
    if type(_of(value, str, bool, type(None))) is str and len(value) > LONGEST_TEXT:
        raise WireError("the answer is damaged")
    return value


def _whole(text: Any) -> int:
    if len(_of(text, str)) > MOST_DIGITS + 1:
        raise WireError("the answer is damaged")
    return int(text)


def _real(text: Any) -> float:
    return float.fromhex(_of(text, str))


def _items(depth: int, budget: _Budget, items: Any) -> list:
    return [_decode(item, depth, budget) for item in _of(items, list)]


def _mapping(depth: int, budget: _Budget, pairs: Any) -> dict:
    found = {}
    for pair in _of(pairs, list):
        key, value = _of(pair, list)
        found[_decode(key, depth, budget)] = _decode(value, depth, budget)
    return found


def _numpy(depth: int, budget: _Budget, name: Any, value: Any) -> np.generic:
    return _read_numbers(PLAIN[_of(name, str)].kind, [value], PLAIN[name])[0]


def _read_numbers(kind: str, values: list, dtype: np.dtype) -> np.ndarray:
    """Read plain numbers; whole numbers that do not fit their type raise OverflowError."""
    read = {"b": lambda item: _of(item, bool), "f": _real}.get(kind, _whole)
    return np.array([read(item) for item in values], dtype=dtype)


def _read_column(wire: Any, depth: int, budget: _Budget) -> Any:
    name, values, *rest = _of(wire, list)
    if depth > DEEPEST:
        raise WireError("the answer is damaged")
    budget.take(len(_of(values, list)) + 1)
    if _of(name, str) == "category":
        categories, ordered = rest
        codes = [_of(code, int) for code in values]
        dtype = pd.CategoricalDtype(pd.Index(_read_column(categories, depth + 1, budget)), ordered=_of(ordered, bool))
        return pd.Categorical.from_codes(codes, dtype=dtype)
    if rest:
        raise WireError("the answer is damaged")
    if name in PLAIN:
        return _read_numbers(PLAIN[name].kind, values, PLAIN[name])
    if name in NULLABLE:
        dtype = NULLABLE[name]
        read = _read_numbers(dtype.kind, [item for item in values if item is not None], dtype.numpy_dtype)
        some = iter(read.tolist())
        return pd.array([pd.NA if item is None else next(some) for item in values], dtype=dtype)
    if name in TIMES:
        return np.array([_whole(item) for item in values], dtype="int64").view(np.dtype(name))
    if name in ("object", "str", "string"):
        found = [_decode(item, depth, budget) for item in values]
        if name == "object":
            array = np.empty(len(found), dtype=object)
            array[:] = found
            return array
        return pd.array([item if isinstance(item, str) else None for item in found], dtype=name)
    raise WireError("the answer is damaged")


def _read_index(wire: Any, depth: int, budget: _Budget) -> pd.Index:
    kind, *rest = _of(wire, list)
    names = [_decode(name, depth, budget) for name in _of(rest[-1], list)]
    if kind == "range":
        start, stop, step = (_of(part, int) for part in rest[:3])
        index = range(start, stop, step)
        budget.take(len(index))
        return pd.RangeIndex(index, name=names[0])
    if kind != "index" or len(names) != len(_of(rest[0], list)):
        raise WireError("the answer is damaged")
    levels = [_read_column(level, depth, budget) for level in rest[0]]
    if len(levels) == 1:
        return pd.Index(levels[0], name=names[0], dtype=getattr(levels[0], "dtype", None))
    return pd.MultiIndex.from_arrays(levels, names=names)


def _read_array(depth: int, budget: _Budget, shape: Any, column: Any) -> np.ndarray:
    sides = [_of(side, int) for side in _of(shape, list)]
    values = np.asarray(_read_column(column, depth, budget))
    if len(sides) not in (1, 2) or min(sides) < 0 or math.prod(sides) != len(values):
        raise WireError("the answer is damaged")
    return values.reshape(sides)


def _read_series(depth: int, budget: _Budget, column: Any, index: Any, name: Any) -> pd.Series:
    values = _read_column(column, depth, budget)
    return pd.Series(values, index=_read_index(index, depth, budget), name=_decode(name, depth, budget))


def _read_frame(depth: int, budget: _Budget, columns: Any, header: Any, index: Any) -> pd.DataFrame:
    labels = _read_index(index, depth, budget)
    arrays = [_read_column(column, depth, budget) for column in _of(columns, list)]
    if any(len(array) != len(labels) for array in arrays):
        raise WireError("the answer is damaged")
    frame = pd.DataFrame(dict(enumerate(arrays)), index=labels)
    frame.columns = _read_index(header, depth, budget)
    return frame


def _moment(kind: Callable, of: str) -> Callable:
    def read(depth: int, budget: _Budget, value: Any, unit: Any) -> Any:
        if unit not in UNITS:
            raise WireError("the answer is damaged")
        return kind(np.array(_whole(value), dtype="int64").view(f"{of}64[ns]")[()]).as_unit(unit)

    return read


_DECODERS: dict[str, tuple[int, Callable]] = {
    "value": (1, _plain),
    "dots": (0, lambda depth, budget: ...),
    "NA": (0, lambda depth, budget: pd.NA),
    "NaT": (0, lambda depth, budget: pd.NaT),
    "int": (1, lambda depth, budget, text: _whole(text)),
    "float": (1, lambda depth, budget, text: _real(text)),
    "numpy": (2, _numpy),
    "list": (1, _items),
    "tuple": (1, lambda depth, budget, items: tuple(_items(depth, budget, items))),
    "set": (1, lambda depth, budget, items: set(_items(depth, budget, items))),
    "dict": (1, _mapping),
    "timestamp": (2, _moment(pd.Timestamp, "datetime")),
    "timedelta": (2, _moment(pd.Timedelta, "timedelta")),
    "date": (1, lambda depth, budget, text: datetime.date.fromisoformat(_of(text, str))),
    "datetime": (1, lambda depth, budget, text: datetime.datetime.fromisoformat(_of(text, str))),
    "array": (2, _read_array),
    "series": (3, _read_series),
    "frame": (3, _read_frame),
    "range": (4, lambda depth, budget, *wire: _read_index(["range", *wire], depth, budget)),
    "index": (2, lambda depth, budget, *wire: _read_index(["index", *wire], depth, budget)),
}


def read(raw: bytes) -> dict:
    """Return the JSON object in bytes from the box; raises WireError when there is none or when it is too large."""
    if len(raw) > LARGEST:
        raise WireError(f"more than {LARGEST:,} bytes came out")
    try:
        found = json.loads(raw)
        # What came in must also go out again: to the checks, and as UTF-8 into files. Half a character would not.
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as problem:
        raise WireError("what came out is damaged") from problem
    return _of(found, dict)
