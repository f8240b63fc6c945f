"""Hostile notebooks of our own, each in the box alone: no mark won, nothing left, the next student untouched."""

import platform
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from arena import (
    EXERCISE,
    GUARD,
    LIMITS,
    MALLORY,
    RIGHT,
    WRONG,
    Arena,
    Attack,
    attacks,
    left_behind,
    needs_box,
    opened,
    teachers,
)

pytestmark = needs_box
MOST_SECONDS = 2 * LIMITS.seconds + 5
"""For both jobs of a notebook, the slack of a busy machine included."""


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    yield from opened(tmp_path_factory.mktemp("redteam"))


def test_there_are_many() -> None:
    kinds = {attack.kind for attack in attacks()}
    assert len(attacks()) >= 60
    assert len(kinds) >= 12


def test_honest_and_wrong_answers_earn_what_they_should(arena: Arena) -> None:
    """The frame of the tests below: the honest notebook earns all, the wrong one nothing, and not for its form."""
    assert arena.honest.points == {check.cell_id: check.points for check in EXERCISE.checks}
    assert not arena.honest.messages
    wrong = arena.mark(WRONG)
    assert set(wrong.points.values()) == {0}
    assert not [text for text in wrong.messages.values() if "should" in text or "dots" in text or "compared" in text]


def test_outside_a_box_an_attack_refuses() -> None:
    """Who runs a hostile notebook by mistake comes to no harm: each cell begins with a guard."""
    for attack in attacks():
        for name, text in attack.texts(Path("course")).items():
            assert text.removeprefix(WRONG[name]).startswith(GUARD) == (name in attack.cells)
    with pytest.raises(SystemExit, match="not in a box"):
        exec(GUARD, {})


@pytest.mark.parametrize("attack", attacks(), ids=lambda attack: f"{attack.kind}-{attack.name}")
def test_no_mark_is_won_and_nothing_is_left(attack: Attack, arena: Arena) -> None:
    if attack.machine and attack.machine != platform.machine():
        pytest.skip(f"its numbers of system calls are those of {attack.machine}")
    files, source, before, warm = arena.files(), teachers(), arena.processes(), arena.box._process.pid
    began = time.monotonic()
    marked = arena.mark(attack.texts(arena.course), MALLORY)
    took = time.monotonic() - began
    said = "\n".join([*marked.printed.values(), marked.reason])
    assert sum(marked.points.values()) == 0, f"won: {marked.points}"
    assert re.search(attack.reason, marked.reason), f"another reason: {marked.reason!r}; it said {said!r}"
    assert re.search(attack.says, said, re.MULTILINE), f"it did not come as far as it should: {said!r}"
    assert took < MOST_SECONDS
    assert arena.box._process.pid == warm, "the warm process was lost"
    assert arena.processes() == before, "a process outlives its notebook"
    assert not left_behind()
    assert arena.files() == files, "the course was touched"
    assert teachers() == source, "the teacher's folder was touched"
    assert arena.look() == arena.probe, "the next student finds another box"
    assert arena.mark(RIGHT, "alice") == arena.honest, "the next student is marked otherwise"
