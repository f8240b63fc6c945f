"""The same tests once more as a user without rights: root drops to nobody, a user needs a namespace of users."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from arena import needs_box

pytestmark = needs_box
ROOT = Path(__file__).resolve().parents[2]
USER = "1000"
KINDS = "ending- or processes- or memory- or disk- or network- or reading- or writing- or leftovers- or honest"
"""What could depend on who is asking: not answers, nor results."""
SUITES = {"tests/redteam/test_hostile_notebooks.py": ["-k", KINDS], "tests/classroom/test_box.py": []}


def as_user(folder: Path, *words: str) -> list[str]:
    """The command line that runs a program as an ordinary user who can read this Python, wherever it lies.

    A home that is closed to others is shown empty, but for Python: in a mount namespace of its own, nothing changes.
    """
    line, shown = ["bwrap", "--dev-bind", "/", "/"], [Path(sys.base_prefix), Path(sys.prefix), ROOT]
    closed = {parent for path in shown for parent in path.parents if not parent.stat().st_mode & 0o001}
    for home in closed - {inner for inner in closed for outer in closed if outer in inner.parents}:
        line += ["--perms", "0755", "--tmpfs", str(home)]
        for path in (path for path in shown if path.is_relative_to(home)):
            inner = [parent for parent in reversed(path.parents) if parent.is_relative_to(home) and parent != home]
            line += [word for parent in inner for word in ("--perms", "0755", "--dir", str(parent))]
            line += ["--ro-bind", str(path), str(path)]
    setting = [f"HOME={folder}", f"TMPDIR={folder}", "PYTHONDONTWRITEBYTECODE=1", "PACTLAB_ORDINARY_USER=1"]
    drop = ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--inh-caps=-all"]
    return [*line, "--chdir", str(ROOT), "--", *drop, "env", *setting, sys.executable, *words]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; these tests run as a user already")
@pytest.mark.parametrize("suite", SUITES)
def test_the_suite_passes_as_an_ordinary_user(suite: str) -> None:
    if shutil.which("setpriv") is None:
        pytest.fail("setpriv is missing (Debian: util-linux); the box needs it, too")
    with tempfile.TemporaryDirectory(prefix="pactlab-user-") as name:
        folder = Path(name)
        os.chown(folder, int(USER), int(USER))
        if subprocess.run(as_user(folder, "-c", ""), check=False, capture_output=True, timeout=60).returncode != 0:
            pytest.skip("another user cannot read this Python, even so")
        words = ["-m", "pytest", "-n", "0", "-q", "--tb=short", "-p", "no:cacheprovider", "--basetemp", f"{folder}/t"]
        ran = subprocess.run(
            as_user(folder, *words, suite, *SUITES[suite]), check=False, capture_output=True, text=True, timeout=900
        )
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]
    assert " passed" in ran.stdout
