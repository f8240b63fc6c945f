"""`rebuild`, and the page of all cards that every seal writes."""

import shutil
from pathlib import Path

import pytest

from pactlab.data import page, rebuild, seal, verify
from pactlab.errors import KitError

FIXTURES = Path(__file__).parent / "fixtures"
TABLE = "iso3,year,n\nAUS,2020,3\nAUS,2021,1\nJPN,2020,12\n"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the small package that a test may spoil, sealed and with its page."""
    folder = Path(shutil.copytree(FIXTURES / "small", tmp_path / "data"))
    monkeypatch.setenv("PACTLAB_DATA", str(folder))
    seal()
    return folder


def upstream(folder: Path, content: str) -> Path:
    path = folder.parent / "upstream.csv"
    path.write_bytes(content.encode())
    return path


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_table_is_made_again_and_sealed(small: Path) -> None:
    assert rebuild("counts", [upstream(small, TABLE)]) == "data/counts.csv: 1 lines new or changed, 1 gone; sealed"
    assert (small / "counts.csv").read_bytes() == TABLE.encode()
    assert verify() == []


def test_the_same_table_changes_nothing(small: Path) -> None:
    before = content_of(small)
    same = upstream(small, (small / "counts.csv").read_text(encoding="utf-8"))
    assert rebuild("counts", [same]) == "data/counts.csv: the same, byte for byte"
    assert content_of(small) == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("year,n\n2020,1\n", r"^counts is as it was: .*upstream\.csv: has no column iso3; expected a tracker$"),
        (
            "iso3,year,n\nXXX,2020,3\n",
            r"^counts is as it was; the new table is not sealed: data/counts\.csv, row 2, column iso3: found \"XXX\"",
        ),
        ("iso3,year,n\nAUS,2020,many\n", r"row 2, column n: found \"many\", expected a whole number"),
    ],
)
def test_a_fault_leaves_table_and_seal_as_they_were(small: Path, content: str, message: str) -> None:
    before = content_of(small)
    with pytest.raises(KitError, match=message):
        rebuild("counts", [upstream(small, content)])
    assert content_of(small) == before
    assert verify() == []


def test_too_many_files_point_to_the_recipe(small: Path) -> None:
    path = upstream(small, TABLE)
    with pytest.raises(KitError, match=r"for the files to give, see uv run python data/recipes/counts\.py -h$"):
        rebuild("counts", [path, path])


def test_a_table_written_by_hand_has_no_recipe(small: Path) -> None:
    with pytest.raises(KitError, match=r'"countries" is written by hand: change data/countries\.csv, then run: '):
        rebuild("countries", [])


def test_the_page_holds_every_card(small: Path) -> None:
    (small / "README.md").unlink()
    assert seal() == [], "the page alone is missing"
    written = (small / "README.md").read_text(encoding="utf-8")
    assert written == page()
    for text in ("## counts", "It is invented.", "| `n` | Events. | 3 |", "([recipe](recipes/counts.py))"):
        assert text in written
