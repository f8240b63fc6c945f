"""Kernels of the checks: as good as installed ones, offline, and gone when they should be."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from made import cell, lesson

from pactlab.lessons import kernel
from pactlab.lessons.warm import OPTIONS, WarmKernels

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="kernels are warm on Linux only")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such sockets")
KINDS = ["plain", pytest.param("warm", marks=LINUX)]


class Running:
    """A kernel and what to ask it."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self.manager, self.client = manager, client

    @property
    def launcher(self) -> subprocess.Popen:
        return self.manager.provisioner.process

    def run(self, code: str) -> dict[str, Any]:
        """Run code; return what it printed, and the error if there was one."""
        said: dict[str, Any] = {"printed": "", "error": None}

        def hear(message: dict) -> None:
            content = message["content"]
            if message["msg_type"] == "stream" and content["name"] == "stdout":
                said["printed"] += content["text"]
            if message["msg_type"] == "error":
                said["error"] = f"{content['ename']}: {content['evalue']}"

        self.client.execute_interactive(code, output_hook=hear, timeout=60)
        return said

    def value(self, expression: str) -> Any:
        """Return the value of an expression, which JSON must be able to hold."""
        said = self.run(f"import json\nprint(json.dumps({expression}))")
        assert said["error"] is None
        return json.loads(said["printed"])


@contextlib.contextmanager
def running(kernels: WarmKernels | None, folder: Path, environment: dict | None = None) -> Iterator[Running]:
    """Run a kernel of ours in a folder; without `kernels` the one that is installed."""
    folders = [str(kernels.folder / "kernels")] if kernels else []
    manager = KernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=folders))
    extra = [] if kernels else OPTIONS[2:]
    # Read before the kernel's environment is fixed, as the installed kernel would find it.
    manager.start_kernel(cwd=str(folder), env=environment or clean(), extra_arguments=extra, stderr=-3)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        yield Running(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def clean() -> dict[str, str]:
    """The environment without proxies, which our kernels remove."""
    return {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}


def processes(*pids: int) -> list[str]:
    """Describe those processes that have not ended; one that its parent has yet to collect has."""
    found = []
    for pid in pids:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
            command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
            if state not in "ZX":
                found.append(f"{pid}, child of {parent}, {state}: {command}")
    return found


@pytest.fixture
def ended(wait_for: Callable[..., None]) -> Callable[..., None]:
    """Wait until processes have ended."""

    def wait(*pids: int) -> None:
        try:
            wait_for(lambda: not processes(*pids))
        except AssertionError:
            pytest.fail(f"still there: {processes(*pids)}")

    return wait


@pytest.fixture(scope="module")
def kernels() -> Iterator[dict[str, WarmKernels]]:
    """Kernels of both kinds."""
    with WarmKernels() as plain, WarmKernels() as warm:
        warm.warm()
        yield {"plain": plain, "warm": warm}
    assert warm.trouble is None


@pytest.fixture(scope="module")
def one(kernels, tmp_path_factory) -> Iterator[Callable[[str], Running]]:
    """One kernel of each kind, for tests that leave it as it was."""
    with contextlib.ExitStack() as stack:
        started: dict[str, Running] = {}

        def start(kind: str) -> Running:
            if kind not in started:
                folder = tmp_path_factory.mktemp(kind)
                started[kind] = stack.enter_context(running(kernels.get(kind), folder))
            return started[kind]

        yield start


# What a lesson finds

FOUND = textwrap.dedent(
    """
    import asyncio, locale, os, random, signal, sys, tempfile, threading
    from pathlib import Path
    found = {
        "name": __name__,
        "module": repr(sys.modules["__main__"]),
        "argv": [sys.argv[0], sys.argv[1], Path(sys.argv[2]).suffix, *sys.argv[3:]],
        "folder is the test's": os.getcwd() == os.path.realpath(os.getcwd()),
        "path": sys.path,
        "environment": {k: v for k, v in sorted(os.environ.items()) if not k.startswith("PYTEST_")},
        "executable": sys.executable,
        "prefix": sys.prefix,
        "umask": os.umask(0o22),
        "temporary": tempfile.gettempdir(),
        "locale": locale.setlocale(locale.LC_ALL),
        "stdin": os.isatty(0),
        "flags": str(sys.flags),
        "main thread": threading.current_thread() is threading.main_thread(),
        "handlers": {s.name: str(signal.getsignal(s)) for s in (signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE)},
        "loop": type(asyncio.get_event_loop()).__name__,
        "recursion": sys.getrecursionlimit(),
        "trace": repr(sys.gettrace()),
        "builtins": sorted(vars(__builtins__)),
    }
    import matplotlib, pandas
    from pandas._config import config
    found["pandas"] = {
        name: [repr(option.defval), repr(pandas.get_option(name))]
        for name, option in config._registered_options.items()
    }
    found["matplotlib"] = {name: repr(value) for name, value in matplotlib.rcParams.items()}
    found["backend"] = matplotlib.get_backend()
    import matplotlib.axes, matplotlib.units
    found["units"] = sorted(str(kind) for kind in matplotlib.units.registry)
    import ipywidgets
    found["comms"] = sorted(get_ipython().kernel.comm_manager.targets)
    found["slider"] = ipywidgets.IntSlider().comm is not None
    """
)


@LINUX
@pytest.mark.parametrize("kind", KINDS)
def test_kernel_is_like_the_installed_one(one, kind):
    ours, installed = one(kind), one("installed")
    for kernel_of in (ours, installed):
        assert kernel_of.run(FOUND)["error"] is None
    for what in ours.value("list(found)"):
        assert ours.value(f"found[{what!r}]") == installed.value(f"found[{what!r}]"), what


@pytest.mark.parametrize("kind", KINDS)
def test_pyplot_shows_a_picture(one, kind):
    shown = []
    one(kind).client.execute_interactive(
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])",
        output_hook=lambda message: shown.extend(message["content"].get("data", {})),
    )
    assert "image/png" in shown


