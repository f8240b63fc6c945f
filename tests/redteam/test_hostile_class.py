"""A class in which every second student is hostile: one run of `grade`, one row each, the others' marks as ever."""

import csv
import hashlib
import json
import re
from pathlib import Path

import pytest
from arena import EXERCISE, RIGHT, WRONG, attacks, left_behind, needs_box, teachers

from pactlab.classroom import grading, marking
from pactlab.classroom.box import Box
from pactlab.classroom.course import Course, open_course
from pactlab.classroom.exercise import REGION, STUDENT_ID
from pactlab.classroom.submission import Submission

pytestmark = needs_box
FULL = sum(check.points for check in EXERCISE.checks)
QUICK = (
    *("os_exit", "kill_parent", "kill_all", "segfault", "fork_bomb", "many_blocks", "full_tmp", "half_a_character"),
    *("keeps_more", "the_gradebook", "the_submissions", "start_up_files", "builtins", "asserts_removed", "verdicts"),
    *("two_results", "deep", "a_byte_too_much", "right_bytes_wrong_text", "a_reason_that_is_a_formula", "always_equal"),
    *("a_reason_of_another_kind", "modules_and_environment", "threads_that_stay", "codes_beyond_the_categories"),
)
"""Hostile notebooks that end by themselves: the box of a class waits 40 seconds for those that do not."""
DAMAGED = {
    "empty": b"",
    "deep": b"[" * 100_000,
    "large": b" " * 3_000_000,
    "numbers": json.dumps({"cells": [{"id": "q1", "source": [1]}]}).encode(),
}
SCRIPTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[a](javascript:alert(1)) ![b](http://127.0.0.1/x.png) <javascript:alert(1)>",
    "[a]: javascript:alert(1)\n\n[a]",
    "<svg/onload=alert(1)> <iframe src=//x> <a href='data:text/html,x'>b</a> <style>*{display:none}</style>",
    "$\\href{javascript:alert(1)}{x}$ $$\\unicode{x3c}$$ \\(x\\) \\begin{equation}x\\end{equation}",
    "`<script>alert(1)</script>`\n\n    <script>alert(1)</script>\n\n~~~html\n<script>alert(1)</script>\n~~~",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62;",
    "| a | b |\n|---|---|\n| <script>alert(1)</script> | x |",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J \x00",
    "<!-- <script>alert(1)</script> --> <![CDATA[x]]> <?php x ?>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
]
"""What a memo, a printed line or a message might hold for the page that the teacher opens."""


def hand_in(course: Course, student_id: str, texts: dict[str, str] | bytes) -> None:
    raw = texts
    if isinstance(texts, dict):
        made = json.loads(json.dumps(EXERCISE.notebook))
        for cell in made["cells"]:
            cell["source"] = texts.get(cell["id"], REGION.sub("", cell["source"]))
            if cell["id"] == STUDENT_ID:
                cell["source"] = f'student_id = "{student_id}"'
        raw = json.dumps(made).encode()
    place = course.notebook("submitted", student_id, EXERCISE.name)
    place.parent.mkdir(parents=True)
    place.write_bytes(raw)


