"""Pictures as files: what a notebook stores inside its HTML, written once under the name of its content."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from pactlab.errors import KitError

FOLDER = "pictures"
ENDINGS = {"image/webp": "webp", "image/png": "png", "image/jpeg": "jpg"}
"""Kinds of pictures that every browser shows; SVG from a notebook could carry a script and is not among them."""


@dataclass(frozen=True)
class Picture:
    """A picture of the site."""

    name: str
    """Its file, under `pictures/`: the first sixteen hexadecimal digits of its SHA-256, and the ending."""
    width: int
    """Width in pixels."""
    height: int
    """Height in pixels."""


def written(address: str, site: Path) -> Picture:
    """Write the picture of a `data:` address into a site's folder of pictures, byte for byte, and return it.

    address: `data:image/webp;base64,...`, PNG or JPEG as well. Raises KitError when it is none of these.
    """
    head, _, body = address.partition(",")
    kind = head.removeprefix("data:").removesuffix(";base64")
    if kind not in ENDINGS:
        raise KitError(f"a picture is {head[:40]!r}; a page shows {', '.join(ENDINGS)} in base64")
    try:
        content = base64.b64decode(body, validate=True)
        with Image.open(io.BytesIO(content)) as opened:
            width, height = opened.size
    except (binascii.Error, UnidentifiedImageError) as problem:
        raise KitError(f"a picture of kind {kind} cannot be read; run `uv run pactlab refresh`") from problem
    name = f"{hashlib.sha256(content).hexdigest()[:16]}.{ENDINGS[kind]}"
    place = site / FOLDER / name
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return Picture(name, width, height)
