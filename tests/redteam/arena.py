"""The arena: one warm box, one hostile notebook, then an honest one; and what may have been left behind."""

import functools
import hashlib
import json
import os
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

sys.path.append(str(Path(__file__).resolve().parents[1]))

from pactlab import data
from pactlab.classroom import exercise as exercises
from pactlab.classroom import marking
from pactlab.classroom.box import Box, Limits
from pactlab.classroom.submission import Submission

needs_box = pytest.mark.skipif(
    shutil.which("bwrap") is None and not os.environ.get("PACTLAB_REQUIRE_ALL"),
    reason="students' code runs in bubblewrap, which is not here",
)
TOKEN = "redteam-was-here"
"""Whatever a hostile notebook writes bears this name."""
CANARY = "canary-of-the-one-before"
MALLORY, ALICE = "mallory", "alice"
LIMITS = Limits(cell_seconds=2, seconds=4)
EXERCISE = exercises.find("04")
WRONG = {
    "q1": 'totals = pd.Series({"VCDB": -1, "CISSM": -1, "EuRepoC": -1})\n',
    "q2": 'same = pd.Series({"VCDB": -1, "CISSM": -1, "EuRepoC": -1})\nfactor = factor_same = -1.0\ncloser = True\n',
    "q3": 'dated, share, chance, finest = -1, 0.0, -1.0, "day"\n',
    "q4": 'missing, every_year, sentence = [1], "cannot be told", "people"\n',
}
"""Right in form, wrong in every value for this student."""
RIGHT = {name: EXERCISE.cells[name].source for name in EXERCISE.answers}
GUARD = (
    "import os\n"
    'if os.getpid() != 1 or os.path.exists("/proc/self"):\n'
    '    raise SystemExit("not in a box: this notebook would do harm here")\n'
)
FORGE = '''
import json, os, stat
NAMES = {names!r}
DEPTH = {depth}
def pipe():
    """The result is the one pipe that is open."""
    for number in range(3, 1024):
        try:
            if stat.S_ISFIFO(os.fstat(number).st_mode):
                return number
        except OSError:
            pass
def send(raw):
    left = memoryview(raw)
    while left:
        left = left[os.write(pipe(), left):]
def forge(result):
    send(result if isinstance(result, bytes) else json.dumps(result).encode())
    os._exit(0)
def answer(check, name, value):
    return {{"answers": {{check: {{name: ["value", value]}}}}}}
'''
PROBE = """
import builtins, fcntl, gc, hashlib, json, os, resource, signal, sys, threading
import numpy as np
import pandas.testing
def digest(x):
    return hashlib.sha256(repr(x).encode()).hexdigest()[:12]
found = {
    "files": {place: sorted(os.listdir(place)) for place in ("/", "/tmp", "/dev", "/dev/shm", "/dev/pts", "/proc")},
    "environment": sorted(os.environ.items()),
    "folder": os.getcwd(),
    "umask": oct(os.umask(0)),
    "threads": threading.active_count(),
    "processors": len(os.sched_getaffinity(0)),
    "nice": os.getpriority(os.PRIO_PROCESS, 0),
    "path": sys.path,
    "finders": digest([str(f)[:40] for f in sys.meta_path]),
    "modules": digest(sorted(name for name in sys.modules)),
    "builtins": digest([(name, str(getattr(builtins, name))[:40].split(" at 0x")[0]) for name in dir(builtins)]),
    "testing": digest([getattr(pandas.testing, f"assert_{kind}_equal").__code__ for kind in ("series", "frame")]),
    "streams": [fcntl.fcntl(n, fcntl.F_GETFL) for n in range(3)] + [fcntl.fcntl(n, fcntl.F_GETOWN) for n in range(3)],
    "limits": [resource.getrlimit(n) for n in range(16)],
    "mask": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    "tables": {name: digest(data.load(name).to_csv()) for name in TABLES},
    "hooks": [len(get_ipython().ast_transformers), len(get_ipython().input_transformers_cleanup), str(sys.gettrace())],
    "recursion": sys.getrecursionlimit(),
    "names": sorted(name for name in get_ipython().user_ns if name[0] != "_"),
}
for number in range(3):
    fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Attack:
    """A hostile notebook: wrong answers, and code that wants marks for them, or harm."""

    kind: str
    name: str
    why: str
    says: str = ""
    """What its cells print or fail with, as a pattern: so that an attack cannot fail by a slip of its own."""
    reason: str = "^$"
    """Why nothing of it could be marked, as a pattern."""
    forge: bool = False
    """Whether it writes the result itself."""
    machine: str = ""
    """The processor that its numbers of system calls belong to; empty for any."""
    cells: dict[str, str] = field(default_factory=dict)

    def texts(self, course: Path, depth: int = 5000) -> dict[str, str]:
        """Answers by cell: wrong ones, with the attack behind them."""
        start = GUARD + (
            FORGE.format(names=[check.cell_id for check in EXERCISE.checks], depth=depth) if self.forge else ""
        )
        return WRONG | {
            name: f"{WRONG[name]}{start}{code.replace('@COURSE@', str(course))}" for name, code in self.cells.items()
        }


def attacks() -> list[Attack]:
    """Every hostile notebook, by kind."""
    found = []
    for path in sorted((Path(__file__).parent / "notebooks").glob("*.toml")):
        for name, told in tomllib.loads(path.read_text(encoding="utf-8")).items():
            cells = {cell: told.pop(cell) for cell in EXERCISE.answers if cell in told}
            found.append(Attack(path.stem, name, **told, cells=cells))
    return found


@dataclass
class Arena:
    """A warm box, a course with a gradebook and another student's work, and how they were at the start."""

    box: Box
    course: Path
    honest: marking.Marked | None = None
    probe: dict = field(default_factory=dict)

    def mark(self, texts: dict[str, str], student_id: str = MALLORY) -> marking.Marked:
        """Mark answers in the warm box."""
        return marking.mark_texts(self.box, EXERCISE, student_id, Submission(texts, "", ()))

    def look(self) -> dict:
        """What a notebook finds in the box, as it is for the next student."""
        code = PROBE.replace("TABLES", repr(EXERCISE.tables))
        job = {"kind": "answer", "cells": [["import", "from pactlab import data"], ["probe", code]], "asked": {}}
        ran = self.box.run(job)
        assert not ran.get("errors"), ran.get("errors")
        return json.loads(ran["printed"]["probe"])

    def processes(self) -> set[int]:
        """Every process under the box."""
        return {process.pid for process in psutil.Process(self.box._process.pid).children(recursive=True)}

    def files(self) -> dict[str, str]:
        """Digests of what lies in the course."""
        return {
            str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(self.course.rglob("*")) if p.is_file()
        }


