"""Puts kernels for checks in place of the installed `python3` kernel, for this process and what it starts."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

from pactlab.lessons import kernel

NAME = "python3"
OPTIONS = ["-f", "{connection_file}", "--HistoryManager.enabled=False"]
"""Arguments of each kernel; it keeps no history, which would be written among the reader's own."""
SECONDS_TO_LEAVE = 5


class WarmKernels:
    """Offline `python3` kernels inside a `with` block, forked from a warm process once `warm()` was called.

    >>> with WarmKernels() as kernels:                                        # doctest: +SKIP
    ...     kernels.warm()
    ...     NotebookClient(notebook, kernel_name="python3").execute()

    Jupyter finds them through the environment variable JUPYTER_PATH, so child processes use them as well.
    Each kernel starts on its own, slower and equally offline, before `warm()` was called, when the warm
    process fails, and where forking is unsafe (macOS) or missing (Windows).
    """

    def __init__(self) -> None:
        """Do nothing yet; `with`, or `open()` and `close()`, do."""
        self.folder: Path | None = None
        self.process: subprocess.Popen | None = None
        self.trouble: str | None = None
        """Why kernels were not warm although `warm()` was called, in one line; known in the end."""
        self._before: str | None = None

    def __enter__(self) -> Self:
        """Open, for a `with` block."""
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        """Close, after a `with` block."""
        self.close()

    def open(self) -> None:
        """Write the kernelspec and announce it."""
        self.folder = Path(tempfile.mkdtemp(prefix="pactlab-"))
        spec = self.folder / "kernels" / NAME / "kernel.json"
        spec.parent.mkdir(parents=True)
        about = {"display_name": "Python 3 (check)", "language": "python"}
        spec.write_text(json.dumps({"argv": self._command(), **about}))
        self._before = os.environ.get("JUPYTER_PATH")
        os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(self.folder), self._before]))

    def _command(self) -> list[str]:
        """Return the command of the kernelspec."""
        if sys.platform != "linux":
            return [sys.executable, kernel.__file__, "plain", *OPTIONS]
        flags = "-ISB" if sys.dont_write_bytecode else "-IS"
        return [sys.executable, flags, kernel.__file__, "launch", str(self._socket), *OPTIONS]

    @property
    def _socket(self) -> Path:
        return self.folder / "warm"

    def warm(self) -> None:
        """Start the warm process, if there is none and this system can have one; does not wait for it."""
        if self.process or self.trouble or sys.platform != "linux":
            return
        try:
            with socket.socket(socket.AF_UNIX) as listener, (self.folder / "log").open("wb") as log:
                listener.bind(str(self._socket))
                listener.listen(128)
                self.process = subprocess.Popen(
                    [sys.executable, kernel.__file__, "serve", str(listener.fileno())],
                    pass_fds=[listener.fileno()],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    start_new_session=True,
                )
        except OSError as problem:
            self.trouble = str(problem)

    def close(self) -> None:
        """End the warm process with its kernels, and take the kernelspec away."""
        if self.process:
            self._stop(self.process)
        if self._before is None:
            os.environ.pop("JUPYTER_PATH", None)
        else:
            os.environ["JUPYTER_PATH"] = self._before
        shutil.rmtree(self.folder, ignore_errors=True)

    def _stop(self, process: subprocess.Popen) -> None:
        """Let the warm process leave, and remember what it said if it had left by itself."""
        if process.poll() is not None:
            said = (self.folder / "log").read_text(errors="replace").split("\n")
            last = next((line.strip() for line in reversed(said) if line.strip()), "it said nothing")
            self.trouble = f"the warm process ended with code {process.returncode}: {last}"
        process.stdin.close()
        try:
            process.wait(SECONDS_TO_LEAVE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
