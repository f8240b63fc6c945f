"""Checks lessons: runs each in an offline kernel and compares marked cells with what the notebook stores."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from html.parser import HTMLParser
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path

from pactlab.errors import KitError

CELL_SECONDS = 60
SECONDS_TO_LEAVE = 4
LINES, WIDTH = 12, 160
"""Most lines of a failure that are kept, and most characters of a line."""
INLINE = {"a", "abbr", "b", "code", "em", "i", "mark", "small", "span", "strong", "sub", "sup"}
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Failure:
    """One cell that did not do what its notebook stores."""

    kind: str
    """What happened to the cell (differs, raised, timeout, unrun) or to all (stopped, unreadable)."""
    index: int | None
    """Place of the cell in the notebook, from 0; None when the failure is not one cell's."""
    count: int | None
    """The number in brackets that the lab shows beside the cell, as stored."""
    source: str
    """First line of the cell's code."""
    stored: str
    """The part of the stored output that came differently, clipped; empty when nothing was there."""
    came: str
    """What came in its place, or the error in one line."""
    detail: tuple[str, ...] = ()
    """Lines to print: a small diff (`-` stored, `+` came), or where the error arose."""

    @property
    def where(self) -> str:
        """The cell, as an author looks for it."""
        return "the notebook" if self.index is None else f"cell [{self.count or ' '}], index {self.index}"

    def __str__(self) -> str:
        """Give all that an author needs, as plain text of several lines."""
        head = f"{self.where}: {self.source}" if self.source else self.where
        said = "the output differs from the stored one" if self.kind == "differs" else self.came
        return "\n".join([head, f"  {said}", *(f"    {line}" for line in self.detail)])


@dataclass(frozen=True)
class Result:
    """What checking one lesson gave."""

    path: Path
    """The notebook."""
    seconds: float
    """Time its kernel took, start included."""
    cells: int
    """Code cells that ran."""
    compared: int
    """Cells among them whose output was compared with the stored one."""
    failures: tuple[Failure, ...]
    """What went wrong, in the order of the cells."""

    @property
    def name(self) -> str:
        """The notebook's name without its ending."""
        return self.path.stem

    @property
    def ok(self) -> bool:
        """True when nothing went wrong."""
        return not self.failures


@dataclass
class _Lesson:
    """A lesson while it is checked."""

    path: Path
    code: list[tuple[int, dict]]
    """Its code cells with their places in the notebook."""
    reports: list[dict] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return sum(report["phase"] == "teardown" for report in self.reports) == len(self.code)

    def result(self, otherwise: str = "") -> Result:
        """Sum the reports up; otherwise: the failure to state when they are not complete."""
        failures = [self.failure(report) for report in self.reports if report["failure"]]
        # A kernel that does not start or dies fails all later cells in the same words.
        stopped = next((place for place, failure in enumerate(failures) if failure.kind == "stopped"), None)
        if stopped is not None:
            del failures[stopped + 1 :]
        elif not self.done:
            failures.append(Failure("stopped", None, None, "", "", otherwise))
        ran = [report for report in self.reports if report["phase"] == "call" and not report["skipped"]]
        return Result(
            path=self.path,
            seconds=sum(report["seconds"] for report in self.reports),
            cells=len(ran),
            compared=sum(report["compared"] for report in ran),
            failures=tuple(failures),
        )

    def failure(self, report: dict) -> Failure:
        """Turn one report into words."""
        index, cell = self.code[report["cell"]]
        source = "".join(cell["source"]).strip().split("\n")
        first = next((line for line in source if not line.startswith(("# NBVAL_", "#NBVAL_"))), "")
        facts = report["failure"]
        stored, came, detail = "", clip(" ".join(facts.get("message", "").split()), 2 * WIDTH), ()
        if facts["kind"] == "differs":
            stored, came, detail = _difference(facts["outputs"])
        elif facts.get("trace"):
            detail = tuple(line for line in _places(facts["trace"]) if line != came)
        return Failure(facts["kind"], index, cell.get("execution_count"), clip(first), stored, came, detail)