@LINUX
def test_warm_kernel_is_warm_and_plain_is_not(one):
    loaded = "[name in __import__('sys').modules for name in ('matplotlib.figure', 'PIL.Image', 'pactlab')]"
    assert one("warm").value(loaded) == [True, True, False]
    assert one("plain").value("__import__('os').getpid()") == one("plain").launcher.pid


@LINUX
def test_two_forks_draw_different_numbers(kernels, tmp_path):
    draw = (
        "(lambda random, numpy, uuid: [random.random(), numpy.random.random(), "
        "numpy.random.default_rng().random(), str(uuid.uuid4())])(*map(__import__, ('random', 'numpy', 'uuid')))"
    )
    with running(kernels["warm"], tmp_path) as first, running(kernels["warm"], tmp_path) as second:
        drawn = [*first.value(draw), *second.value(draw)]
    assert len(set(drawn)) == len(drawn)


@pytest.mark.parametrize("kind", KINDS)
def test_environment_and_folder_are_the_callers(kernels, kind, tmp_path):
    environment = {**clean(), "PACTLAB_TEST": "ü=1", "TZ": "Asia/Tokyo", "HTTPS_PROXY": "localhost:9"}
    with running(kernels[kind], tmp_path, environment) as made:
        assert made.value("__import__('os').environ['PACTLAB_TEST']") == "ü=1"
        assert made.value("__import__('os').environ.get('HTTPS_PROXY')") is None
        assert made.value("__import__('os').getcwd()") == str(tmp_path)
        assert sys.platform == "win32" or made.value("__import__('time').tzname") == ["JST", "JST"]


# Offline

