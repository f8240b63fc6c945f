"""What runs inside the box: a warm process that forks once for each job, and the jobs themselves.

The warm process has pandas loaded and never reads a job: job and result go through pipes that are handed to a fresh
fork, so that nothing of one student is left in memory that the next one inherits. The fork takes namespaces of its
own, an empty folder to write in, no capabilities, limits and a filter of system calls before it reads its job.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import gc
import io
import json
import os
import resource
import select
import signal
import socket
import sys
import types
from collections.abc import Callable
from typing import Any

from pactlab.classroom import wire

NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000
"""Mounts, cgroups, host name, messages, users, processes (linux/sched.h). Of networks the box has one, empty."""
PRIVATE, READ_ONLY, NO_SUID, NO_DEVICES, NO_EXEC = 0x40000 | 0x4000, 1, 2, 4, 8
"""Flags of mount(2)."""
DIE_WITH_PARENT, DUMPABLE, NO_NEW_PRIVILEGES, SECCOMP, FILTER = 1, 4, 38, 22, 2
"""Options of prctl(2)."""
LONGEST_OUTPUT = 20_000
"""Characters of what one cell prints that are kept."""

SCRATCH = "/scratch"
"""The one folder that can be written to, in memory. Not /tmp, below which the kit may lie."""
NO_BOX = 3
"""The guard's exit status where the system refuses the namespaces; no student's code ever runs in the guard."""

libc = ctypes.CDLL(None, use_errno=True)


def _do(result: int, what: str) -> None:
    if result != 0:
        problem = ctypes.get_errno()
        raise OSError(problem, f"{what}: {os.strerror(problem)}")


# The warm process


def serve(channel: socket.socket) -> None:
    """Fork for each job that the channel brings, until it closes.

    A message holds the seconds a job may take and two pipes: the job and the place of its result. The answer is one
    byte: d for done, w for stopped by the clock, k for stopped on demand, n where the system refuses the box.
    """
    _silence()
    while True:
        message, pipes, _, _ = socket.recv_fds(channel, 64, 2)
        if not message:
            return
        if not pipes:
            continue  # A wish to stop the job before, which had ended by itself in the same moment.
        job, result = pipes
        ready, tell = os.pipe()
        guard = os.fork()
        if guard == 0:
            channel.close()
            os.close(ready)
            _guard(job, result, tell)
        for end in (job, result, tell):
            os.close(end)
        channel.send(_wait(guard, ready, channel, float(message)))


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)


def _wait(guard: int, ready: int, channel: socket.socket, seconds: float) -> bytes:
    """Wait until the guard ends, the clock runs out, or the other side wants to stop; leave no process behind."""
    watched, verdict = os.pidfd_open(guard), b"d"
    ended = select.select([watched, channel], [], [], seconds)[0]
    if watched not in ended:
        verdict = b"k" if channel in ended else b"w"
        if channel in ended:
            channel.recv(1)
        # The guard ends when its pupil is gone; only then may the next job come.
        if not (_kill_pupil(ready) and select.select([watched], [], [], 5)[0]):
            os.kill(guard, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(guard, 0)[1])
    if status == NO_BOX:
        verdict = b"n"
    elif status != 0:
        _kill_pupil(ready)  # Whoever ended the guard before its time may have left the pupil alive.
    os.close(watched)
    os.close(ready)
    return verdict


def _kill_pupil(ready: int) -> bool:
    """Kill the guard's only child, the first process of its namespace: the kernel then ends all others there.

    Says whether there was one.
    """
    pupil = os.read(ready, 16) if select.select([ready], [], [], 1)[0] else b""
    if pupil:
        with contextlib.suppress(ProcessLookupError):  # It may end in this very moment.
            os.kill(int(pupil), signal.SIGKILL)
    return bool(pupil)


def _guard(job: int, result: int, tell: int) -> None:
    """Stand between the warm process and the student's: take the namespaces, wait, never run student code."""
    try:
        os.setsid()
        user, group = os.getuid(), os.getgid()
        _do(libc.unshare(NEW_NAMESPACES), "unshare")
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
        pupil = os.fork()
        if pupil == 0:
            os.close(tell)
            _pupil(job, result)
        os.write(tell, str(pupil).encode())
        os.close(job)
        os.close(result)
        os.waitpid(pupil, 0)
    except BaseException:
        os._exit(NO_BOX)
    os._exit(0)