def check(
    lessons: Sequence[Path],
    *,
    workers: int = 1,
    on_progress: Callable[[Result], None] | None = None,
    cell_seconds: float = CELL_SECONDS,
) -> list[Result]:
    """Run notebooks, compare the cells tagged `nbval-check-output`, and return a result for each, in order.

    workers: how many run at the same time; more than one needs pytest-xdist, and without it one is used.
    on_progress: called with each result as soon as it is known. cell_seconds: how long one cell may take.
    Raises KitError when a path is no file, or when the rules of comparison (tests/nbval.cfg) are not found.
    """
    paths = [Path(path).resolve() for path in lessons]
    for path in paths:
        if not path.is_file():
            raise KitError(f"{path}: there is no such notebook")
    results: dict[Path, Result] = {}

    def finish(result: Result) -> None:
        results[result.path] = result
        if on_progress:
            on_progress(result)

    waiting: dict[str, _Lesson] = {}
    for path in dict.fromkeys(paths):
        lesson = _open(path)
        if isinstance(lesson, Failure):
            finish(Result(path, 0, 0, 0, (lesson,)))
        elif lesson.done:
            finish(lesson.result())
        else:
            waiting[str(path)] = lesson
    if waiting:
        with tempfile.TemporaryDirectory(prefix="pactlab-check-") as folder:
            with closing(_run(Path(folder), list(waiting), workers, cell_seconds)) as reports:
                for report in reports:
                    lesson = waiting[report["path"]]
                    lesson.reports.append(report)
                    if lesson.done:
                        finish(waiting.pop(report["path"]).result())
            said = _last_line((Path(folder) / "log").read_text(errors="replace"))
        for lesson in waiting.values():
            finish(lesson.result(f"the run ended before this lesson did: {said}"))
    return [results[path] for path in paths]


def _open(path: Path) -> _Lesson | Failure:
    """Read which cells a notebook has; return the failure when it is none."""
    try:
        cells = enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"])
        return _Lesson(path, [(index, cell) for index, cell in cells if cell["cell_type"] == "code"])
    except (ValueError, KeyError, TypeError) as problem:
        came = f"not a notebook of format 4 ({type(problem).__name__}: {problem})"
        return Failure("unreadable", None, None, "", "", clip(came))


def _rules(path: Path) -> Path:
    """Find the rules of comparison of the kit that a lesson belongs to, or else beside this library."""
    for folder in (*path.parents, Path(__file__).parents[2]):
        if (rules := folder / "tests" / "nbval.cfg").is_file():
            return rules
    raise KitError("tests/nbval.cfg not found: run the check in a checkout of the kit")


def _run(folder: Path, paths: list[str], workers: int, cell_seconds: float) -> Iterator[dict]:
    """Run pytest with nbval over notebooks in a process of its own and yield its reports as they come.

    Nothing of the reader's own pytest settings takes part: no settings file, no other plugins, no conftest.
    """
    ini, report, log = folder / "pytest.ini", folder / "report", folder / "log"
    ini.write_text("[pytest]\n")
    report.touch()
    # Outside pytest's root folder all notebooks would have the same, empty name.
    root = os.path.commonpath([Path(path).parent for path in paths])
    command = [sys.executable, "-m", "pytest", "-c", str(ini), f"--rootdir={root}", "--noconftest", "-q"]
    command += ["-p", "no:cacheprovider", "-p", "nbval.plugin", "-p", "pactlab.lessons.pytest_plugin"]
    command += ["--nbval-lax", f"--nbval-sanitize-with={_rules(Path(paths[0]))}"]
    command += [f"--nbval-cell-timeout={cell_seconds}", f"--lesson-report={report}", "--tb=line"]
    if (workers := min(workers, len(paths))) > 1 and find_spec("xdist"):
        command += ["-p", "xdist.plugin", "-n", str(workers), "--dist", "loadfile"]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment.pop("PYTEST_ADDOPTS", None)
    with log.open("wb") as out, report.open(encoding="ascii") as reports:
        process = subprocess.Popen(
            [*command, *paths],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=folder,
            env=environment,
        )
        try:
            line, ended = "", False
            while not ended:
                ended = process.poll() is not None
                while part := reports.readline():
                    line += part
                    if line.endswith("\n"):
                        yield json.loads(line)
                        line = ""
                if not ended:
                    time.sleep(0.05)
        finally:
            _end(process)


def _end(process: subprocess.Popen) -> None:
    """Make pytest leave in order, which ends its kernels; a keyboard's interrupt has reached it already."""
    windows = sys.platform == "win32"
    leave = process.terminate if windows else lambda: process.send_signal(signal.SIGINT)
    for ask in (lambda: None, leave, process.kill):
        ask()
        try:
            process.wait(SECONDS_TO_LEAVE)
            return
        except subprocess.TimeoutExpired:
            continue


