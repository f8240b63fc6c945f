"""A real hub and proxy on loopback: a teacher hands out and collects, two students fetch, hand in, read their feedback.

Run as root on Linux, every server has a Linux account of its own, as on a real hub; otherwise all run as whoever runs
the tests, and what needs accounts is skipped.
"""

import contextlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import psutil
import pytest
import requests
import websocket

from pactlab.classroom.assign import assign
from pactlab.classroom.edition import edition
from pactlab.classroom.exercise import find

ROOT = Path(__file__).resolve().parents[2]
HUB = ROOT / "classroom" / "hub"
PROXY = HUB / "node_modules" / ".bin" / "configurable-http-proxy"
EXERCISE = find("04").name
COURSE = {"course_id": "pactlab", "assignment_id": EXERCISE}
STUDENTS = ("alice", "bob")
PEOPLE = {"teacher": 31000, "alice": 31001, "bob": 31002}
PASSWORD = "for this test alone"
ACCOUNTS = sys.platform == "linux" and os.geteuid() == 0 and bool(shutil.which("bwrap") and shutil.which("setpriv"))
"""Whether every server gets an account of its own; only root can give them."""

needs_accounts = pytest.mark.skipif(not ACCOUNTS, reason="only root, with bubblewrap, can give each server an account")


def needs(found: object, what: str) -> None:
    if not found and os.environ.get("PACTLAB_REQUIRE_ALL"):
        pytest.fail(f"PACTLAB_REQUIRE_ALL is set, and {what} is missing")
    if not found:
        pytest.skip(f"{what} is missing: see classroom/hub/README.md")


# The hub


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@dataclass
class Person:
    """Somebody at a browser."""

    name: str
    address: str
    browser: requests.Session = field(default_factory=requests.Session)

    def log_in(self) -> None:
        """Log in, and wait for the person's own server."""
        page = self.browser.get(f"{self.address}/hub/login", timeout=20)
        form = {"username": self.name, "password": PASSWORD, "_xsrf": self._token("/hub/")}
        page = self.browser.post(f"{self.address}/hub/login?next=/hub/spawn", data=form, timeout=20)
        assert page.ok, page.text
        until = time.monotonic() + 40
        page = self.ask("GET", f"/user/{self.name}/lab")
        while not (page.ok and page.url == f"{self.address}/user/{self.name}/lab"):
            assert time.monotonic() < until, f"{self.name}'s server did not start: {page.status_code} {page.url}"
            time.sleep(0.2)
            page = self.ask("GET", f"/user/{self.name}/lab")

    def ask(self, method: str, path: str, **more: object) -> requests.Response:
        headers = {"X-XSRFToken": self._token(f"/user/{self.name}/")}
        return self.browser.request(method, self.address + path, headers=headers, timeout=30, **more)

    def own(self, method: str, path: str, **more: object) -> requests.Response:
        """Ask the person's own server."""
        answer = self.ask(method, f"/user/{self.name}/{path}", **more)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[-1000:]}"
        return answer

    def assignments(self) -> dict[str, list[dict]]:
        """Read the list of assignments as JupyterLab shows it, by state."""
        found = self.own("GET", "assignments", params={"course_id": "pactlab"}).json()
        assert found["success"], found
        return {
            state: [one for one in found["value"] if one["status"] == state]
            for state in ("released", "fetched", "submitted")
        }

    def click(self, button: str) -> None:
        """Press a button of the list of assignments: fetch, submit or fetch_feedback."""
        answer = self.own("POST", f"assignments/{button}", data=COURSE).json()
        assert answer["success"], answer

    def run(self, code: str) -> str:
        """Run code in a kernel of the person's own server, as a notebook does; return what it prints."""
        kernel = self.own("POST", "api/kernels", json={}).json()["id"]
        channels = f"{self.address.replace('http', 'ws')}/user/{self.name}/api/kernels/{kernel}/channels"
        cookie = requests.Request("GET", f"{self.address}/user/{self.name}/", cookies=self.browser.cookies).prepare()
        line = websocket.create_connection(channels, cookie=cookie.headers["Cookie"], timeout=30)
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        header = {"msg_id": "1", "msg_type": "execute_request", "username": "", "session": "1", "version": "5.3"}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        said, open_ends = "", {"execute_reply", "idle"}
        try:
            line.send(json.dumps(message))
            while open_ends:  # the answer and what was printed come by two ways, in any order
                came = json.loads(line.recv())
                if came["parent_header"].get("msg_id") == "1":
                    kind, text = came["msg_type"], came["content"]
                    said += text["text"] if kind == "stream" else ""
                    open_ends -= {kind, text["execution_state"] if kind == "status" else kind}
                    assert kind != "error", text
        finally:
            line.close()
            self.own("DELETE", f"api/kernels/{kernel}")
        return said

    def manage(self, button: str) -> str:
        """Press a button of nbgrader's page for teachers, and return what it logs."""
        answer = self.own("POST", f"formgrader/api/assignment/{EXERCISE}/{button}").json()
        assert answer["success"], answer
        return answer.get("log", "")

    def _token(self, path: str) -> str | None:
        return next(
            (cookie.value for cookie in self.browser.cookies if cookie.name == "_xsrf" and cookie.path == path), None
        )


