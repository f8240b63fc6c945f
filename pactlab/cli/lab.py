"""Starts JupyterLab at a lesson."""

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from pactlab.data import root
from pactlab.errors import KitError

TRIES = 50


def free_port(first: int) -> int:
    """Return the first port from `first` on that nothing on this machine uses; raises KitError when 50 are taken."""
    for port in range(first, first + TRIES):
        with socket.socket() as trial:
            if os.name == "posix":
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise KitError(f"no port between {first} and {first + TRIES - 1} is free; choose another with --port")


def serve(lesson: Path, *, browser: bool, port: int, say: Callable[[str], None]) -> int:
    """Run JupyterLab on the kit's folder until it is stopped; return its exit status.

    lesson: the notebook to open. port: where to begin looking for a free one. say: prints one line.
    """
    kit, token = root().parent, secrets.token_hex(16)
    chosen = free_port(port)
    if chosen != port:
        say(f"Port {port} is in use; the kit is on {chosen}.")
    opened = lesson.relative_to(kit).as_posix()
    say(f"The kit is at http://127.0.0.1:{chosen}/lab/tree/{opened}?token={token}")
    say("Stop it with Ctrl+C.")
    command = [
        sys.executable, "-m", "jupyterlab", str(lesson), f"--ServerApp.root_dir={kit}", "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={chosen}", "--ServerApp.port_retries=0", "--ServerApp.log_level=ERROR",
        "--LabApp.log_level=ERROR",
    ]  # fmt: skip
    if os.name == "posix":
        # Kernels are reached by files that only this user may open; a port is open to everybody on the machine.
        command.append("--KernelManager.transport=ipc")
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # In a container the only user is often root; the server listens on this machine alone and asks for the token.
        command.append("--allow-root")
    settings = str(Path(__file__).parent / "jupyter")
    paths = os.pathsep.join(filter(None, [settings, os.environ.get("JUPYTER_CONFIG_PATH")]))
    environment = os.environ | {"JUPYTER_TOKEN": token, "JUPYTER_CONFIG_PATH": paths}
    try:
        return subprocess.run(command, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 0