def clip(line: str, width: int = WIDTH) -> str:
    """Return a line that is not too wide.

    >>> clip("a long line", 7)
    'a long…'
    """
    return line if len(line) <= width else f"{line[: width - 1]}…"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in COLOUR.sub("", text).splitlines() if line.strip()]
    return clip(lines[-1]) if lines else "it said nothing"


def _places(trace: str) -> tuple[str, ...]:
    """Return where an error arose: in the cell, and in the code it called last; a short trace as it is."""
    lines = [line.rstrip() for line in COLOUR.sub("", trace).splitlines()]
    frames = list(_frames(lines))
    if not frames:
        return tuple(clip(line) for line in lines if line.strip("- "))[-LINES:]
    last = next((frame for frame in reversed(frames) if frame[0].startswith("Cell In")), frames[0])
    return tuple(clip(line) for frame in dict.fromkeys([last, frames[-1]]) for line in frame)


def _frames(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each frame of a stack trace as two lines: where it is, and the line of code that was run."""
    head = ""
    for line in lines:
        if line.startswith(("Cell In", "File ")):
            head = line
        elif head and re.match(r"-+> ?\d", line):
            yield head, line
            head = ""


class _Page(HTMLParser):
    """Reads what HTML says: its text, a line a block or table row, and what stands for a figure."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.text: list[str] = []
        self.hidden = 0
        self.first = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line at a block; note alt texts and the hash of plotted values."""
        if tag in ("style", "script"):
            self.hidden += 1
        if tag in ("td", "th"):
            self.text.append("" if self.first else " | ")
            self.first = False
        elif tag not in INLINE:
            self.end_line()
            self.first = True
        self.lines += [f"{name}: {value}" for name, value in attrs if name in ("alt", "data-plotted")]

    def handle_endtag(self, tag: str) -> None:
        """End a line at a block's end."""
        if tag in ("style", "script"):
            self.hidden -= 1
        if tag in ("tr", "p", "figcaption", "li", "div", "summary", "caption", "dd", "dt"):
            self.end_line()

    def handle_data(self, data: str) -> None:
        """Collect text."""
        if not self.hidden:
            self.text.append(data)

    def end_line(self) -> None:
        """Keep the collected text, if there is any."""
        if line := " ".join("".join(self.text).split()):
            self.lines.append(line)
        self.text = []


def _read_html(text: str) -> list[str]:
    page = _Page()
    page.feed(text)
    page.close()
    page.end_line()
    return page.lines


def _difference(outputs: list[list[str]]) -> tuple[str, str, tuple[str, ...]]:
    """Return what was stored, what came, and a small diff of the two.

    outputs: for each form of output that differs its name, the stored text and the text that came.
    """
    forms = {form: (stored, came) for form, stored, came in outputs}
    if "text/html" in forms:
        forms.pop("text/plain", None)  # the same thing once more, in short
    gone, new, detail = [], [], []
    for form, (stored, came) in forms.items():
        left, right = (COLOUR.sub("", text).splitlines() for text in (stored, came))
        if form == "text/html":
            left, right = _read_html(stored), _read_html(came)
            if left == right:
                left, right = (re.sub(r">\s*<", ">\n<", text).splitlines() for text in (stored, came))
        for sign, line in _diff(left, right):
            detail.append(f"{sign} {line}")
            {"-": gone, "+": new, " ": []}[sign].append(line)
    if len(detail) > LINES:
        detail[LINES:] = [f"… and {len(detail) - LINES} more lines"]
    return "\n".join(gone[:LINES]), "\n".join(new[:LINES]), tuple(detail)


def _diff(left: list[str], right: list[str]) -> Iterator[tuple[str, str]]:
    """Yield signs and lines: what differs, and one equal line before it."""
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    for what, start_left, end_left, start_right, end_right in matcher.get_opcodes():
        if what == "equal":
            if end_left < len(left) or end_right < len(right):
                yield " ", clip(left[end_left - 1])
            continue
        pairs = list(zip_longest(left[start_left:end_left], right[start_right:end_right]))
        starts = [_start(*pair) for pair in pairs]
        for side, sign in enumerate("-+"):
            for pair, start in zip(pairs, starts, strict=True):
                if (line := pair[side]) is not None:
                    yield sign, clip(f"…{line[start:]}" if start else line)


def _start(one: str | None, other: str | None) -> int:
    """Return where to begin to show two lines, so that a wide pair shows the place where they part."""
    if one is None or other is None or max(len(one), len(other)) <= WIDTH:
        return 0
    parted = (place for place, (left, right) in enumerate(zip(one, other, strict=False)) if left != right)
    return max(0, next(parted, min(len(one), len(other))) - WIDTH // 4)