@dataclass
class Hub:
    """A hub at work in a folder of its own."""

    root: Path

    @cached_property
    def address(self) -> str:
        return f"http://127.0.0.1:{free_port()}"

    @property
    def kit(self) -> Path:
        """The students' edition, as an administrator unpacks it."""
        return next((self.root / "opt").iterdir())

    @property
    def inbound(self) -> Path:
        return self.root / "exchange" / "pactlab" / "inbound"

    @property
    def course(self) -> Path:
        return self.home("teacher") / "pactlab" / "course"

    def home(self, name: str) -> Path:
        return self.root / "home" / name

    def collected(self, name: str) -> Path:
        return self.course / "submitted" / name / EXERCISE / f"{EXERCISE}.ipynb"

    def person(self, name: str) -> Person:
        one = Person(name, self.address)
        one.log_in()
        return one

    def run_as(self, name: str, code: str) -> subprocess.CompletedProcess:
        """Run Python as a person's server would, in the person's home."""
        command = [self.root / "as_account", sys.executable, "-I", "-c", code]
        names = {"HOME": str(self.home(name)), "JUPYTERHUB_USER": name, "PATH": os.environ["PATH"]}
        return subprocess.run(command, cwd=self.home(name), env=names, capture_output=True, text=True, check=False)

    def prepare(self) -> None:
        """Do what README.md asks of an administrator, and what a teacher does before the first lesson."""
        with zipfile.ZipFile(edition(self.root).path) as packed:
            packed.extractall(self.root / "opt")
        shutil.copytree(HUB, self.kit / "classroom" / "hub", ignore=shutil.ignore_patterns("node_modules"))
        if not ACCOUNTS:  # then everything belongs to whoever runs the tests
            with (self.kit / "classroom" / "hub" / "nbgrader_config.py").open("a") as settings:
                settings.write("\n\ndef account(student_id):\n    return os.getuid()\n")
        (self.root / "state").mkdir(mode=0o700)
        (self.root / "exchange").mkdir()
        (self.root / "exchange").chmod(0o1777)
        (self.inbound).mkdir(parents=True)
        shutil.copytree(ROOT / "exercises" / EXERCISE, self.home("teacher") / "pactlab" / "exercises" / EXERCISE)
        shutil.copy(ROOT / "nbgrader_config.py", self.home("teacher") / "pactlab")
        assign(find("04"), to=self.course / "release", data_too=False)
        for name in PEOPLE:
            self.home(name).mkdir(exist_ok=True)
            give(self.home(name), name)
            self.home(name).chmod(0o700)
        give(self.inbound.parent, "teacher")
        self.inbound.chmod(0o1733)
        rows = [f"{name}:x:{number}:{number}::{self.home(name)}:/bin/sh\n" for name, number in PEOPLE.items()]
        (self.root / "passwd").write_text(Path("/etc/passwd").read_text() + "".join(rows) if ACCOUNTS else "")
        (self.root / "as_account").write_text(as_account(self.root / "passwd"))
        (self.root / "as_account").chmod(0o755)
        (self.root / "config.py").write_text(config(self))

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Run the hub; afterwards nothing of it runs."""
        log = self.root / "hub.log"
        command = [sys.executable, "-m", "jupyterhub", "-f", str(self.root / "config.py")]
        if shutil.which("setpriv"):  # so that it ends even when the tests are killed
            command = ["setpriv", "--pdeathsig", "TERM", *command]
        names = os.environ | {
            "PACTLAB_HUB": str(self.root / "state"),
            "PACTLAB_EXCHANGE": str(self.root / "exchange"),
            "PATH": os.pathsep.join([str(PROXY.parent), str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONPATH": str(self.kit),
        }
        with log.open("wb") as lines:
            hub = psutil.Popen(command, cwd=self.kit, env=names, stdout=lines, stderr=lines, start_new_session=True)
        try:
            until = time.monotonic() + 40
            while not answers(f"{self.address}/hub/health"):
                assert hub.poll() is None, f"the hub ended: {log.read_text()[-3000:]}"
                assert time.monotonic() < until, f"the hub did not start: {log.read_text()[-3000:]}"
                time.sleep(0.1)
            yield
        finally:
            left = end(hub)
        assert not left, f"the hub left these behind: {left}"


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.ConnectionError:
        return False


def end(hub: psutil.Popen) -> list[str]:
    """Ask the hub to end with all it started; kill and name what does not."""
    family = [hub, *hub.children(recursive=True)] if hub.is_running() else [hub]
    with contextlib.suppress(psutil.NoSuchProcess):
        hub.send_signal(signal.SIGTERM)
    left = psutil.wait_procs(family, timeout=15)[1]
    named = []
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            named.append(shlex.join(process.cmdline()))
            process.kill()
    psutil.wait_procs(left, timeout=5)
    return named


def give(folder: Path, name: str) -> None:
    if ACCOUNTS:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, PEOPLE[name], PEOPLE[name])


def as_account(passwd: Path) -> str:
    """Write a command that runs another as the account $JUPYTERHUB_USER, which this machine need not have.

    The teachers' kit and root's home are not there, as on a server where they are closed; Python is, wherever it lies.
    """
    if not ACCOUNTS:
        return '#!/bin/sh\nexec "$@"\n'
    seen = []
    for place in {Path(sys.prefix), Path(sys.base_prefix)}:
        # bubblewrap would close the folders above to all but root.
        seen += [word for above in reversed(place.parents[:-1]) for word in ("--dir", str(above))]
        seen += ["--ro-bind", str(place), str(place)]
    box = ["bwrap", "--dev-bind", "/", "/", "--tmpfs", "/root", "--tmpfs", str(ROOT), *seen, "--proc", "/proc"]
    box += ["--ro-bind", str(passwd), "/etc/passwd", "--unshare-pid", "--die-with-parent", "--"]
    return (
        f"#!/bin/sh\nid=$(awk -F: -v name=\"$JUPYTERHUB_USER\" '$1 == name {{print $3}}' {shlex.quote(str(passwd))})\n"
        f'exec {shlex.join(box)} setpriv --reuid "$id" --regid "$id" --clear-groups --no-new-privs "$@"\n'
    )


def config(hub: Hub) -> str:
    """Take the hub's own configuration; other ports, people without passwords of this machine, servers as above."""
    server = [str(hub.root / "as_account"), sys.executable, "-m", "jupyterhub.singleuser"]
    return f"""
load_subconfig({str(hub.kit / "classroom" / "hub" / "jupyterhub_config.py")!r})
c.JupyterHub.bind_url = {hub.address!r}
c.JupyterHub.hub_port = {free_port()}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{free_port()}"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {PASSWORD!r}
c.Authenticator.allowed_users = {set(PEOPLE)!r}
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {str(hub.root / "home" / "{username}")!r}
c.Spawner.cmd = {server!r}
c.Spawner.environment["JUPYTER_RUNTIME_DIR"] = lambda spawner: {str(hub.root)!r} + f"/home/{{spawner.user.name}}/run"
"""


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    if sys.platform == "win32":
        pytest.skip("neither JupyterHub nor nbgrader's exchange runs on Windows")
    needs(importlib.util.find_spec("jupyterhub"), "jupyterhub")
    needs(PROXY.exists() or shutil.which("configurable-http-proxy"), "configurable-http-proxy")
    needs(shutil.which("node"), "node")
    if os.environ.get("PACTLAB_REQUIRE_ALL") and os.geteuid() == 0:
        needs(ACCOUNTS, "bubblewrap or setpriv")
    # Not pytest's own folder, which is closed to other accounts.
    with tempfile.TemporaryDirectory(prefix="pactlab-hub-") as folder:
        Path(folder).chmod(0o755)
        one = Hub(Path(folder))
        one.prepare()
        with one.running():
            yield one


