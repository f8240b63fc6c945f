"""Gives nbval offline kernels that start at once: load it with `-p pactlab.lessons.pytest_plugin`.

With `--lesson-report=FILE` it also writes what happened in each cell, one JSON object a line, which is how
`pactlab.lessons.check` learns of it.
"""

import json
from collections import defaultdict
from collections.abc import Generator
from itertools import islice
from pathlib import Path

import nbformat
import pytest
from nbval.plugin import IPyNbCell, NbCellError, coalesce_streams, transform_streams_for_comparison

from pactlab.lessons.warm import WarmKernels

KERNELS = pytest.StashKey[WarmKernels]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that asks for a report."""
    parser.getgroup("nbval").addoption("--lesson-report", metavar="FILE", help="write a line of JSON a cell")


def pytest_configure(config: pytest.Config) -> None:
    """Put our kernels in place of `python3`; workers of pytest-xdist get them through the environment."""
    if not (config.getoption("nbval", False) or config.getoption("nbval_lax", False)):
        return
    rules = config.option.nbval_sanitize_with
    if rules and not Path(rules).exists():
        # nbval looks in the current folder, but pyproject means the project's.
        config.option.nbval_sanitize_with = str(config.rootpath / rules)
    if hasattr(config, "workerinput"):
        return
    config.stash[KERNELS] = WarmKernels()
    config.stash[KERNELS].open()
    if not config.option.collectonly and _several_notebooks(config):
        # At once, not after collection: the imports of the warm process then overlap with pytest's own.
        config.stash[KERNELS].warm()
    if config.option.lesson_report:
        config.pluginmanager.register(Reporter(config.option.lesson_report))


def _several_notebooks(config: pytest.Config) -> bool:
    """Tell whether more than one notebook stands where this run looks; for one, a kernel of its own is faster."""
    places = [config.invocation_params.dir / argument.partition("::")[0] for argument in config.args]
    found = (path for place in places for path in (place.rglob("*.ipynb") if place.is_dir() else [place]))
    lessons = (path for path in found if path.suffix == ".ipynb" and ".ipynb_checkpoints" not in path.parts)
    return len(set(islice(lessons, 2))) > 1


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the kernels, and say so if they had not been warm."""
    kernels = config.stash.get(KERNELS, None)
    if kernels is None:
        return
    kernels.close()
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if kernels.trouble and reporter:
        reporter.write_line(f"kernels were started one by one: {kernels.trouble}", yellow=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach to a cell's report what happened in it, as text that also passes between processes."""
    report = yield
    if item.config.option.lesson_report and isinstance(item, IPyNbCell):
        facts = {
            "path": str(item.path),
            "cell": item.cell_num,
            "phase": call.when,
            "seconds": call.duration,
            "skipped": report.skipped,
            "compared": bool(item.options["check"] and item.cell.execution_count is not None),
            "failure": failure(item, call) if not report.skipped else None,
        }
        report.user_properties.append(("lesson", json.dumps(facts)))
    return report


class Reporter:
    """Writes the facts of each cell to a file; in the controller when pytest-xdist has workers."""

    def __init__(self, path: str) -> None:
        """Remember the file."""
        self.path = Path(path)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write the facts that came with a report."""
        for name, facts in report.user_properties:
            if name == "lesson":
                with self.path.open("a", encoding="ascii") as file:
                    file.write(f"{facts}\n")


def failure(item: IPyNbCell, call: pytest.CallInfo) -> dict | None:
    """Return what went wrong in a cell: its kind, and a message, a stack trace or the outputs that differ."""
    problem = call.excinfo.value if call.excinfo else None
    outputs = item.test_outputs or []
    error = next((output for output in outputs if output.output_type == "error"), None)
    unrun = item.cell.execution_count is None and (item.options["check"] or item.cell.outputs)
    found = None
    if str(problem or "").startswith("Timeout"):
        found = {"kind": "timeout", "message": str(problem)}
    elif problem and not isinstance(problem, NbCellError):
        found = {"kind": "stopped", "message": f"{type(problem).__name__}: {problem}"}
    elif problem and error and not item.options["check_exception"]:
        message = f"{error.ename}: {error.evalue}"
        found = {"kind": "raised", "message": message, "trace": "\n".join(error.traceback)}
    elif call.when == "call" and unrun:
        # nbval passes a marked cell that was never run: there is nothing to compare it with.
        found = {"kind": "unrun", "message": "no run of this cell is stored: refresh the notebook"}
    elif problem:
        found = {"kind": "differs", "outputs": differing(item)}
    return found


def differing(item: IPyNbCell) -> list[tuple[str, str, str]]:
    """Return each form of output that differs, with the stored text and the text that came."""
    # nbval has merged the streams of its own copy in place; only the file still has them as stored.
    cells = [cell for cell in nbformat.read(item.path, as_version=4).cells if cell.cell_type == "code"]
    stored = _forms(item, coalesce_streams(cells[item.cell_num].outputs))
    came = _forms(item, item.test_outputs)
    forms = dict.fromkeys([*stored, *came])
    return [(form, stored[form], came[form]) for form in forms if stored[form] != came[form]]


def _forms(item: IPyNbCell, outputs: list[nbformat.NotebookNode]) -> defaultdict[str, str]:
    """Return what nbval compares of some outputs, by its form: text/html, stdout and so on."""
    forms: defaultdict[str, list[str]] = defaultdict(list)
    for output in transform_streams_for_comparison(outputs):
        for form, value in {**output, **output.get("data", {})}.items():
            if form != "data" and form not in item.parent.skip_compare:
                text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
                forms[form].append(item.sanitize(text))
    return defaultdict(str, {form: "\n".join(texts) for form, texts in forms.items()})
