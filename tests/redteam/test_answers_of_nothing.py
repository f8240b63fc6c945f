"""Data that pass every comparison because they hold nothing: no check of any exercise is won with them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from arena import needs_box

from pactlab.classroom import exercise as exercises
from pactlab.classroom import marking, wire
from pactlab.classroom.box import Box

pytestmark = needs_box
EXERCISES = [exercises.find(name) for name in exercises.names()]
NOTHING = {
    "empty list": [],
    "empty text": "",
    "empty dict": {},
    "empty set": set(),
    "empty series": pd.Series([], dtype=float),
    "empty series of objects": pd.Series([], dtype=object),
    "empty frame": pd.DataFrame(),
    "empty array": np.array([]),
    "nan": float("nan"),
    "infinity": float("inf"),
    "minus infinity": float("-inf"),
    "NA": pd.NA,
    "NaT": pd.NaT,
    "none": None,
    "true": True,
    "zero": 0,
    "list of nan": [float("nan")],
    "series of nan": pd.Series([float("nan")]),
    "array of nan": np.array([float("nan")]),
    "array of true": np.array([True]),
}


def equal(left: Any, right: Any) -> bool:
    """Whether Python takes both for the same, as in True == 1.0."""
    try:
        return bool(left == right)
    except (TypeError, ValueError):
        return False


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_nothing_wins_nothing(exercise: exercises.Exercise) -> None:
    """One answer at a time, all others right. A name that a check does not look at passes with anything."""
    sent = {name: ["value", wire.encode(value)] for name, value in NOTHING.items()}
    right = {name: exercise.cells[name].source for name in exercise.answers}
    with Box(tables=tuple(exercise.tables)) as box:
        asked = marking.asked(exercise)
        ran = box.run({"kind": "answer", "cells": marking._cells(exercise, "mallory", right), "asked": asked})
        checks, answers = [], {}
        for check in exercise.checks:
            for name in check.names:
                for what in NOTHING:
                    case = f"{check.cell_id}: `{name}` = {what}"
                    checks.append([case, check.source, list(check.names)])
                    answers[case] = ran["answers"][check.cell_id] | {name: sent[what]}
        verdicts = {}
        for at in range(0, len(checks), 200):
            part = checks[at : at + 200]
            job = {"kind": "check", "cells": marking._cells(exercise, "mallory", {}), "checks": part}
            verdicts |= box.run(job | {"answers": {case: answers[case] for case, _, _ in part}})["verdicts"]
    won = []
    for check in exercise.checks:
        for name in check.names:
            passed = [what for what in NOTHING if verdicts[f"{check.cell_id}: `{name}` = {what}"] is None]
            own = wire.decode(ran["answers"][check.cell_id][name][1])
            if len(passed) < len(NOTHING):
                won += [f"{check.cell_id}: `{name}` = {what}" for what in passed if not equal(own, NOTHING[what])]
    assert not won, "these pass though they hold nothing of the answer"
