"""The search: Pagefind's index of all pages, where its package is installed."""

from __future__ import annotations

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from pactlab.errors import KitError

FOLDER = "pagefind"
OWN_PAGE = ("*ui*", "*highlight*", "*playground*")
"""Pagefind's files for a search page of its own, which we do not use."""
SECONDS = 120


def available() -> bool:
    """Say whether the package `pagefind` and its program are installed."""
    return bool(find_spec("pagefind") and find_spec("pagefind_bin"))


def write(site: Path) -> None:
    """Index the pages of a site that say `data-pagefind-body`, and write the index under `pagefind/`.

    Raises KitError when the program fails. It is run as a program: the package's own functions wait for ever where
    an answer is longer than a line may be.
    """
    from pagefind_bin import get_executable

    command = [str(get_executable()), "--site", str(site), "--force-language", "en", "--quiet"]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise KitError(
            f"the search's program, pagefind, cannot be run ({problem}); the site works without it"
        ) from problem
    if run.returncode or not (site / FOLDER).is_dir():
        raise KitError(f"the search's program, pagefind, failed: {(run.stderr or run.stdout).strip()[:300]}")
    for pattern in OWN_PAGE:
        for path in (site / FOLDER).glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