@pytest.fixture(scope="module")
def people(hub: Hub) -> dict[str, Person]:
    with ThreadPoolExecutor() as at_once:
        return dict(zip(PEOPLE, at_once.map(hub.person, PEOPLE), strict=True))


@pytest.fixture(scope="module")
def teacher(people: dict[str, Person]) -> Person:
    people["teacher"].manage("release")
    return people["teacher"]


@pytest.fixture(scope="module")
def students(people: dict[str, Person]) -> dict[str, Person]:
    return {name: people[name] for name in STUDENTS}


@pytest.fixture(scope="module")
def handed_in(students: dict[str, Person], teacher: Person) -> dict[str, Person]:
    """Fetch the exercise, write one's name into it, hand it in: each student through the own server."""
    for name, one in students.items():
        assert [row["assignment_id"] for row in one.assignments()["released"]] == [EXERCISE]
        one.click("fetch")
        path = f"api/contents/{EXERCISE}/{EXERCISE}.ipynb"
        notebook = one.own("GET", path).json()["content"]
        cell = next(cell for cell in notebook["cells"] if cell["id"] == "student-id")
        cell["source"] = f'student_id = "{name}"'
        one.own("PUT", path, json={"type": "notebook", "format": "json", "content": notebook})
        one.click("submit")
    return students