ASKS = {
    "page": "import urllib.request; urllib.request.urlopen('https://example.org/a.csv')",
    "table": "import pandas; pandas.read_csv('http://example.org/a.csv')",
    "name": "import socket; socket.getaddrinfo('example.org', 443)",
    "old name": "import socket; socket.gethostbyname('example.org')",
    "address": "import socket; socket.create_connection(('192.0.2.1', 80), timeout=1)",
    "address, version 6": "import socket; socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
    "datagram": "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    "error number": "import socket; socket.socket().connect_ex(('192.0.2.1', 80))",
    "event loop": "import asyncio; await asyncio.open_connection('example.org', 80)",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ask", ASKS)
def test_network_is_refused(one, kind, ask):
    error = one(kind).run(ASKS[ask])["error"]
    assert "lessons run offline: connection to" in error
    assert "refused; put the data into data/ instead" in error


@pytest.mark.parametrize("kind", KINDS)
def test_refusal_is_a_connection_error(one, kind):
    said = one(kind).run(f"try:\n    {ASKS['name']}\nexcept ConnectionError:\n    print('caught')")
    assert said == {"printed": "caught\n", "error": None}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_loopback_is_allowed(one, kind, host):
    code = f"""
        import socket
        server = socket.create_server(("127.0.0.1", 0))
        client = socket.create_connection(({host!r}, server.getsockname()[1]), timeout=5)
        client.sendall(b"hello")
        print(server.accept()[0].recv(5).decode())
    """
    assert one(kind).run(textwrap.dedent(code)) == {"printed": "hello\n", "error": None}


@POSIX
@pytest.mark.parametrize("kind", KINDS)
def test_unix_sockets_are_allowed(one, kind):
    code = """
        import socket
        server = socket.socket(socket.AF_UNIX)
        server.bind("here")
        server.listen()
        socket.socket(socket.AF_UNIX).connect("here")
        left, right = socket.socketpair()
        left.sendmsg([b"hello"])
        print(right.recv(5).decode())
    """
    assert one(kind).run(textwrap.dedent(code)) == {"printed": "hello\n", "error": None}


# Ending: what Jupyter does to the launcher must happen to the kernel

BUSY = "sum(range(10**13))"  # never lets another thread of the process run


@LINUX
@pytest.mark.parametrize("code", ["import time; time.sleep(60)", BUSY], ids=["asleep", "busy"])
def test_kernel_dies_with_its_launcher(kernels, code, tmp_path, ended):
    with running(kernels["warm"], tmp_path) as made:
        pid = made.value("__import__('os').getpid()")
        child = made.value("__import__('subprocess').Popen(['sleep', '60']).pid")
        made.client.execute(code)
        os.killpg(made.launcher.pid, signal.SIGKILL)
        ended(pid, child)


@LINUX
def test_kernel_can_be_interrupted(kernels, tmp_path, wait_for):
    with running(kernels["warm"], tmp_path) as made:
        wait = "open('started', 'w').close()\nimport time; time.sleep(60)"
        made.client.execute(wait, stop_on_error=False)
        wait_for((tmp_path / "started").exists)
        made.manager.interrupt_kernel()
        assert made.run("print('here')")["printed"] == "here\n"


@LINUX
@pytest.mark.parametrize(("code", "exit_code"), [("os._exit(3)", 3), ("os.kill(os.getpid(), 15)", -15), ("exit()", 0)])
def test_launcher_ends_as_its_kernel_does(kernels, code, exit_code, tmp_path):
    with running(kernels["warm"], tmp_path) as made:
        made.run("import atexit, os\n_ = atexit.register(lambda: open('left', 'w').close())")
        made.client.execute(code)
        assert made.launcher.wait(20) == exit_code
        assert (tmp_path / "left").exists() == (exit_code == 0)


@LINUX
def test_terminated_launcher_ends_its_kernel(kernels, tmp_path, ended):
    with running(kernels["warm"], tmp_path) as made:
        pid = made.value("__import__('os').getpid()")
        made.launcher.terminate()
        assert made.launcher.wait(20) == -signal.SIGTERM
        ended(pid)


@LINUX
def test_without_the_warm_process_a_plain_kernel_starts(tmp_path, ended):
    with WarmKernels() as kernels:
        kernels.warm()
        with running(kernels, tmp_path) as before:
            pid = before.value("__import__('os').getpid()")
            kernels.process.kill()
            ended(pid)
        with running(kernels, tmp_path) as after:
            assert after.value("__import__('os').getpid()") == after.launcher.pid
            assert "lessons run offline" in after.run(ASKS["name"])["error"]
    assert kernels.trouble == "the warm process ended with code -9: it said nothing"


@LINUX
def test_warm_process_that_does_not_start(tmp_path, monkeypatch):
    (tmp_path / "pandas.py").write_text("raise ImportError('broken on purpose')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with WarmKernels() as kernels:
        kernels.warm()
        with running(kernels, tmp_path) as made:
            assert "lessons run offline" in made.run(ASKS["name"])["error"]
    assert kernels.trouble == "the warm process ended with code 1: ImportError: broken on purpose"


@LINUX
def test_module_that_cannot_be_imported_is_left_out(tmp_path, monkeypatch):
    (tmp_path / "ipywidgets.py").write_text("raise ImportError('broken on purpose')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with WarmKernels() as kernels:
        kernels.warm()
        with running(kernels, tmp_path) as made:
            assert made.value("'pandas' in __import__('sys').modules")
    assert kernels.trouble is None


@LINUX
def test_killed_owner_leaves_no_process(tmp_path, wait_for, ended):
    code = """
        import os, sys, time
        from jupyter_client.manager import KernelManager
        from pactlab.lessons.warm import WarmKernels
        with WarmKernels() as kernels:
            kernels.warm()
            manager = KernelManager(kernel_name="python3")
            manager.start_kernel()
            client = manager.client()
            client.start_channels()
            client.wait_for_ready()
            client.execute("import os; open('kernel', 'w').write(f'{os.getpid()}\\\\n')")
            print(kernels.process.pid, manager.provisioner.process.pid, flush=True)
            time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    environment = {**clean(), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as owner:
        pids = [int(pid) for pid in owner.stdout.readline().split()]
        wait_for(lambda: (tmp_path / "kernel").exists() and (tmp_path / "kernel").read_text().endswith("\n"))
        owner.kill()
        ended(*pids, int((tmp_path / "kernel").read_text()))


def test_jupyter_path_is_put_back(monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "before")
    with WarmKernels() as kernels:
        assert os.environ["JUPYTER_PATH"] == f"{kernels.folder}{os.pathsep}before"
    assert os.environ["JUPYTER_PATH"] == "before"
    assert not kernels.folder.exists()


@LINUX
@pytest.mark.parametrize(("unwanted", "flags"), [(True, "-ISB"), (False, "-IS")])
def test_launcher_writes_bytecode_only_where_it_is_wanted(monkeypatch, unwanted, flags):
    monkeypatch.setattr(sys, "dont_write_bytecode", unwanted)
    with WarmKernels() as kernels:
        spec = json.loads((kernels.folder / "kernels" / "python3" / "kernel.json").read_text())
    assert spec["argv"][1] == flags


@LINUX
def test_folder_with_too_long_a_name(tmp_path, monkeypatch):
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with WarmKernels() as kernels:
        kernels.warm()
        with running(kernels, tmp_path) as made:
            assert made.value("__import__('os').getpid()") == made.launcher.pid
    assert "too long" in kernels.trouble


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_each_kernel_starts_on_its_own(monkeypatch, platform):
    monkeypatch.setattr(sys, "platform", platform)
    with WarmKernels() as kernels:
        kernels.warm()
        assert kernels.process is None
        spec = json.loads((kernels.folder / "kernels" / "python3" / "kernel.json").read_text())
        assert spec["argv"][:3] == [sys.executable, kernel.__file__, "plain"]


# Within pytest

SEEN = """
import os, sys
with open({file!r}, "a") as seen:
    seen.write(f"{{os.getpid()}} {{os.getppid()}} {{'pandas' in sys.modules}}\\n")
"""


@pytest.fixture
def pytest_here(tmp_path: Path) -> Callable[..., subprocess.Popen]:
    """Start pytest with nbval and our plugin in the test's folder."""

    def start(*options: str) -> subprocess.Popen:
        (tmp_path / "pytest.ini").touch()
        (tmp_path / "temporary").mkdir(exist_ok=True)
        command = [sys.executable, "-m", "pytest", "-p", "pactlab.lessons.pytest_plugin", "--nbval-lax"]
        return subprocess.Popen(
            [*command, *options],
            cwd=tmp_path,
            env={**clean(), "TMPDIR": str(tmp_path / "temporary")},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return start


def seen_by(tmp_path: Path) -> list[list[str]]:
    file = tmp_path / "seen"
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


@LINUX
@pytest.mark.parametrize("options", [[], ["-n2", "--dist=loadfile"]], ids=["alone", "workers"])
def test_plugin_warms_kernels_of_several_notebooks(pytest_here, tmp_path, options):
    for name in "ab":
        lesson(tmp_path / f"{name}.ipynb", cell(SEEN.format(file=str(tmp_path / "seen")), tags=()))
    with pytest_here(*options) as run:
        assert run.wait(60) == 0, run.stdout.read()
    (first, warm, loaded), (second, same, also) = seen_by(tmp_path)
    assert (warm, loaded, also) == (same, "True", "True")
    assert not processes(first, second, warm)
    assert list((tmp_path / "temporary").glob("pactlab-*")) == []


@LINUX
@pytest.mark.parametrize("options", [[], ["--collect-only"], ["-n2"]], ids=["one notebook", "collected", "workers"])
def test_plugin_starts_no_warm_process_for_nothing(pytest_here, tmp_path, options):
    lesson(tmp_path / "a.ipynb", cell(SEEN.format(file=str(tmp_path / "seen")), tags=()))
    if options == ["--collect-only"]:
        lesson(tmp_path / "b.ipynb", cell("x = 1"))
    (tmp_path / "test_a.py").write_text(
        "import os\nfrom pathlib import Path\n"
        "def test_a():\n    assert not Path(os.environ['JUPYTER_PATH'].split(os.pathsep)[0], 'warm').exists()\n"
    )
    with pytest_here(*options) as run:
        assert run.wait(60) == 0, run.stdout.read()
    assert [loaded for *_, loaded in seen_by(tmp_path)] == ([] if "--collect-only" in options else ["False"])


@LINUX
def test_plugin_says_why_kernels_are_slow(pytest_here, tmp_path, monkeypatch):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "pandas.py").write_text("raise ImportError('broken on purpose')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "broken"))
    for name in "ab":
        lesson(tmp_path / f"{name}.ipynb", cell("print(1)", printed="1\n"))
    with pytest_here() as run:
        said = run.stdout.read()
        assert run.wait(60) == 0, said
    assert "kernels were started one by one: the warm process ended with code 1: ImportError: broken on" in said


@LINUX
@pytest.mark.parametrize(
    ("number", "options"),
    [
        (signal.SIGINT, []),
        (signal.SIGINT, ["-n2", "--dist=loadfile"]),
        (signal.SIGKILL, []),
    ],
    ids=["interrupted", "interrupted with workers", "killed"],
)
def test_run_that_is_stopped_leaves_no_process(pytest_here, tmp_path, wait_for, ended, *, number, options):
    wait = f"{SEEN.format(file=str(tmp_path / 'seen'))}\nimport time\ntime.sleep(60)"
    for name in "ab":
        lesson(tmp_path / f"{name}.ipynb", cell(wait, tags=()))
    with pytest_here(*options) as run:
        wait_for(lambda: len(seen_by(tmp_path)) == (2 if options else 1), what="kernels")
        os.kill(run.pid, number)
        wait_for(lambda: run.poll() is not None, what="pytest's end")
        ended(*{pid for seen in seen_by(tmp_path) for pid in seen[:2]})
    if number == signal.SIGINT:
        assert list((tmp_path / "temporary").glob("pactlab-*")) == []
