"""What the command says and does, as its user meets it."""

import re
import signal
import socket
import subprocess
import sysconfig
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from pactlab.cli import main as run_command
from pactlab.cli.lab import free_port
from pactlab.cli.main import app
from pactlab.errors import KitError
from pactlab.lessons.refresh import refresh, write
from pactlab.lessons.run import read, steps
from pactlab.show.lesson import find

PROGRAM = Path(sysconfig.get_path("scripts"), "pactlab")
SECONDS = 60


def said(*words: str) -> str:
    result = CliRunner().invoke(app, words)
    if isinstance(result.exception, KitError):
        raise result.exception
    return result.output


def test_help_names_the_commands():
    shown = said("--help")
    for command in ("lab", "check", "refresh", "figures", "data"):
        assert re.search(rf"\b{command}\b", shown), f"`pactlab --help` does not name {command}"


@pytest.mark.parametrize("words", [["check", "02_the_quud"], ["lab", "02_the_quud"], ["refresh", "02_the_quud"]])
def test_unknown_lesson_gets_the_nearest_name(words):
    with pytest.raises(KitError, match=r"no lesson is called '02_the_quud'; the nearest: 02_the_quad"):
        said(*words)


def test_bad_input_is_one_line_and_status_2(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["pactlab", "data", "card", "quad_meetngs"])
    with pytest.raises(SystemExit) as left:
        run_command()
    assert left.value.code == 2
    assert re.fullmatch(
        r'pactlab: there is no table "quad_meetngs"; nearest: quad_meetings.*\n', capsys.readouterr().err
    )


def test_lessons_are_found_by_name_number_and_path():
    assert find("1") == find("01") == find("01_the_pact") == find("lessons/01_the_pact.ipynb")


def test_data_commands():
    assert "quad_meetings" in said("data", "list")
    assert "One row" in said("data", "card", "quad_meetings")
    assert "hold" in said("data", "verify")
    assert said("data", "cite", "wh-2023-12-15-qscg-tokyo").startswith("[White House, 15 Dec 2023](https://")


def test_taken_port_is_passed_over():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port


def test_lab_opens_a_lesson_and_says_where():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [PROGRAM, "lab", "01", "--no-browser", "--port", str(port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as lab:
            try:
                first, second = lab.stdout.readline(), lab.stdout.readline()
                assert re.fullmatch(rf"Port {port} is in use; the kit is on \d+\.\n", first)
                address = re.fullmatch(r"The kit is at (http://127\.0\.0\.1:\d+)/lab/tree/(.+)\?token=(\w+)\n", second)
                assert address, f"`pactlab lab` prints the address of the lesson; it printed {second!r}"
                host, lesson, token = address.groups()
                assert lesson == "lessons/01_the_pact.ipynb"
                found = answer(f"{host}/api/contents/{lesson}?content=0&token={token}")
                assert '"type": "notebook"' in found, "the address leads to the lesson"
            finally:
                lab.send_signal(signal.SIGINT)
                lab.terminate()


def answer(address: str) -> str:
    until = time.monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as page:
                return page.read().decode()
        except urllib.error.URLError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def lesson_of(folder: Path, *cells: str) -> Path:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    path = folder / "90_made.ipynb"
    nbformat.write(notebook, path)
    return path


def test_refresh_stores_outputs_once(tmp_path):
    path = lesson_of(tmp_path, "print('one')", "1 + 1")
    assert refresh(path), "the first run stores outputs"
    stored = path.read_bytes()
    assert not refresh(path), "an unchanged lesson gives no difference"
    assert path.read_bytes() == stored
    assert [cell.execution_count for cell in read(path).cells] == [1, 2]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("1 / 0", r"90_made\.ipynb, cell 1: ZeroDivisionError: division by zero; nothing was stored"),
        ("import warnings; warnings.warn('mind')", r"90_made\.ipynb, cell 1: warns .*lessons run without warnings"),
    ],
)
def test_refresh_stores_nothing_when_a_cell_fails_or_warns(tmp_path, cell, message):
    path = lesson_of(tmp_path, "print('one')", cell)
    before = path.read_bytes()
    with pytest.raises(KitError, match=message):
        refresh(path)
    assert path.read_bytes() == before
    assert [left.name for left in tmp_path.iterdir()] == [path.name], "nothing half-written is left"


def test_write_leaves_equal_bytes_alone(tmp_path):
    path = lesson_of(tmp_path, "1")
    notebook = read(path)
    assert not write(notebook, path)
    notebook.cells[0].source = "2"
    assert write(notebook, path)
    assert not write(notebook, path)


def test_steps_name_the_failing_cell(tmp_path):
    path = lesson_of(tmp_path, "word = 'one'", "wrod")
    with pytest.raises(KitError, match=r"90_made\.ipynb, cell 1: NameError: name 'wrod' is not defined"):
        list(steps(path))


def test_a_broken_notebook_is_named(tmp_path):
    path = tmp_path / "90_made.ipynb"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(KitError, match=r"90_made\.ipynb: not a notebook that can be read"):
        read(path)
