"""The box: each limit and each wall by itself; a job in it goes on, stops or fails in words, and leaves nothing."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from handing_in import needs_box

import pactlab
from pactlab import data
from pactlab.classroom import box as boxes
from pactlab.classroom import exercise, inside, wire
from pactlab.classroom.box import FORBIDDEN, Box, BoxError, Limits
from pactlab.errors import KitError

pytestmark = needs_box
ALONE = 'import os\nassert os.getpid() == 1, "this test must not run outside the box"\n'


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with Box(Limits(cell_seconds=2, seconds=4, memory=1 << 30, file_size=1 << 20, files=40, threads=10)) as opened:
        yield opened


def run(box: Box, code: str, *names: str) -> dict:
    return box.run({"kind": "answer", "cells": [["cell", ALONE + code]], "asked": {"cell": list(names)}})


def printed(box: Box, code: str) -> str:
    found = run(box, code)
    assert not found.get("errors"), found
    return found["printed"]["cell"].strip()


def error(box: Box, code: str) -> str:
    return run(box, code)["errors"]["cell"]


# What comes out


def test_prints_and_answers_come_out(box: Box) -> None:
    found = run(box, "print('hello')\nx = [1, 2.5]\ny = print", "x", "y", "z")
    assert found["printed"] == {"cell": "hello\n"}
    assert found["errors"] == {}
    answers = found["answers"]["cell"]
    assert wire.decode(answers["x"][1]) == [1, 2.5]
    assert answers["y"][0] == answers["z"][0] == "reason"
    assert "cannot be marked" in answers["y"][1]
    assert "not there" in answers["z"][1]


def test_a_cell_that_fails_does_not_stop_the_next(box: Box) -> None:
    found = box.run({"kind": "answer", "cells": [["a", "1 / 0"], ["b", "print(2)"], ["c", "("]], "asked": {}})
    assert found["errors"]["a"] == "ZeroDivisionError: division by zero"
    assert found["printed"]["b"] == "2\n"
    assert found["errors"]["c"].startswith("SyntaxError")


def test_a_check_gets_answers_and_says_what_is_wrong(box: Box) -> None:
    checks = [
        ["right", "assert x == 1 + one, '`x`: no'", ["x"]],
        ["wrong", "assert x == 3, '`x`: look again'", ["x"]],
        ["missing", "assert y, '`y`: no'", ["y"]],
        ["other", "assert x.index, '`x`: no'", ["x"]],
        ["slow", "while True: pass", ["x"]],
    ]
    job = {"kind": "check", "cells": [["set-up", "one = 1"]], "checks": checks}
    answers = {"x": ["value", ["int", "2"]]}
    found = box.run(job | {"answers": {name: answers for name, _, _ in checks}})["verdicts"]
    assert found["right"] is None
    assert found["wrong"] == "`x`: look again"
    assert found["missing"].startswith("`y`: it is not there")
    assert found["other"] == "`x`: could not be compared with what is expected (AttributeError)"
    assert "OutOfTime" in found["slow"]


# Limits, one by one


def test_a_cell_has_its_seconds(box: Box) -> None:
    began = time.monotonic()
    assert error(box, "while True: pass") == "the cell took more than 2 seconds"
    assert time.monotonic() - began < 4


def test_a_job_has_its_seconds(box: Box) -> None:
    began = time.monotonic()
    code = "import signal, time\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\ntime.sleep(60)"
    assert run(box, code) == {"reason": "it took more than 4 seconds"}
    assert time.monotonic() - began < 8


def test_processor_time_is_bounded_over_all_threads(box: Box) -> None:
    code = """
import hashlib, signal, threading
signal.signal(signal.SIGALRM, signal.SIG_IGN)
def burn():
    while True:
        hashlib.sha256(b"x" * 10_000_000).digest()
for _ in range(3):
    threading.Thread(target=burn).start()