def opened(folder: Path) -> Iterator[Arena]:
    """Open an arena, mark an honest notebook, and remember what there is."""
    course = folder / "course"
    for place, text in {"gradebook.db": CANARY, "submitted/canary/note.txt": CANARY, "reports/x.csv": CANARY}.items():
        (course / place).parent.mkdir(parents=True, exist_ok=True)
        (course / place).write_text(text, encoding="utf-8")
    with Box(LIMITS, tables=tuple(EXERCISE.tables)) as box:
        arena = Arena(box, course)
        arena.mark(RIGHT | {"q1": f"left = {CANARY!r} * 1000\nprint(left)\n{RIGHT['q1']}"}, "another")
        arena.honest, arena.probe = arena.mark(RIGHT, ALICE), arena.look()
        yield arena


@functools.cache
def _kit() -> list[Path]:
    """Folders of the kit and the machine in which nothing new may appear, each looked at without those below it."""
    root = data.root().parent
    here = [root, data.root(), *data.root().glob("*/"), *EXERCISE.path.parent.rglob("*/"), EXERCISE.path.parent]
    package = Path(exercises.__file__).parent
    venv = [Path(path) for path in sys.path if path.endswith(("site-packages", "lib-dynload"))]
    return [
        *here,
        package,
        package.parent,
        *venv,
        Path("/tmp"),
        Path("/dev/shm"),
        Path("/var", "tmp"),
        Path("/dev"),
        Path("/"),
    ]


def left_behind() -> set[str]:
    """Files that were not there before, with the name that hostile notebooks use, or that Python runs at its start."""
    return _marks() - BEFORE


def _marks() -> set[str]:
    names = (TOKEN, "usercustomize.py", "sitecustomize.py")
    return {
        entry.path
        for folder in _kit()
        if folder.is_dir()
        for entry in os.scandir(folder)
        if any(name in entry.name for name in names)
    }


BEFORE = _marks()


def teachers() -> str:
    """Digest of the exercise's folder: source, rubric, memos, specimens."""
    digest = hashlib.sha256()
    for path in sorted(EXERCISE.path.parent.rglob("*")):
        if path.is_file():
            digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()
