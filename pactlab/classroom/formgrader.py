"""Opens nbgrader's formgrader on a course, with the rubric under each memo."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path

from pactlab.classroom.course import Course
from pactlab.classroom.exercise import Exercise
from pactlab.errors import KitError


def serve(
    course: Course, exercise: Exercise | None = None, *, browser: bool, port: int, say: Callable[[str], None]
) -> int:
    """Serve formgrader's pages for marking until they are stopped; return the server's exit status.

    exercise: whose memos to open; none opens the list of exercises. browser: open it. port: a free one. say: takes a
    line. The server listens on this machine alone and asks for a token; it has no notebooks, terminals or kernels:
    nothing that students handed in is run. What it needs to know stands in a folder that goes when it stops.
    Raises KitError when nobody's work has been marked by machine.
    """
    name = exercise.name if exercise else "*"
    if not any(course.root.glob(f"autograded/*/{name}/{name}.ipynb")):
        again = f"`pactlab grade {exercise.name[:2]}`" if exercise else "`pactlab grade NN`"
        raise KitError(f"{course.root}: nothing is there to be marked by hand; run {again} first")
    page = f"/formgrader/gradebook/{name}/{name}" if exercise else "/formgrader/gradebook"
    token = secrets.token_hex(16)
    say(f"Mark at http://127.0.0.1:{port}{page}?token={token}")
    say("What you write is saved at once. Stop with Ctrl+C.")
    command = [
        sys.executable, "-P", "-m", "pactlab.classroom.desk", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0", f"--ServerApp.root_dir={course.root.resolve()}", "--ServerApp.answer_yes=True",
        f"--ServerApp.default_url={page}", f"--ServerApp.open_browser={browser}", "--ServerApp.log_level=ERROR",
    ]  # fmt: skip
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # In a container the only user is often root; the server listens on this machine alone and asks for the token.
        command.append("--allow-root")
    with tempfile.TemporaryDirectory(prefix="pactlab-marking-") as folder:
        # nbgrader reads its settings anew at each request, from here and from no folder of the teacher's own.
        config = course.config()
        config.Exchange.root = folder  # nbgrader looks for one at each request, and complains where there is none
        settings = "\n".join(
            f"get_config()[{part!r}][{name!r}] = {value!r}"
            for part, values in config.items()
            for name, value in values.items()
        )
        (Path(folder) / "nbgrader_config.py").write_text(settings, encoding="utf-8")
        # nbgrader calls the program alembic by name, also where no environment is activated.
        programs = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
        own = {"JUPYTER_TOKEN": token, "JUPYTER_CONFIG_DIR": folder, "JUPYTER_RUNTIME_DIR": folder, "PATH": programs}
        try:
            return subprocess.run(command, env=os.environ | own, cwd=folder, check=False).returncode
        except KeyboardInterrupt:
            return 0
