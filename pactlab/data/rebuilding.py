"""Make a derived table again from its upstream files."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from pactlab import files
from pactlab.data.package import package
from pactlab.data.sealing import seal
from pactlab.errors import KitError

USAGE = 2  # the status with which argparse leaves: files too few or too many


def rebuild(name: str, upstream: Iterable[Path]) -> str:
    """Run a derived table's recipe on its upstream files, put the new table in its place and seal it.

    `upstream` are the files in the order in which the recipe names them. Returns a line on what changed. A
    curated table, a file that the recipe refuses and a new table that fails a check are a KitError; table and
    seal are then as they were.
    """
    kit = package()
    recipe, place = kit.resource(name)["pactlab"].get("recipe"), kit.path(name)
    if not recipe:
        raise KitError(
            f'"{name}" is written by hand: change {kit.label(name)}, then run: uv run pactlab data seal {name}'
        )
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, place.name)
        # A process of its own: recipes import what lies beside them, and may need much memory.
        command = [sys.executable, kit.folder / recipe, *upstream, "--to", made]
        run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        if run.returncode == USAGE:
            raise KitError(
                f"{name} is as it was: for the files to give, see uv run python {kit.folder.name}/{recipe} -h"
            )
        if run.returncode:
            raise KitError(f"{name} is as it was: {(run.stderr.strip().splitlines() or ['its recipe failed'])[-1]}")
        new = made.read_bytes()
    old = place.read_bytes() if place.exists() else b""
    if new == old:
        return f"{kit.label(name)}: the same, byte for byte"
    files.replace(place, new)
    try:
        seal([name])
    except KitError as fault:
        files.replace(place, old)
        raise KitError(f"{name} is as it was; the new table is {fault}") from None
    before, after = (set(table.splitlines()) for table in (old, new))
    return f"{kit.label(name)}: {len(after - before)} lines new or changed, {len(before - after)} gone; sealed"