burn()
"""
    began = time.monotonic()
    assert "reason" in run(box, code)
    assert time.monotonic() - began < 8


@pytest.mark.parametrize(
    ("name", "limit"), [("AS", 1 << 30), ("CPU", 4), ("FSIZE", 1 << 20), ("NOFILE", 40), ("NPROC", 10), ("CORE", 0)]
)
def test_limits_hold_and_cannot_be_raised(name: str, limit: int, box: Box) -> None:
    code = f"""
import resource
print(resource.getrlimit(resource.RLIMIT_{name}))
try:
    resource.setrlimit(resource.RLIMIT_{name}, ({limit} + 1, {limit} + 1))
    print("raised")
except ValueError:
    print("refused")
"""
    assert printed(box, code) == f"({limit}, {limit})\nrefused"


def test_memory(box: Box) -> None:
    assert error(box, "x = bytearray(1 << 30)").startswith("MemoryError")
    assert printed(box, "print(len(bytearray(256 << 20)))") == str(256 << 20)


def test_file_size(box: Box) -> None:
    assert "File too large" in error(box, big_file(2))
    assert printed(box, big_file(0) + "print(os.path.getsize('x'))") == "0"


def big_file(megabytes: int) -> str:
    return f"with open('x', 'wb') as file:\n    for _ in range({megabytes}):\n        file.write(b'x' * 1_000_000)\n"


def test_the_folder_to_write_in_holds_64_megabytes(box: Box) -> None:
    code = "for n in range(200):\n    open(f'/scratch/{n}', 'wb').write(b'x' * 1_000_000)\n"
    assert "No space left" in error(box, code)
    assert printed(box, "print(os.listdir('/scratch'))") == "[]"


def test_open_files(box: Box) -> None:
    assert "Too many open files" in error(box, "held = [open('/dev/null') for _ in range(50)]")


def test_threads_but_no_processes(box: Box) -> None:
    code = """
import threading, time
count = 0
try:
    for count in range(50):
        threading.Thread(target=time.sleep, args=(9,), daemon=True).start()
except RuntimeError:
    print(count)
"""
    assert 2 <= int(printed(box, code)) <= 10
    assert error(box, "os.fork()").startswith("PermissionError")
    assert error(box, "os.execv('/bin/true', ['true'])").startswith("PermissionError")
    assert (
        printed(box, "import subprocess\ntry:\n    subprocess.run('true')\nexcept OSError as no:\n    print(no.errno)")
        == "1"
    )


def test_what_is_printed_is_cut(box: Box) -> None:
    found = printed(box, "print('x' * 50_000)\nprint('y')")
    assert len(found) < inside.LONGEST_OUTPUT + 30
    assert found.endswith("(more was printed)")


def test_a_result_is_cut(box: Box) -> None:
    found = run(
        box, "import sys\nsys.stdout.room = 1 << 30\nprint('x' * wire_largest)".replace("wire_largest", "2_000_001")
    )
    assert found == {"reason": "more than 2,000,000 bytes came out"}


# Walls

REFUSED_FOR_LACK_OF_RIGHTS = {
    "uid": "os.setuid(0)",
    "groups": "os.setgroups([])",
    "chroot": "os.chroot('/scratch')",
    "nice": "os.nice(-1)",
    "socket": "__import__('socket').socket()",
    "socket pair": "__import__('socket').socketpair()",
    "memory file": "os.memfd_create('x')",
    "terminal": "open('/dev/tty')",
    "kit": "open(__import__('pactlab').__file__, 'a')",
    "root": "open('/x', 'w')",
    "shared memory": "open('/dev/shm/x', 'w')",
    "proc": "open('/proc/x', 'w')",
    "proc of itself": "open('/proc/self/status')",
    "the teacher's home": f"os.listdir({str(Path.home() / '.ssh')!r})",
    "exercises": f"os.listdir({str(exercise.folder())!r})",
    "course": f"os.listdir({str(data.root().parent / 'course')!r})",
    "passwords": "open('/etc/shadow')",
    "users": "open('/etc/passwd')",
}


@pytest.mark.parametrize("name", REFUSED_FOR_LACK_OF_RIGHTS)
def test_a_wall(name: str, box: Box) -> None:
    assert error(box, REFUSED_FOR_LACK_OF_RIGHTS[name]).split(":")[0] in (
        "PermissionError",
        "OSError",
        "FileNotFoundError",
    )


def test_every_forbidden_call_is_refused(box: Box) -> None:
    """By number, with arguments that make no sense: a call that were let in would say so (EINVAL, EBADF, EFAULT)."""
    pyseccomp = pytest.importorskip("pyseccomp")
    numbers = {name: pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) for name in FORBIDDEN}
    here = {name: number for name, number in numbers.items() if number >= 0}
    assert len(here) > 60
    code = f"""
