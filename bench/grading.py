"""The whole `pactlab grade` against nbgrader's own `autograde`, on the same submissions, in one run.

    uv run python bench/grading.py [SUBMISSIONS] [EXERCISE] [--ours]

Default: 60 submissions of exercise 04, made from its specimens. Each command starts anew, in a course of its own, and
writes gradebook and marked notebooks. nbgrader runs a kernel a notebook on this machine, outside any box.
--ours leaves nbgrader out.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
from pathlib import Path

from pactlab.classroom import exercise as exercises
from pactlab.classroom.assign import released
from pactlab.classroom.exercise import STUDENT_ID, Exercise

KIT = Path(__file__).resolve().parent.parent


def hand_in(course: Path, exercise: Exercise, count: int) -> None:
    """Write submissions, by turns after each specimen of the exercise."""
    specimens = [tomllib.loads(path.read_text()) for path in sorted((exercise.teacher / "specimens").glob("*.toml"))]
    for number in range(count):
        told, notebook = specimens[number % len(specimens)], released(exercise)
        for cell in notebook.cells:
            if cell.id == STUDENT_ID:
                cell.source = f'student_id = "s{number:03}"'
            elif cell.id in exercise.answers and told.get("start") != "release":
                cell.source = exercise.cells[cell.id].source
            cell.source = told.get("cells", {}).get(cell.id, cell.source)
        place = course / "submitted" / f"s{number:03}" / exercise.name / f"{exercise.name}.ipynb"
        place.parent.mkdir(parents=True)
        place.write_text(json.dumps(notebook), encoding="utf-8")


def timed(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Run a command; return its seconds, and the seconds until its first marked notebook."""
    began, first = time.monotonic(), None
    autograded = Path(environment["COURSE"]) / "autograded"
    log = Path(environment["COURSE"]) / "log.txt"
    with log.open("w") as said:
        process = subprocess.Popen(command, env=os.environ | environment, cwd=KIT, stdout=said, stderr=said)
        while process.poll() is None:
            if first is None and next(autograded.glob("*/*/*.ipynb"), None):
                first = time.monotonic() - began
            time.sleep(0.02)
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed: {log.read_text()[-500:]}")
    return time.monotonic() - began, first or time.monotonic() - began


def marks(course: Path, exercise: Exercise) -> dict[tuple[str, str], float]:
    """Return each check's points, from the gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        return {
            (submission.student_id, grade.name): grade.auto_score
            for submission in book.assignment_submissions(exercise.name)
            for notebook in submission.notebooks
            for grade in notebook.grades
            if grade.name not in exercise.memos
        }


def main(count: int, name: str, *, ours: bool) -> None:
    """Measure and print a line a command."""
    exercise, scripts = exercises.find(name), Path(sysconfig.get_path("scripts"))
    os.environ["PATH"] = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        rows, found = {}, {}
        ways = {
            "pactlab grade, 1 worker": [scripts / "pactlab", "grade", name, "--workers", "1"],
            "pactlab grade, 2 workers": [scripts / "pactlab", "grade", name, "--workers", "2"],
            "nbgrader autograde": [scripts / "nbgrader", "autograde", exercise.name],
        }
        if ours:
            del ways["nbgrader autograde"]
        for way, words in ways.items():
            course = Path(folder) / way.replace(" ", "_").replace(",", "")
            hand_in(course, exercise, count)
            here = {"COURSE": str(course), "PACTLAB_COURSE": str(course), "JUPYTER_CONFIG_DIR": folder}
            command = [str(word) for word in words]
            if "nbgrader" in way:
                command.append(f"--CourseDirectory.root={course}")
                timed([command[0], "generate_assignment", exercise.name, command[-1]], here)
            rows[way] = timed(command, here)
            found[way] = marks(course, exercise)
            shutil.rmtree(course / "submitted")
        slowest = max(seconds for seconds, _ in rows.values())
        for way, (seconds, first) in rows.items():
            a_minute = f"{60 * count / seconds:.0f} a minute"
            print(f"{way}: {seconds:.1f} s, {a_minute}, first mark after {first:.1f} s, ratio {slowest / seconds:.1f}")
        one, two = (rows[f"pactlab grade, {workers}"][0] for workers in ("1 worker", "2 workers"))
        print(f"2 workers against 1: ratio {one / two:.2f}")
        first, *others = found.values()
        same = all(other == first for other in others)
        print(f"{len(first)} marks each, {'all the same' if same else 'NOT the same'}")


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--ours"]
    main(int(words[0]) if words else 60, words[1] if len(words) > 1 else "04", ours="--ours" in sys.argv)
