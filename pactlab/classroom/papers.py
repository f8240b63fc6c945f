"""Writes the marked notebook that the teacher sees in formgrader: our own cells, the student's words made harmless."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from pathlib import Path

from pactlab import files
from pactlab.classroom.exercise import STUDENT_ID, Exercise
from pactlab.classroom.marking import Marked

CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
"""Colours and other commands to a terminal."""
TURNING = {
    sign: f"[U+{sign:04X}]" for sign in (*range(0x80, 0xA0), 0x61C, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
"""Signs that turn the direction of a line, or show nothing; a reader sees that they are there."""
MARKUP = str.maketrans({mark: f"&#{ord(mark)};" for mark in "<>&$\\[]`|:"})
"""What could start a tag, a formula, a link, code or a table in Markdown."""


def harmless(text: str) -> str:
    """Return a student's text as Markdown that shows these very characters: no tag, link, formula or picture.

    formgrader's page runs with the teacher's rights, and passes raw HTML and formulas on to the browser.
    """
    return CONTROL.sub("", text).translate(MARKUP).translate(TURNING)


def plain(text: str) -> str:
    """Return a student's text without commands to a terminal, and with signs that nobody sees spelt out."""
    return CONTROL.sub("", text).translate(TURNING)


def fingerprint(exercise: Exercise, raw: bytes) -> str:
    """Return what decides on a mark, digested: the exercise's cells and the bytes handed in."""
    digest = hashlib.sha256(raw)
    for cell in exercise.notebook.cells:
        digest.update(f"{cell.id}\0{cell.source}\0{json.dumps(cell.metadata, sort_keys=True)}\0".encode())
    return digest.hexdigest()


def write(path: Path, exercise: Exercise, student_id: str, marked: Marked, key: str) -> None:
    """Write a student's marked notebook; what was handed in stays as it is, in `submitted/`."""
    notebook = copy.deepcopy(exercise.notebook)
    checks = {check.cell_id: check for check in exercise.checks}
    for cell in notebook.cells:
        if cell.id == STUDENT_ID:
            cell.source = f"student_id = {student_id!r}"
        elif cell.id in exercise.answers:
            cell.source = plain(marked.texts.get(cell.id, ""))
        elif cell.id in exercise.memos:
            cell.source = harmless(marked.texts.get(cell.id, "")) or "(no memo was handed in)"
        elif cell.id in checks:
            cell.source = checks[cell.id].visible.rstrip()
        if cell.cell_type == "code":
            cell.outputs = _shown(cell.id, marked)
    notebook.metadata.pactlab = {
        "student_id": student_id,
        "key": key,
        "reason": marked.reason,
        "missing": list(marked.missing),
        "points": marked.points,
        "messages": marked.messages,
        "memos": {name: marked.texts.get(name, "") for name in exercise.memos},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    files.replace(path, (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode())


def _shown(cell_id: str, marked: Marked) -> list[dict]:
    """Return a cell's output as plain text, or for a check what it found."""
    text = marked.printed.get(cell_id, "")
    if cell_id in marked.points:
        text = marked.messages.get(cell_id, "right")
    return [{"output_type": "stream", "name": "stdout", "text": plain(text)}] if text else []


def read(path: Path) -> dict:
    """Return what a marked notebook says of itself (`key`, `points`, `messages`, ...); empty when there is none."""
    try:
        return json.loads(path.read_bytes())["metadata"]["pactlab"]
    except (OSError, ValueError, KeyError):
        return {}
