"""What one cell may hold: its type and its constraints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date

# How each type is written, and what to say when it is not. A type that is not here is not known to the kit.
SHAPE = {
    "string": (re.compile(r".*", re.DOTALL), ""),
    "integer": (re.compile(r"-?\d{1,18}", re.ASCII), "a whole number, up to 18 digits and nothing else"),
    "number": (
        re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d{1,2})?", re.ASCII),
        "a number, with a point for decimals and no thousands separator",
    ),
    "boolean": (re.compile(r"true|false"), "true or false"),
    "year": (re.compile(r"\d{4}", re.ASCII), "a year as YYYY"),
    "date": (re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII), "a date as YYYY-MM-DD"),
}

VALUE: dict[str, Callable[[str], object]] = {
    "string": str,
    "integer": int,
    "year": int,
    "number": float,
    "boolean": lambda text: text == "true",
    "date": date.fromisoformat,
}


def lacks(field: dict, text: str) -> str:
    """Say what a cell that is not empty should have held; the empty text when it is right.

    `field` is the column's entry in `datapackage.json`, `text` the cell as it stands in the file.
    """
    return _lacks_type(field["type"], text) or next(_broken_limits(field, text), "")


def _lacks_type(kind: str, text: str) -> str:
    shape, expected = SHAPE[kind]
    if not shape.fullmatch(text):
        return expected
    if kind == "date":
        try:
            date.fromisoformat(text)
        except ValueError:
            return f"{expected} that is in the calendar"
    return ""


def _broken_limits(field: dict, text: str) -> Iterator[str]:
    limits = field.get("constraints", {})
    value = VALUE[field["type"]]
    if "enum" in limits and text not in [str(word) for word in limits["enum"]]:
        yield f"one of: {', '.join(str(word) for word in limits['enum'])}"
    if "pattern" in limits and not re.fullmatch(limits["pattern"], text):
        yield f"text of the form {limits['pattern']}"
    if "minimum" in limits and value(text) < value(str(limits["minimum"])):
        yield f"at least {limits['minimum']}"
    if "maximum" in limits and value(text) > value(str(limits["maximum"])):
        yield f"at most {limits['maximum']}"
    if "minLength" in limits and len(text) < limits["minLength"]:
        yield f"at least {limits['minLength']} characters, not {len(text)}"
    if "maxLength" in limits and len(text) > limits["maxLength"]:
        yield f"at most {limits['maxLength']} characters, not {len(text)}"