def _pupil(job: int, result: int) -> None:
    """Close the box around this process, then read the job and do it."""
    try:
        os.setsid()  # A group of its own: signals to a group reach processes outside the namespace, too.
        _do(libc.prctl(DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0), "prctl")
        _do(libc.mount(b"none", b"/", None, PRIVATE, None), "mount /")
        for place, size, flags in ((SCRATCH.encode(), b"64m", 0), (b"/proc", b"4k", READ_ONLY)):
            options = b"size=" + size + b",nr_inodes=4096,mode=0700"
            _do(libc.mount(b"none", place, b"tmpfs", NO_SUID | NO_DEVICES | NO_EXEC | flags, options), "mount")
        os.chdir(SCRATCH)
        _silence()  # Anew: an open file that all jobs share would carry locks and flags from one to the next.
        with open(job, "rb") as file:
            asked = json.load(file)
        _close(asked["limits"])
        _write(result, DUTIES[asked["kind"]](asked))
    except BaseException as problem:
        _write(result, {"reason": f"the job ended in {type(problem).__name__}"})
    finally:
        os._exit(0)


def _close(limits: dict[str, int]) -> None:
    """Give up capabilities and take limits and the filter of system calls, for ever."""
    for name in ("AS", "CPU", "FSIZE", "NOFILE", "NPROC"):
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (limits[name], limits[name]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # That limit does not hold where the system hands a crashed process's memory to a program outside (core(5)).
    _do(libc.prctl(DUMPABLE, 0, 0, 0, 0), "prctl")
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _do(libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")
    _do(libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0), "prctl")
    program = ctypes.create_string_buffer(FILTER_PROGRAM, len(FILTER_PROGRAM))
    # struct sock_fprog: the number of eight-byte instructions, then a pointer to them.
    fields = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]
    filtered = type("Program", (ctypes.Structure,), {"_fields_": fields})(
        len(FILTER_PROGRAM) // 8, ctypes.addressof(program)
    )
    _do(libc.prctl(SECCOMP, FILTER, ctypes.byref(filtered), 0, 0), "seccomp")


def _write(result: int, found: dict) -> None:
    left = memoryview(json.dumps(found).encode())
    while left:
        left = left[os.write(result, left) :]


FILTER_PROGRAM = b""
"""The compiled filter; the box passes it when it starts this process."""


# The jobs


class Kept(io.TextIOBase):
    """Keeps the beginning of what is printed and counts the rest."""

    def __init__(self) -> None:
        self.parts, self.room = [], LONGEST_OUTPUT

    def writable(self) -> bool:
        """Say yes, as print asks."""
        return True

    def write(self, text: str) -> int:
        """Keep the text as far as there is room."""
        if self.room > 0:
            self.parts.append(text[: self.room])
            self.room -= len(text)
        return len(text)

    def text(self) -> str:
        """Return what was kept."""
        kept = "".join(self.parts).encode("utf-8", "replace").decode()  # Half a character cannot be written anywhere.
        return kept + ("\n(more was printed)" if self.room < 0 else "")


class OutOfTime(BaseException):
    """Rises in a cell that takes too long; not an Exception, so that a bare `except Exception` does not keep it."""


def _ring(*_: Any) -> None:
    raise OutOfTime


def _timed(seconds: int, work: Callable[[], Any]) -> Any:
    signal.signal(signal.SIGALRM, _ring)
    signal.alarm(seconds)
    try:
        return work()
    finally:
        signal.alarm(0)


def answer(job: dict) -> dict:
    """Run a student's cells in order; after some of them, look at names and write their values as data.

    job: `cells`, a list of [cell id, source]; `asked`, names by the id of the cell after which to look;
    `seconds`, for one cell. Returns `printed` and `errors` by cell and `answers` by cell and name.
    """
    shell = _shell()
    found: dict[str, dict] = {"printed": {}, "errors": {}, "answers": {}}
    for cell_id, source in job["cells"]:
        kept = Kept()
        sys.stdout = sys.stderr = kept
        try:
            ran = _timed(job["seconds"], lambda source=source: shell.run_cell(source, store_history=False))
            problem = ran.error_before_exec or ran.error_in_exec
        except BaseException as raised:
            problem = raised
        if problem is not None:
            found["errors"][cell_id] = _said(problem, job["seconds"])
        found["printed"][cell_id] = kept.text()
        for name in job["asked"].get(cell_id, ()):
            found["answers"].setdefault(cell_id, {})[name] = _seen(shell.user_ns, name, job["seconds"])
    return found


