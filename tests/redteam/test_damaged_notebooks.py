"""Files that are not what was handed out: cells twice, swapped, of other kinds; bytes that are no notebook."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from arena import EXERCISE, LIMITS, MALLORY, RIGHT, WRONG, needs_box

from pactlab.classroom import marking
from pactlab.classroom.box import Box
from pactlab.classroom.exercise import REGION, STUDENT_ID

pytestmark = needs_box
FULL = sum(check.points for check in EXERCISE.checks)


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box(LIMITS, tables=tuple(EXERCISE.tables)) as opened:
        yield opened


def notebook(texts: dict[str, str]) -> dict:
    """A notebook as it was given out, with these cells filled in."""
    made = json.loads(json.dumps(EXERCISE.notebook))
    for cell in made["cells"]:
        cell["source"] = texts.get(cell["id"], REGION.sub("", cell["source"]))
    return made


def cell(made: dict, name: str) -> dict:
    return next(one for one in made["cells"] if one["id"] == name)


def renamed(one: dict, name: str) -> dict:
    """A copy of a cell under another name."""
    return copy.deepcopy(one) | {
        "id": name,
        "metadata": {"nbgrader": {**one["metadata"]["nbgrader"], "grade_id": name}},
    }


def answer_twice(made: dict) -> None:
    made["cells"].append(renamed(cell(made, "q1"), "q1") | {"source": RIGHT["q1"]})


def ids_swapped(made: dict) -> None:
    one, two = cell(made, "q1"), cell(made, "q2")
    one["metadata"], two["metadata"] = two["metadata"], one["metadata"]


def check_replaced(made: dict) -> None:
    for check in EXERCISE.checks:
        cell(made, check.cell_id)["source"] = "pass"


def check_as_answer(made: dict) -> None:
    for check in EXERCISE.checks:
        cell(made, check.cell_id)["metadata"]["nbgrader"] |= {"solution": True, "grade": False, "locked": False}
        made["cells"].insert(0, renamed(cell(made, "q1"), check.cell_id) | {"source": "totals = 1"})


def set_up_replaced(made: dict) -> None:
    cell(made, "set-up")["source"] = (
        "import pandas as pd\nfrom pactlab import classroom, data\nclassroom.draw = lambda *a: 'THA'\nstate = 'THA'"
    )


def id_cell_with_code(made: dict) -> None:
    cell(made, STUDENT_ID)["source"] = "student_id = 'alice'\nimport os\nos._exit(0)"


def points_edited(made: dict) -> None:
    for one in made["cells"]:
        if "points" in one["metadata"].get("nbgrader", {}):
            one["metadata"]["nbgrader"]["points"] = 1000


def locks_removed(made: dict) -> None:
    for one in made["cells"]:
        one["metadata"].pop("nbgrader", None)


def types_changed(made: dict) -> None:
    for one in made["cells"]:
        one["cell_type"] = "raw" if one["cell_type"] == "code" else "code"


def draws_edited(made: dict) -> None:
    made["metadata"]["pactlab"]["draw"] = {"state": ["THA"], "series": ["NPA ransomware"]}


def verdict_in_metadata(made: dict) -> None:
    made["metadata"]["pactlab"] |= {"key": "0" * 64, "points": {c.cell_id: 99 for c in EXERCISE.checks}, "reason": ""}


def outputs_forged(made: dict) -> None:
    for one in made["cells"]:
        if one["cell_type"] == "code":
            one["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "13 of 13 points <script>x</script>"}]


def other_kernel(made: dict) -> None:
    made["metadata"]["kernelspec"] = {"name": "../../redteam", "argv": ["sh"]}


CHANGES: dict[str, Callable[[dict], Any]] = {
    change.__name__: change
    for change in (
        answer_twice,
        check_replaced,
        check_as_answer,
        set_up_replaced,
        id_cell_with_code,
        points_edited,
        locks_removed,
        types_changed,
        draws_edited,
        verdict_in_metadata,
        outputs_forged,
        other_kernel,
    )
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_file_changes_no_mark(name: str, box: Box) -> None:
    """Wrong answers stay wrong, right ones right: for a mark, only the text of answers and memos counts."""
    for texts, points in ((WRONG, 0), (RIGHT, FULL)):
        made = notebook(texts)
        CHANGES[name](made)
        marked = marking.mark(box, EXERCISE, MALLORY, json.dumps(made).encode())
        assert not marked.reason
        assert sum(marked.points.values()) == points


def test_swapped_cells_cost_their_questions(box: Box) -> None:
    made = notebook(RIGHT)
    ids_swapped(made)
    marked = marking.mark(box, EXERCISE, MALLORY, json.dumps(made).encode())
    lost = {name for name, points in marked.points.items() if not points}
    assert lost
    assert lost <= {"q1-totals", "q2-same", "q2-factors", "q2-closer"}


def source(value: Any) -> bytes:
    made = notebook(WRONG)
    cell(made, "q1")["source"] = value
    return json.dumps(made).encode()


WHOLE = json.dumps(notebook(WRONG)).encode()
UNREADABLE = {
    "empty": (b"", "no JSON"),
    "cut off": (WHOLE[:-1000], "no JSON"),
    "a program": (b"\x7fELF" + bytes(1000), "no JSON"),
    "an archive": (b"PK\x03\x04" + bytes(1000), "no JSON"),
    "invalid UTF-8": (WHOLE.replace(b"totals", b"tot\xffls"), "no JSON"),
    "depth of 100,000": (b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "no JSON"),
    "ten megabytes": (WHOLE + b" " * 10_000_000, "larger than"),
    "nbformat 3": (json.dumps({"nbformat": 3, "worksheets": [{"cells": []}]}).encode(), "no cells"),
    "a list": (b"[]", "no cells"),
    "cells of texts": (json.dumps({"cells": ["q1"] * 10}).encode(), "no answer cell"),
    "no answer cell": (json.dumps({"cells": [{"id": "x", "source": ""}]}).encode(), "no answer cell"),
    "501 cells": (json.dumps({"cells": [{"id": "q1"}] * 501}).encode(), "more than 500 cells"),
    "source of numbers": (source([1, 2]), "holds no text"),
    "source of nothing": (source(None), "holds no text"),
    "source of an object": (source({"a": 1}), "holds no text"),
    "source too long": (source("x = 1\n" * 10_000), "longer than"),
    "digits without end": (WHOLE[:-1] + b', "a": ' + b"9" * 100_000 + b"}", "no JSON"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_has_a_reason_and_no_points(name: str, box: Box) -> None:
    raw, says = UNREADABLE[name]
    marked = marking.mark(box, EXERCISE, MALLORY, raw)
    assert says in marked.reason
    assert "\n" not in marked.reason
    assert set(marked.points.values()) == {0}
    assert len(marked.points) == len(EXERCISE.checks)


READABLE = {
    "byte order mark": b"\xef\xbb\xbf" + json.dumps(notebook(RIGHT)).encode(),
    "UTF-16": json.dumps(notebook(RIGHT)).encode("utf-16"),
    "NaN in metadata": json.dumps(notebook(RIGHT) | {"odd": float("nan")}).encode(),
    "half a character": json.dumps(notebook(RIGHT | {"memo": "\ud800"})).encode(),
    "Windows line ends": json.dumps(notebook({k: v.replace("\n", "\r\n") for k, v in RIGHT.items()})).encode(),
    "lines": json.dumps(notebook({k: v.splitlines(keepends=True) for k, v in RIGHT.items()})).encode(),
    "same key twice": json.dumps(notebook(RIGHT)).encode()[:-1] + b', "nbformat": 4}',
}


@pytest.mark.parametrize("name", READABLE)
def test_an_odd_file_with_right_answers_earns_its_points(name: str, box: Box) -> None:
    marked = marking.mark(box, EXERCISE, MALLORY, READABLE[name])
    assert not marked.reason
    assert sum(marked.points.values()) == FULL


@pytest.mark.parametrize(
    "text", ["x = '\x00'", "(" * 40_000, "\ufeffx = 1", "if True:\n\tx = 1\n        y = 2", "%%bash\nls"]
)
def test_text_that_is_no_python_costs_its_question(text: str, box: Box) -> None:
    marked = marking.mark(box, EXERCISE, MALLORY, json.dumps(notebook(RIGHT | {"q4": text})).encode())
    lost = {name for name, points in marked.points.items() if not points}
    assert lost == {"q4-missing", "q4-every", "q4-sentence"} or "ended before" in marked.reason