def digests(course: Course) -> dict[str, str]:
    return {
        str(path.relative_to(course.root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in course.root.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, list[grading.Row]]:
    """Hostile and honest students by turns, marked by one box one after the other."""
    course = open_course(tmp_path_factory.mktemp("class") / "course")
    chosen = [attack for attack in attacks() if attack.name in QUICK]
    assert len({attack.name for attack in chosen}) == len(QUICK)
    hostile = {f"{attack.kind}-{attack.name}": attack.texts(course.root) for attack in chosen}
    hostile |= {f"damaged-{name}": raw for name, raw in DAMAGED.items()}
    for number, (name, texts) in enumerate(hostile.items()):
        hand_in(course, f"s{number:02}-{name}"[:60], texts)
        hand_in(course, f"s{number:02}-z-honest", RIGHT | {"memo": "My memo."})
    before, source = digests(course), teachers()
    rows = grading.grade(EXERCISE, course, workers=1)
    after = digests(course)
    assert {place: after.get(place) for place in before} == before, "what was handed in stays as it was"
    new = {place.split("/")[0] for place in set(after) - set(before)}
    assert new == {"autograded", "gradebook.db", "reports"}
    assert teachers() == source
    assert not left_behind()
    return course, rows


@pytest.fixture(scope="module")
def deserved(graded: tuple[Course, list[grading.Row]]) -> dict[str, dict[str, float]]:
    """What each student's answers earn by themselves: some wrong ones are right by chance, for another draw."""
    found = {}
    with Box(tables=tuple(EXERCISE.tables)) as box:
        for student_id in graded[0].submitted(EXERCISE.name):
            texts = RIGHT if student_id.endswith("honest") else WRONG
            found[student_id] = marking.mark_texts(box, EXERCISE, student_id, Submission(texts, "", ())).points
    return found


def test_every_student_has_a_row_and_no_more_points_than_deserved(
    graded: tuple[Course, list[grading.Row]], deserved: dict[str, dict[str, float]]
) -> None:
    course, rows = graded
    assert [row.student_id for row in rows] == course.submitted(EXERCISE.name)
    for row in rows:
        honest = row.student_id.endswith("honest")
        assert row.max_points == FULL
        assert row.points == FULL if honest else row.points <= sum(deserved[row.student_id].values()), row
        assert not (honest and row.reason)


def test_the_gradebook_holds_what_was_deserved(
    graded: tuple[Course, list[grading.Row]], deserved: dict[str, dict[str, float]]
) -> None:
    course, _ = graded
    with course.gradebook() as book:
        for student_id, points in deserved.items():
            found = book.find_submission_notebook(EXERCISE.name, EXERCISE.name, student_id)
            scores = {entry.name: entry.auto_score for entry in found.grades if entry.name not in EXERCISE.memos}
            assert set(scores) == set(points)
            if student_id.endswith("honest"):
                assert scores == points == {check.cell_id: check.points for check in EXERCISE.checks}
            assert all(scores[name] <= points[name] for name in points)


def test_the_report_holds_a_line_a_student_and_no_formula(graded: tuple[Course, list[grading.Row]]) -> None:
    course, rows = graded
    text = (course.root / "reports" / f"{EXERCISE.name}.csv").read_text(encoding="utf-8")
    assert len(text.splitlines()) == len(rows) + 1
    for line in csv.DictReader(text.splitlines()):
        assert all(value.isprintable() for value in line.values())
        assert not re.match(r"[=+\-@\t]", line["reason"])


def test_a_second_run_has_nothing_to_do(graded: tuple[Course, list[grading.Row]]) -> None:
    course, rows = graded
    again = grading.grade(EXERCISE, course, workers=1)
    assert not any(row.new for row in again)
    assert [row.points for row in again] == [row.points for row in rows]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Path]]:
    """What the teacher opens of students whose memo, code, print and messages hold scripts."""
    course = open_course(tmp_path_factory.mktemp("scripts") / "course")
    for number, script in enumerate(SCRIPTS):
        shown = f"print({script!r})\nclass Odd(Exception):\n    pass\n"
        hostile = {"q1": f"{WRONG['q1']}{shown}raise Odd({script!r})", "memo": script, "q4": script}
        hand_in(course, f"s{number:02}", WRONG | hostile)
    grading.grade(EXERCISE, course, workers=1)
    return [(script, course.notebook("autograded", f"s{n:02}", EXERCISE.name)) for n, script in enumerate(SCRIPTS)]


def test_nothing_runs_in_the_page_that_the_teacher_opens(seen: list[tuple[str, Path]]) -> None:
    """Rendered as formgrader renders it, a student's words make no tag, no link, no picture, no attribute."""
    import nbformat
    from nbconvert import HTMLExporter

    # What the page itself brings along, with a plain memo.
    blank = nbformat.read(seen[0][1], as_version=4)
    for cell in blank.cells:
        if cell.id in (*EXERCISE.answers, *EXERCISE.memos):
            cell.source = "x"
        cell.pop("outputs", None) if cell.cell_type != "code" else cell.update(outputs=[])
    exporter = HTMLExporter(template_name="basic")
    ours = _risks(exporter.from_notebook_node(blank)[0])
    for script, path in seen:
        page = exporter.from_notebook_node(nbformat.read(path, as_version=4))[0]
        found = _risks(page)
        assert found == ours, f"{script!r} added {set(found) - set(ours)}"


def _risks(page: str) -> list[str]:
    """Tags that act, links (but for an address that shows itself), and attributes that run."""
    from bs4 import BeautifulSoup

    acting = (
        "script",
        "img",
        "iframe",
        "svg",
        "object",
        "embed",
        "style",
        "form",
        "input",
        "a",
        "base",
        "link",
        "meta",
    )
    found = []
    for node in BeautifulSoup(page, "html.parser").find_all(True):
        plain = node.name == "a" and node.attrs == {"href": node.text} and node.text.startswith("http")
        if node.name in acting and not plain:
            found.append(f"{node.name} {sorted(node.attrs.items())}")
        found += [name for name in node.attrs if name.startswith("on")]
    return sorted(found)


def test_marked_notebooks_hold_no_commands_to_a_terminal(seen: list[tuple[str, Path]]) -> None:
    for _, path in seen:
        for cell in json.loads(path.read_bytes())["cells"]:
            shown = "".join(cell["source"]) + "".join("".join(out.get("text", "")) for out in cell.get("outputs", []))
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", shown)