import ctypes, json
libc = ctypes.CDLL(None, use_errno=True)
found = {{}}
for name, number in {here!r}.items():
    ctypes.set_errno(0)
    libc.syscall(number, -1, -1, -1, -1, -1, -1)
    found[name] = ctypes.get_errno()
print(json.dumps(found))
"""
    found = json.loads(printed(box, code))
    assert {name: code for name, code in found.items() if code != errno.EPERM} == {}


def test_a_new_process_is_refused_by_every_flag_and_a_thread_is_not(box: Box) -> None:
    code = """
import ctypes, json, platform, threading
libc = ctypes.CDLL(None, use_errno=True)
clone = {"x86_64": 56}.get(platform.machine(), 220)
found = []
for flags in (17, 0x100 | 17, 0x4000 | 0x100, 0x10000000, 0x20000000, 0x40000000, 0x02000000, 0x1000):
    ctypes.set_errno(0)
    libc.syscall(clone, flags, 0, 0, 0, 0)
    found.append(ctypes.get_errno())
ctypes.set_errno(0)
libc.syscall(435, 0, 88)
found.append(ctypes.get_errno())
thread = threading.Thread(target=found.append, args=("thread",))
thread.start()
thread.join()
print(json.dumps(found))
"""
    assert json.loads(printed(box, code)) == [errno.EPERM] * 8 + [errno.ENOSYS, "thread"]


def test_a_crash_hands_no_memory_to_a_program_outside(box: Box) -> None:
    code = """
import ctypes
libc = ctypes.CDLL(None)
print(libc.prctl(3, 0, 0, 0, 0), libc.prctl(4, 1, 0, 0, 0), end=" ")
number = {"x86_64": 157}.get(__import__("platform").machine(), 167)
print(libc.syscall(number, ctypes.c_long(4 | 1 << 32), 1, 0, 0, 0), libc.prctl(3, 0, 0, 0, 0))
"""
    assert printed(box, code) == "0 -1 -1 0"


def test_no_signal_leaves_the_box(box: Box) -> None:
    """To its group, to everyone, to its parent: all but itself are out of reach, the guard included."""
    code = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.kill(0, signal.SIGTERM)
try:
    os.kill(-1, signal.SIGTERM)
except OSError:
    pass
print(os.getpgrp(), os.getsid(0), os.getppid())
"""
    assert printed(box, code) == "1 1 0"


def test_nobody_outlives_a_guard_that_was_killed(box: Box, wait_for) -> None:
    """Should a way to the guard be found one day: the warm process still ends the pupil."""
    warm = psutil.Process(box._process.pid)
    before = {process.pid for process in warm.children(recursive=True)}
    outcome: list[dict] = []
    code = "import ctypes, signal, time\nctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\nsignal.alarm(0)\ntime.sleep(60)"
    thread = threading.Thread(target=lambda: outcome.append(run(box, code)))
    thread.start()

    def both() -> list[psutil.Process]:
        return [process for process in warm.children(recursive=True) if process.pid not in before]

    wait_for(lambda: len(both()) == 2, what="a guard and a pupil")
    time.sleep(0.3)
    guard, pupil = sorted(both(), key=lambda process: process.pid)
    assert pupil.ppid() == guard.pid
    guard.kill()
    thread.join(10)
    assert "reason" in outcome[0]
    wait_for(lambda: not both(), seconds=2, what="the end of all")
    assert printed(box, "print(1)") == "1"


