"""Seal tables: write their hash and size into `datapackage.json`, and the page of all cards."""

from __future__ import annotations

import json
from collections.abc import Iterable

from pactlab import files
from pactlab.data.checks import chosen, content_faults, measure
from pactlab.data.package import LIST, package
from pactlab.data.page import PAGE, page
from pactlab.data.rows import first_of
from pactlab.errors import KitError


def seal(names: Iterable[str] | None = None) -> list[str]:
    """Write hash and size of the named tables, or of all when none is named, into `datapackage.json`.

    The folder's README.md, the page of all cards, is written anew as well. Returns the names of the tables whose
    seal changed. When any of the tables fails another check, nothing is written and the first fault is raised as
    a KitError.
    """
    kit = package()
    wanted = chosen(kit, names)
    faults = content_faults(kit, wanted)
    if faults:
        raise KitError(f"not sealed: {first_of(faults, 'uv run pactlab data verify')}")
    path = kit.folder / LIST
    described = json.loads(path.read_text(encoding="utf-8"))
    changed = []
    for entry in described["resources"]:
        if entry["name"] in wanted:
            size, sha256 = measure(kit.path(entry["name"]).read_bytes())
            if (entry.get("bytes"), entry.get("hash")) != (size, f"sha256:{sha256}"):
                entry["bytes"], entry["hash"] = size, f"sha256:{sha256}"
                changed.append(entry["name"])
    if changed:
        files.replace(path, (json.dumps(described, indent=1, ensure_ascii=False) + "\n").encode())
    files.replace(kit.folder / PAGE, page().encode())
    return changed
