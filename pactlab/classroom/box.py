"""The box in which other people's code runs: bubblewrap around a warm process, and what goes in and out.

`classroom/box.md` says what it promises and what it does not.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pactlab
from pactlab import data
from pactlab.classroom import exercise, wire
from pactlab.classroom.inside import SCRATCH
from pactlab.errors import KitError

NOBODY = 65534
"""Whom root becomes inside: limits on processes do not bind root."""
REMEDY = "install it (Debian, Ubuntu: apt install bubblewrap libseccomp2; on Windows inside WSL), then run this again"

PROCESSES = ("fork", "vfork", "execve", "execveat")
FORBIDDEN = (
    *PROCESSES,
    # other namespaces and mounts
    *("unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig"),
    *("fsmount", "fspick", "mount_setattr", "open_by_handle_at", "name_to_handle_at", "statmount", "listmount"),
    # other processes, keys, the kernel
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_open", "pidfd_getfd", "kcmp"),
    *("bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key", "io_uring_setup", "syslog"),
    *("io_uring_enter", "io_uring_register", "personality", "modify_ldt", "seccomp", "quotactl", "acct", "swapon"),
    *("sched_setscheduler", "sched_setattr", "ioprio_set", "setdomainname", "sethostname", "reboot", "kexec_load"),
    # what slows the whole machine down
    *("setpriority", "sync", "syncfs", "membarrier", "move_pages", "migrate_pages"),
    # networks, and memory that no limit counts
    *("socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "memfd_create", "memfd_secret"),
    *("shmget", "shmat", "semget", "msgget", "mq_open", "vmsplice", "splice", "tee", "fanotify_init"),
    *("inotify_init", "inotify_init1", "mlock", "mlock2", "mlockall"),
)
"""System calls that fail inside with "not permitted"; no exercise needs one."""


class BoxError(KitError):
    """Says that a warm process ended twice over one job."""


@dataclass(frozen=True)
class Limits:
    """What one job may use."""

    cell_seconds: int = 10
    """For one cell or one check, by a signal that code can ignore."""
    seconds: float = 40
    """For a whole job, by killing it."""
    memory: int = 2 << 30
    """Bytes of address space. A box holds one process, so this bounds the box."""
    file_size: int = 32 << 20
    """Bytes of one file in the folder to write in, which holds 64 MB."""
    files: int = 128
    """Open files."""
    threads: int = 64
    """Threads; further processes are forbidden."""

    def inside(self) -> dict[str, int]:
        """Return them by the names of setrlimit(2)."""
        return {
            "AS": self.memory,
            "CPU": int(self.seconds),
            "FSIZE": self.file_size,
            "NOFILE": self.files,
            "NPROC": self.threads,
        }


@dataclass
class Box:
    """A warm process in a bubblewrap of its own; `run` gives it one job at a time."""

    limits: Limits = field(default_factory=Limits)
    tables: tuple[str, ...] = ()
    """Tables to parse before the first job."""
    _process: subprocess.Popen | None = None
    _channel: socket.socket | None = None
    _said: IO[bytes] | None = None

    def __enter__(self) -> Box:
        """Start it, so that the first job need not wait."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    def start(self) -> None:
        """Start the warm process; raises KitError where the system has no box."""
        self.stop()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (its last words are read when it has ended)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with tempfile.TemporaryFile() as program, theirs:
            compiled().export_bpf(program)
            program.seek(0)
            ends = [str(theirs.fileno()), str(program.fileno())]
            inside = [sys.executable, "-m", "pactlab.classroom.inside", *ends, *self.tables]
            self._process = subprocess.Popen(
                command(inside),
                pass_fds=[theirs.fileno(), program.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                # A file, since a pipe would be waited for as long as anybody inside holds it.
                stderr=self._said,
                start_new_session=True,
            )
        self._channel = ours

    def stop(self) -> None:
        """Stop the warm process and everything in it."""
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            self._kill()
        self._process = self._channel = None

    def _kill(self) -> None:
        """Kill bubblewrap with its group: in its first moments what it starts does not yet die with it."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def run(self, job: dict) -> dict:
        """Do one job in a fork of its own and return its result; a job that cannot be done returns a `reason`.

        job: see `pactlab.classroom.inside`. Raises BoxError when the
        warm process itself ends twice, KitError where the system has no box.
        """
        raw = json.dumps(job | {"limits": self.limits.inside(), "seconds": self.limits.cell_seconds}).encode()
        for _ in range(2):
            if self._process is None:
                self.start()
            found = self._once(raw)
            if found is not None:
                return found
            said = self._last_words()
            self.stop()
        raise BoxError(
            f"the box does not start or does not stay: {said}; `bwrap --version` and box.md help to find out"
        )

    def _last_words(self) -> str:
        self._kill()
        self._said.seek(0)
        said = self._said.read().decode(errors="replace").strip()
        return said.splitlines()[-1] if said else "it said nothing"

    def _once(self, raw: bytes) -> dict | None:
        """Run one job; None when the warm process has died."""
        job, theirs = os.pipe()
        result, place = os.pipe()
        try:
            socket.send_fds(self._channel, [str(self.limits.seconds).encode()], [job, place])
        except OSError:
            for end in (job, theirs, result, place):
                os.close(end)
            return None
        os.close(job)
        os.close(place)
        try:
            with os.fdopen(theirs, "wb") as file:
                file.write(raw)
        except BrokenPipeError:
            pass  # The other side ended before it had read all; its verdict follows.
        with os.fdopen(result, "rb") as file:
            out, stopped = self._read(file.fileno())
        return self._verdict(out, stopped)

    def _read(self, result: int) -> tuple[bytes, bool]:
        """Read what comes until the end, the limit or the clock; say whether the job must be stopped."""
        parts, size, until = [], 0, time.monotonic() + self.limits.seconds
        while select.select([result], [], [], max(0, until - time.monotonic()))[0]:
            part = os.read(result, 1 << 16)
            if not part:
                return b"".join(parts), False
            parts.append(part)
            size += len(part)
            if size > wire.LARGEST:
                break
        return b"".join(parts), True

    def _verdict(self, out: bytes, stopped: bool) -> dict | None:
        try:
            if stopped:
                self._channel.send(b"k")
            self._channel.settimeout(self.limits.seconds + 10)
            ended = self._channel.recv(1)
        except OSError:
            return None
        if not ended:
            return None
        if ended == b"n":
            raise KitError(
                "this system refuses the box its namespaces; on Ubuntu, as root: "
                "sysctl kernel.apparmor_restrict_unprivileged_userns=0; or mark on another machine"
            )
        if len(out) > wire.LARGEST:
            reason = f"more than {wire.LARGEST:,} bytes came out"
        elif stopped or ended == b"w":
            reason = f"it took more than {self.limits.seconds:g} seconds"
        elif not out:
            reason = "the notebook's process ended before its last cell (memory, time, or a call to end it)"
        else:
            return _object(out)
        return {"reason": reason}


def _object(out: bytes) -> dict:
    try:
        found = wire.read(out)
    except wire.WireError as problem:
        return {"reason": str(problem)}
    if isinstance(found.get("reason"), str):
        # Code in the box may have written it. So it never begins a line, nor a cell of a spreadsheet, nor holds two.
        found["reason"] = f"from inside the box: {wire.one_line(found['reason'])}"
    return found


def compiled() -> pyseccomp.SyscallFilter:  # noqa: F821 (loaded where it is used: it needs a system library)
    """Return the filter of system calls for this machine; raises KitError where libseccomp is missing."""
    try:
        import pyseccomp
    except (ImportError, RuntimeError, OSError) as problem:
        raise KitError(f"libseccomp cannot be loaded ({problem}): {REMEDY}") from problem
    filtered = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in FORBIDDEN:
        # Some machines lack a call (arm64 has no fork): what is not there needs no rule.
        if pyseccomp.resolve_syscall(pyseccomp.Arch.NATIVE, name) >= 0:
            filtered.add_rule(pyseccomp.ERRNO(1), name)
    thread = 0x00010000
    filtered.add_rule(pyseccomp.ERRNO(1), "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, thread, 0))
    # Nor may a process make itself dumpable again; the kernel looks at the lower half of this number alone.
    filtered.add_rule(pyseccomp.ERRNO(1), "prctl", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, 0xFFFFFFFF, 4))
    # clone3 hides its flags from filters; "no such call" makes the C library fall back to clone.
    filtered.add_rule(pyseccomp.ERRNO(38), "clone3")
    return filtered


def command(inside: list[str]) -> list[str]:
    """Return the command line that runs a program in the box; raises KitError where there is no bubblewrap."""
    bwrap = shutil.which("bwrap")
    if sys.platform != "linux" or bwrap is None:
        raise KitError(f"students' code runs in bubblewrap, which is not here: {REMEDY}")
    seen = _seen()
    line = [bwrap, "--unshare-pid", "--unshare-ipc", "--unshare-net", "--unshare-uts", "--die-with-parent"]
    line += ["--new-session", "--clearenv", "--proc", "/proc", "--dev", "/dev"]
    line += ["--perms", "1777", "--size", str(64 << 20), "--tmpfs", SCRATCH]
    for parent in dict.fromkeys(parent for path in seen for parent in reversed(path.parents[:-1])):
        line += ["--perms", "0755", "--dir", str(parent)]  # bwrap's own would be closed to nobody
    for folder in ("/usr", *map(str, seen)):
        line += ["--ro-bind", folder, folder]
    if not any(path.is_relative_to("/tmp") for path in seen):
        line += ["--symlink", SCRATCH.lstrip("/"), "/tmp"]
    for name in ("bin", "lib", "lib32", "lib64", "sbin"):
        if Path("/", name).is_symlink():
            line += ["--symlink", os.readlink(f"/{name}"), f"/{name}"]
        elif Path("/", name).is_dir():
            line += ["--ro-bind", f"/{name}", f"/{name}"]
    for name in ("/etc/ld.so.cache", "/etc/localtime"):
        line += ["--ro-bind-try", name, name]
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": SCRATCH,
        "TMPDIR": SCRATCH,
        "IPYTHONDIR": f"{SCRATCH}/ipython",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": f"{SCRATCH}/matplotlib",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PACTLAB_DATA": str(data.root()),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",
    }
    for name, value in environment.items():
        line += ["--setenv", name, value]
    line += ["--chdir", SCRATCH, "--remount-ro", "/dev", "--remount-ro", "/"]
    if os.geteuid() == 0:
        # Root sets the box up and then becomes nobody; with a user namespace of bwrap's own it would stay root.
        drop = ["--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "--inh-caps=-all"]
        capabilities = [word for name in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{name}")]
        return [*line, *capabilities, "--", "setpriv", *drop, "--bounding-set=-all", "--no-new-privs", *inside]
    return [*line, "--unshare-user", "--cap-drop", "ALL", "--", *inside]


def refuse_in_sight(folder: Path, what: str) -> None:
    """Raise KitError when a folder lies where students' code could read it."""
    for shown in (*_seen(), Path("/usr")):
        if folder.resolve().is_relative_to(shown):
            raise KitError(f"{folder}: {what} must not lie below {shown}, which students' code can read; move it")


def _seen() -> list[Path]:
    """Return the folders that the box shows, read-only: Python, its packages, the library, the tables.

    Raises KitError when one of them holds the exercises, whose solutions no student's code may read.
    """
    wanted = [Path(sys.base_prefix), Path(sys.prefix), Path(pactlab.__file__).parent, data.root()]
    folders = dict.fromkeys(path.resolve() for path in wanted)
    for path in [*folders, Path("/usr")]:
        if exercise.folder().resolve().is_relative_to(path):
            raise KitError(
                f"{path} is open to students' code and holds exercises/; move exercises/ or what else is there"
            )
    return [path for path in folders if not path.is_relative_to("/usr")]