def test_the_warm_process_outlives_every_stop(box: Box) -> None:
    """A wish to stop may cross with the end of a job; neither loses the process that others need."""
    warm = box._process.pid
    pour = """
import stat
def is_pipe(number):
    try:
        return stat.S_ISFIFO(os.fstat(number).st_mode)
    except OSError:
        return False
(pipe,) = filter(is_pipe, range(3, 40))
for _ in range(31):
    os.write(pipe, b"x" * 65_536)
os._exit(0)
"""
    for _ in range(8):
        assert "bytes came out" in run(box, pour)["reason"]
    for _ in range(2):
        run(box, "import signal, time\nsignal.alarm(0)\ntime.sleep(60)")
    assert printed(box, "print(1)") == "1"
    assert box._process.pid == warm


def test_fifty_jobs_leave_the_warm_process_as_it_was(box: Box) -> None:
    run(box, "x = 1")
    warm = psutil.Process(box._process.pid).children(recursive=True)[-1]
    before = warm.memory_info().rss, warm.num_fds(), warm.num_threads()
    for number in range(50):
        run(box, f"x = ['left {number}'] * 100_000", "x")
    after = warm.memory_info().rss, warm.num_fds(), warm.num_threads()
    assert after[0] - before[0] < 4 << 20
    assert after[1:] == before[1:]


# Start and end


def test_nothing_is_left_when_it_stops() -> None:
    box = Box()
    box.start()
    run(box, "x = 1")
    family = [psutil.Process(box._process.pid), *psutil.Process(box._process.pid).children(recursive=True)]
    assert len(family) >= 3
    box.stop()
    assert not psutil.wait_procs(family, timeout=5)[1]
    box.stop()


def test_nothing_is_left_when_its_owner_is_killed() -> None:
    code = """
import sys, time
from pactlab.classroom.box import Box
box = Box()
box.start()
box.run({"kind": "answer", "cells": [], "asked": {}})
print(flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as owner:
        owner.stdout.readline()
        family = psutil.Process(owner.pid).children(recursive=True)
        assert len(family) >= 3
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        assert not psutil.wait_procs(family, timeout=5)[1]


def test_a_warm_process_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boxes, "command", lambda inside: [sys.executable, "-c", "raise SystemExit('no luck today')"])
    with pytest.raises(BoxError, match=r"does not start or does not stay: no luck today"):
        run(Box(), "x = 1")


def test_without_the_filter_it_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyseccomp", None)
    with pytest.raises(KitError, match="libseccomp cannot be loaded"):
        Box().start()


@pytest.mark.parametrize("place", ["tables", "python", "usr"])
def test_exercises_must_not_lie_where_students_look(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = tmp_path / "kit"
    if place == "tables":
        monkeypatch.setattr(data, "root", lambda: kit / "data")
        monkeypatch.setattr(exercise, "folder", lambda: kit / "data" / "exercises")
    elif place == "python":
        monkeypatch.setattr(sys, "prefix", str(kit))
        monkeypatch.setattr(exercise, "folder", lambda: kit / "exercises")
    else:
        monkeypatch.setattr(exercise, "folder", lambda: Path("/usr/local/share/kit/exercises"))
    with pytest.raises(KitError, match="open to students' code and holds exercises"):
        boxes.command(["true"])


def test_the_command_line_shows_no_more_than_it_must() -> None:
    line = boxes.command(["true"])
    shown = {line[at + 1] for at, word in enumerate(line) if word in ("--ro-bind", "--ro-bind-try")}
    allowed = {"/usr", "/bin", "/lib", "/lib32", "/lib64", "/sbin", "/etc/ld.so.cache", "/etc/localtime"}
    allowed |= {str(Path(path).resolve()) for path in (sys.prefix, sys.base_prefix)}
    assert shown - allowed == {str(Path(pactlab.__file__).resolve().parent), str(data.root().resolve())}
    assert not {"--bind", "--dev-bind", "--share-net"} & set(line)
    assert {
        "--unshare-net",
        "--unshare-pid",
        "--unshare-ipc",
        "--clearenv",
        "--die-with-parent",
        "--new-session",
    } <= set(line)
    assert ("--unshare-user" in line) == (os.geteuid() != 0)