# The road


def test_the_exercise_arrives_without_answers(hub: Hub, handed_in: dict[str, Person]) -> None:
    for name in STUDENTS:
        folder = hub.home(name) / EXERCISE
        assert not ACCOUNTS or folder.stat().st_uid == PEOPLE[name]
        assert sorted(path.name for path in folder.iterdir() if path.name[0] != ".") == [
            f"{EXERCISE}.ipynb",
            "HOWTO.md",
        ]
        assert not re.search("BEGIN SOLUTION|BEGIN HIDDEN TESTS", (folder / f"{EXERCISE}.ipynb").read_text())


def test_notebooks_find_library_and_data(hub: Hub, students: dict[str, Person]) -> None:
    said = students["alice"].run("from pactlab import data; print(data.root(), len(data.load('countries')) > 9)")
    assert said.split() == [str(hub.kit / "data"), "True"]


def test_nobody_listens_to_anothers_kernel(students: dict[str, Person]) -> None:
    code = "from ipykernel.connect import get_connection_info as info; print(info(unpack=True)['transport'])"
    assert students["alice"].run(code).strip() == "ipc"


def test_students_do_not_see_the_teachers_buttons(students: dict[str, Person], teacher: Person) -> None:
    for one, off in ((students["alice"], True), (teacher, False)):
        settings = re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', one.own("GET", "lab").text, re.DOTALL)[1]
        disabled = json.loads(settings)["disabledExtensions"]
        assert ("@jupyter/nbgrader:formgrader" in disabled) == off
        assert "@jupyter/nbgrader:assignment-list" not in disabled
    assert students["alice"].ask("GET", "/user/alice/formgrader").status_code == 404
    assert teacher.ask("GET", "/user/teacher/formgrader").ok


def test_hand_in_collect_feedback(hub: Hub, handed_in: dict[str, Person], teacher: Person) -> None:
    teacher.manage("collect")
    for name in STUDENTS:
        assert f'student_id = \\"{name}\\"' in hub.collected(name).read_text()
        assert (hub.collected(name).parent / "timestamp.txt").exists()
        page = hub.course / "feedback" / name / EXERCISE / f"{EXERCISE}.html"
        page.parent.mkdir(parents=True)
        page.write_text(f"<p>Read by {name} alone.</p>")
        for beside in ("timestamp.txt", "submission_secret.txt"):
            shutil.copy(hub.collected(name).parent / beside, page.parent)
    give(hub.course, "teacher")
    teacher.manage("release_feedback")
    for name, one in handed_in.items():
        one.click("fetch_feedback")
        [row] = one.assignments()["submitted"]
        path = row["submissions"][0]["notebooks"][0]["local_feedback_path"]
        assert one.own("GET", f"files/{path}").text == f"<p>Read by {name} alone.</p>"


def test_collecting_twice_and_a_second_try(hub: Hub, handed_in: dict[str, Person], teacher: Person) -> None:
    teacher.manage("collect")
    before = hub.collected("bob").read_bytes()
    assert "No newer submission" in teacher.manage("collect")
    notebook = hub.home("bob") / EXERCISE / f"{EXERCISE}.ipynb"
    text = json.loads(notebook.read_text())
    text["cells"][-1]["source"] = "my second thoughts"
    notebook.write_text(json.dumps(text))
    handed_in["bob"].click("submit")
    assert hub.collected("bob").read_bytes() == before
    assert "Updating submission: bob" in teacher.manage("collect")
    assert "my second thoughts" in hub.collected("bob").read_text()


# What keeps students apart


def test_a_student_does_not_reach_anothers_server(students: dict[str, Person]) -> None:
    answer = students["alice"].ask("GET", "/user/bob/api/contents")
    assert answer.status_code in (403, 404), answer.status_code


