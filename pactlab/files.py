"""Write files whole: whoever reads meanwhile sees the old file or the new one, never half of one."""

from __future__ import annotations

import os
from pathlib import Path


def replace(path: Path, content: bytes) -> bool:
    """Write beside the place and rename; return False, and touch nothing, when the bytes there are the same."""
    if path.exists() and path.read_bytes() == content:
        return False
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.write_bytes(content)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return True
