"""Checking made lessons: what passes, and how a failure is told."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from made import cell, figure, lesson, shows
from nbval.plugin import get_sanitize_patterns

from pactlab.errors import KitError
from pactlab.lessons.check import Failure, Result, check

ALT = "An alt text that says what the figure shows. " * 8
ROWS = [("", "a"), ("0", "1"), ("1", "2")]
TABLE = f"<table>{''.join(f'<tr><th>{label}</th><td>{value}</td></tr>' for label, value in ROWS)}</table>"
NEVER_RUN = cell("print(1)")
NEVER_RUN.execution_count = None
LESSONS = {
    "passes": [
        cell("import pandas as pd\nprint(len(pd.DataFrame({'a': [1, 2]})))", printed="2\n"),
        cell("print('not compared')", printed="something else\n", tags=()),
        cell("1 / 0", tags=["raises-exception"]),
        cell(shows(figure(picture="QUJD")), html=figure(picture="REVG")),
    ],
    "printed": [
        cell("x = 1", tags=()),
        cell("print('one')\nprint('two')\nprint('three')", printed="one\n2\nthree\n"),
    ],
    "table": [cell("import pandas as pd\npd.DataFrame({'a': [1, 3]})", html=TABLE)],
    "figure": [
        cell(
            shows(figure(plotted="aaaaaa", alt=f"{ALT}Ends in 5.", picture="QUJD")),
            html=figure(plotted="bbbbbb", alt=f"{ALT}Ends in 6.", picture="REVG"),
        )
    ],
    "raises": [
        cell("# NBVAL_CHECK_OUTPUT\ntotal = 1", tags=()),
        cell("import json\njson.loads('{')"),
        cell("total = 2"),
    ],
    "kit": [cell("from pactlab.errors import KitError\nraise KitError('no such table')")],
    "network": [cell("import urllib.request\nurllib.request.urlopen('https://example.org')")],
    "slow": [cell("import time\ntime.sleep(30)"), cell("x = 1")],
    "dies": [cell("import os\nos._exit(3)"), cell("x = 1"), cell("y = 2")],
    "never": [NEVER_RUN],
    "empty": [],
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """Results of all made lessons, from one run."""
    folder = tmp_path_factory.mktemp("lessons")
    paths = [lesson(folder / f"{name}.ipynb", *cells) for name, cells in LESSONS.items()]
    seen: list[Result] = []
    found = check(paths, workers=2, on_progress=seen.append, cell_seconds=2)
    assert [result.path for result in found] == paths
    assert sorted(seen, key=lambda result: result.name) == sorted(found, key=lambda result: result.name)
    return {result.name: result for result in found}


def only(result: Result) -> Failure:
    """The one failure of a lesson."""
    (failure,) = result.failures
    return failure


def test_a_lesson_passes(results):
    result = results["passes"]
    assert result.failures == ()
    assert (result.ok, result.cells, result.compared) == (True, 4, 2)
    assert 0 < result.seconds < 60


def test_a_lesson_without_code_passes(results):
    assert results["empty"].ok


def test_changed_output(results):
    failure = only(results["printed"])
    assert (failure.kind, failure.index, failure.count) == ("differs", 2, 2)
    assert (failure.source, failure.stored, failure.came) == ("print('one')", "2", "two")
    assert failure.detail == ("  one", "- 2", "+ two")
    assert str(failure).startswith("cell [2], index 2: print('one')\n  the output differs")


def test_changed_table_is_told_by_row(results):
    failure = only(results["table"])
    assert (failure.stored, failure.came) == ("1 | 2", "1 | 3")


def test_figure_with_other_values(results):
    failure = only(results["figure"])
    assert "data-plotted: bbbbbb" in failure.stored
    assert "data-plotted: aaaaaa" in failure.came
    assert failure.stored.endswith("Ends in 6.")
    assert "base64" not in str(failure)
    assert max(len(line) for line in str(failure).splitlines()) < 200


def test_raising_cell(results):
    failure = only(results["raises"])
    assert (failure.kind, failure.index, failure.source) == ("raised", 2, "import json")
    assert failure.came.startswith("JSONDecodeError: Expecting property name")
    assert failure.detail[0].startswith("Cell In")
    assert failure.detail[1].endswith("json.loads('{')")
    assert "\x1b" not in str(failure)


def test_error_of_the_kit_is_told_in_one_line(results):
    failure = only(results["kit"])
    assert failure.came == "KitError: no such table"
    assert failure.detail == ()


def test_network_is_refused(results):
    failure = only(results["network"])
    assert "connection to example.org refused; put the data into data/ instead" in failure.came


def test_slow_cell(results):
    failure = only(results["slow"])
    assert (failure.kind, failure.came) == ("timeout", "Timeout of 2 seconds exceeded executing cell")


def test_kernel_that_dies_is_told_once(results):
    assert only(results["dies"]).kind == "timeout"


def test_marked_cell_that_was_never_run(results):
    failure = only(results["never"])
    assert (failure.kind, failure.count) == ("unrun", None)


def test_no_notebook(tmp_path):
    (tmp_path / "broken.ipynb").write_text("{oops")
    (tmp_path / "old.ipynb").write_text(json.dumps({"worksheets": []}))
    results = check([tmp_path / "broken.ipynb", tmp_path / "old.ipynb"])
    for result in results:
        assert "not a notebook of format 4" in str(only(result))
    with pytest.raises(KitError, match=r"nowhere\.ipynb"):
        check([tmp_path / "nowhere.ipynb"])


def test_two_workers_and_foreign_settings(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (tmp_path / "conftest.py").write_text("raise RuntimeError('not ours')\n")
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    warm = "import sys\nprint('pandas' in sys.modules)"
    expected = f"{sys.platform == 'linux'}\n"
    paths = [lesson(tmp_path / f"{name}.ipynb", cell(warm, printed=expected)) for name in "abc"]
    results = check(paths, workers=2)
    assert [(result.path, result.failures) for result in results] == [(path, ()) for path in paths]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
def test_interrupted_check_leaves_nothing_behind(tmp_path, wait_for):
    started, temporary = tmp_path / "started", tmp_path / "temporary"
    temporary.mkdir()
    wait = cell(f"open({str(started)!r}, 'w').close()\nimport time\ntime.sleep(60)")
    slow = lesson(tmp_path / "slow.ipynb", wait)
    code = f"from pathlib import Path; from pactlab.lessons.check import check; check([Path({str(slow)!r})])"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "TMPDIR": str(temporary)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_for(started.exists)
    os.killpg(process.pid, signal.SIGINT)  # as a keyboard does: to all processes of the terminal
    process.wait(20)
    assert list(temporary.iterdir()) == []


def test_rules_of_comparison():
    rules = get_sanitize_patterns((Path(__file__).parent / "nbval.cfg").read_text())

    def clean(text: str) -> str:
        for pattern, replacement in rules:
            text = re.sub(pattern, replacement, text)
        return text

    kept = '<figure data-plotted="aa"><img alt="b" src="data:image"></figure>'
    for kind in ("png", "svg+xml", "svg+xml;charset=utf-8"):
        assert clean(kept.replace("data:image", f"data:image/{kind};base64,QUJD+/9=")) == kept
    assert clean("<object at 0x7f3a91c2> costs 0x10") == "<object at ADDRESS> costs 0x10"