CLOSED: dict[str, Callable[[Hub], str]] = {
    "the home of another": lambda hub: f"os.listdir({str(hub.home('bob'))!r})",
    "the list of what was handed in": lambda hub: f"os.listdir({str(hub.inbound)!r})",
    "the list of feedback": lambda hub: f"os.listdir({str(hub.inbound.with_name('feedback'))!r})",
    "the solution": lambda hub: f"open({str(hub.home('teacher') / 'pactlab' / 'exercises' / EXERCISE)!r})",
    "the gradebook": lambda hub: f"open({str(hub.course / 'gradebook.db')!r})",
    "the hub's own database": lambda hub: f"open({str(hub.root / 'state' / 'jupyterhub.sqlite')!r})",
    "a course folder of one's own": lambda hub: (
        f"os.rename({str(hub.inbound.parent)!r}, {str(hub.root / 'exchange' / 'x')!r})"
    ),
    "another's submission": lambda hub: f"os.rename({str(submission(hub, 'bob'))!r}, {str(hub.inbound / 'x')!r})",
    "the exercise that others fetch": lambda hub: f"os.mkdir({str(hub.inbound.with_name('outbound') / 'x')!r})",
    "the data": lambda hub: f"open({str(hub.kit / 'data' / 'datapackage.json')!r}, 'a')",
    "the lessons": lambda hub: f"open({str(hub.kit / 'lessons' / '00_start_here.ipynb')!r}, 'a')",
    "the hub's settings": lambda hub: f"open({str(hub.kit / 'classroom' / 'hub' / 'nbgrader_config.py')!r}, 'a')",
}


def submission(hub: Hub, name: str) -> Path:
    return sorted(hub.inbound.glob(f"{name}+*"))[-1]


@needs_accounts
@pytest.mark.parametrize("what", CLOSED)
def test_closed_to_students(hub: Hub, handed_in: dict[str, Person], teacher: Person, what: str) -> None:
    done = hub.run_as("alice", f"import os; {CLOSED[what](hub)}")
    assert "PermissionError" in done.stderr, f"a student reached {what}: {done}"


FORGED = """
import os, pathlib
place = pathlib.Path({inbound!r}) / {name!r}
place.mkdir(mode=0o755)
(place / "submission_secret.txt").write_text("0" * 128)
(place / "timestamp.txt").write_text("not a time")
{notebook}
"""
PLAIN = f"(place / '{EXERCISE}.ipynb').write_text('{{}}')"


@needs_accounts
def test_forged_submissions_are_not_taken(hub: Hub, handed_in: dict[str, Person], teacher: Person) -> None:
    """nbgrader's own collector takes the first, takes the solution for the second, stops at the third and the last."""
    solution = hub.home("teacher") / "pactlab" / "exercises" / EXERCISE / f"{EXERCISE}.ipynb"
    teacher.manage("collect")
    before = {name: hub.collected(name).read_bytes() for name in STUDENTS}
    forged = {
        f"bob+{EXERCISE}+2099-01-01 00:00:00.000000 UTC+as-another": (PLAIN, "in the name of another"),
        f"alice+{EXERCISE}+2099-01-02 00:00:00.000000 UTC+by-link": (
            f"(place / '{EXERCISE}.ipynb').symlink_to({str(solution)!r})",
            "symbolic links",
        ),
        f"alice+{EXERCISE}+2099-01-03 00:00:00.000000 UTC+pipe": (
            f"os.mkfifo(place / '{EXERCISE}.ipynb')",
            "no file of theirs",
        ),
        f"alice+{EXERCISE}+2099-01-04 00:00:00.000000 UTC+large": (
            f"(place / '{EXERCISE}.ipynb').write_bytes(bytes(3_000_000))",
            "over 2 MB",
        ),
        f"alice+{EXERCISE}+no time+x": (PLAIN, "does not match format"),
    }
    for name, (notebook, _) in forged.items():
        done = hub.run_as("alice", FORGED.format(inbound=str(hub.inbound), name=name, notebook=notebook))
        assert done.returncode == 0, done
    log = teacher.manage("collect")
    assert before == {name: hub.collected(name).read_bytes() for name in STUDENTS}
    for name, (_, reason) in forged.items():
        assert re.search(f"{re.escape(name)}.*{reason}", log), f"{name}: {log}"


# The configuration


def test_the_hub_does_not_start_where_students_could_read_answers(tmp_path: Path) -> None:
    needs(importlib.util.find_spec("jupyterhub"), "jupyterhub")
    shutil.copytree(HUB, tmp_path / "classroom" / "hub", ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "exercises").mkdir(mode=0o755)
    command = [sys.executable, "-m", "jupyterhub", "-f", str(tmp_path / "classroom" / "hub" / "jupyterhub_config.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert "holds answers that every student could read: exercises." in done.stderr