def _said(problem: BaseException, seconds: int) -> str:
    if isinstance(problem, OutOfTime):
        return f"the cell took more than {seconds} seconds"
    try:
        return f"{type(problem).__name__}: {problem}"[:300]
    except BaseException:
        return type(problem).__name__[:300]


def _seen(names: dict, name: str, seconds: int) -> list:
    try:
        return ["value", _timed(seconds, lambda: wire.encode(names[name]))]
    except wire.WireError as problem:
        return ["reason", str(problem)[:300]]
    except KeyError:
        return ["reason", "it is not there; has its cell run to the end?"]
    except BaseException as problem:
        return ["reason", f"it cannot be read ({type(problem).__name__})"]


@functools.cache
def _shell() -> Any:
    """Return IPython's shell, which knows `display` and `%` commands as a notebook does, without a kernel."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Plain(DisplayHook):
        """Prints a cell's last value as text."""

        def write_output_prompt(self) -> None:
            """Print no prompt."""

    class Shell(InteractiveShell):
        displayhook_class = Plain

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.update(colors="nocolor", autoawait=False)
    return Shell.instance(config=config)


def check(job: dict) -> dict:
    """Run the teacher's checks on answers that came out of a student's process.

    job: `cells`, the set-up as [cell id, source]; `checks`, as [cell id, source, names]; `answers`, as `answer` gives
    them. Returns `verdicts`: by check None for right, or the words for the student; or, where the teacher's own set-up
    fails, `set_up`: why.
    """
    start: dict[str, Any] = {"__name__": "__main__"}
    sys.stdout = sys.stderr = Kept()
    try:
        for cell_id, source in job["cells"]:
            exec(compile(source, cell_id, "exec"), start)
    except Exception as problem:
        return {"set_up": f"cell {cell_id}: {type(problem).__name__}: {problem}"}
    verdicts = {}
    for cell_id, source, names in job["checks"]:
        try:
            answers = {name: _read(job["answers"].get(cell_id, {}).get(name), name) for name in names}
            _timed(job["seconds"], lambda source=source, answers=answers: exec(source, start | answers))
            verdicts[cell_id] = None
        except wire.WireError as problem:
            verdicts[cell_id] = str(problem)
        except AssertionError as problem:
            verdicts[cell_id] = str(problem)
        except (Exception, OutOfTime) as problem:
            first = f"`{names[0]}`" if names else "the answer"
            verdicts[cell_id] = f"{first}: could not be compared with what is expected ({type(problem).__name__})"
    return {"verdicts": verdicts}


def _read(seen: Any, name: str) -> Any:
    try:
        if type(seen) is not list or len(seen) != 2:
            raise wire.WireError("it is not there; has its cell run to the end?")
        if seen[0] == "reason" and type(seen[1]) is str:
            raise wire.WireError(wire.one_line(seen[1]))
        return wire.decode(seen[1])
    except wire.WireError as problem:
        raise wire.WireError(f"`{name}`: {problem}") from problem


DUTIES: dict[str, Callable[[dict], dict]] = {"answer": answer, "check": check}


def main(arguments: list[str]) -> None:
    """Start the warm process; arguments: the numbers of the socket and of the file with the filter, then tables."""
    global FILTER_PROGRAM  # noqa: PLW0603 (one process, one filter; jobs inherit it)
    (channel, program), tables = map(int, arguments[:2]), arguments[2:]
    with open(program, "rb") as file:
        FILTER_PROGRAM = file.read()
    import pandas as pd

    from pactlab import data

    # First use loads parts of pandas that import does not; each fork would pay for them anew.
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"], "c": pd.Categorical(["p", "q"])})
    str(frame.merge(frame, on="b").groupby("b")["a_x"].mean().sort_values().rank().round(1))
    str(frame.pivot(index="b", columns="c", values="a").corr("spearman").fillna(0))
    for name in tables:  # each fork then has them parsed; what it changes is a copy, and its own
        data.load(name)
    _shell().run_cell("None")
    wire.decode(wire.encode(pd.Series([1.0], index=["x"])))
    # What is here now, no fork needs to look through: its garbage collector would touch, and so copy, all of it.
    gc.collect()
    gc.freeze()
    sys.modules["__main__"] = types.ModuleType("__main__")
    serve(socket.socket(fileno=channel))


if __name__ == "__main__":
    main(sys.argv[1:])
