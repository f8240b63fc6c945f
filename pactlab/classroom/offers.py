"""Reads what is handed in, folders and zips that may be anything, within bounds; nothing is unpacked to disk.

ZIP (APPNOTE.TXT 4.4.4, 4.4.6): a name is UTF-8 where bit 11 says so, else code page 437, though several programs write
UTF-8 and do not say so; times have no zone and are taken for this computer's.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from pactlab.classroom.submission import LARGEST

MOST_FILES = 5_000
"""Files of one folder or zip."""
LARGEST_IN_ALL = 500_000_000
"""Bytes read in one run, unpacked."""
LARGEST_LISTING = MOST_FILES * 1_000
"""Bytes of a zip's own table of contents."""
LONGEST_NAME = 1_000
"""Letters of a path in a zip."""
NOTEBOOK = re.compile(r"\.ipynb(\.txt|\.json)?$", re.IGNORECASE)
"""Browsers add .txt or .json to a notebook that they download."""
LITTER = re.compile(
    r"(^|/)(__MACOSX|\.ipynb_checkpoints|\.DS_Store|Thumbs\.db|desktop\.ini|timestamp\.txt|submission_secret\.txt|"
    r"\._[^/]*)(/|$)"
)
"""What computers and nbgrader leave beside students' files; nobody handed it in."""
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)
"""What the zipfile module raises for bytes that are no zip, or no more."""
DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True)
class Collected:
    """What became of one thing that was handed in."""

    student_id: str
    """Empty where nobody's id could be found."""
    source_name: str
    """Where it came from, as the school names it."""
    state: str
    """taken, replaced, unchanged, unknown (no such student in the roster) or not taken."""
    reason: str = ""


class LeftError(Exception):
    """Says in a few words why something stays where it is."""


@dataclass
class Item:
    """A file on offer; nothing of it is read before it is asked for."""

    source: str
    parts: tuple[str, ...]
    """Folders and file name, below what the teacher gave."""
    time: datetime
    load: Callable[[], bytes]
    student_id: str = ""
    notes: list[str] = field(default_factory=list)
    fault: str = ""
    """Why it cannot be taken."""
    state: str = "not taken"
    order: int = 0
    """Canvas' number of the file: the larger is the later."""

    @property
    def is_notebook(self) -> bool:
        """Whether its name says that it is a notebook."""
        return bool(NOTEBOOK.search(self.parts[-1]))

    def row(self, fault: str = "", state: str = "not taken") -> Collected:
        """Return what became of it, with the notes made on the way."""
        return Collected(
            self.student_id, self.source, state, "; ".join(dict.fromkeys(filter(None, [fault, *self.notes])))
        )


class Allowance:
    """Counts what is unpacked, so that no zip fills memory or takes the evening."""

    def __init__(self) -> None:
        self.left = LARGEST_IN_ALL

    def read(self, file: IO[bytes]) -> bytes:
        """Read at most one byte more than a notebook may have: headers can lie about sizes."""
        if self.left <= 0:
            raise LeftError(f"{LARGEST_IN_ALL // 1_000_000} MB are unpacked; give the rest in another run")
        raw = file.read(LARGEST + 1)
        self.left -= len(raw)
        if len(raw) > LARGEST:
            raise LeftError(f"larger than {LARGEST // 1_000_000} MB")
        return raw


def offered(path: Path, opened: contextlib.ExitStack, allowance: Allowance, rows: list[Collected]) -> Iterator[Item]:
    """Yield each file of a folder or zip, or the file itself; what cannot be offered becomes a row.

    opened: closes the zips. allowance: what may still be read, in all. Raises LeftError for a whole that is no good.
    """
    try:
        if path.is_dir():
            yield from _in_folder(path, allowance, rows)
        elif not path.is_file():
            raise LeftError("there is no such file or folder" if not path.exists() else "neither a file nor a folder")
        elif NOTEBOOK.search(path.name):
            yield _on_disk(path, (_composed(path.name),), path.name, allowance)
        elif path.suffix.lower() == ".zip":
            yield from _in_zip(path, opened, allowance, rows)
        else:
            raise LeftError("neither a notebook (.ipynb), a zip nor a folder")
    except OSError as problem:
        raise LeftError(f"it cannot be read ({problem.strerror or problem})") from problem
    except DAMAGED as problem:
        raise LeftError("the zip is damaged: download it again") from problem


def _on_disk(path: Path, parts: tuple[str, ...], source: str, allowance: Allowance) -> Item:
    def load() -> bytes:
        with path.open("rb") as file:
            return allowance.read(file)

    return Item(shown(source), parts, datetime.fromtimestamp(path.stat().st_mtime, UTC), load)


def _in_folder(root: Path, allowance: Allowance, rows: list[Collected]) -> Iterator[Item]:
    def closed(problem: OSError) -> None:
        source = f"{root.name}/{Path(problem.filename).relative_to(root).as_posix()}"
        rows.append(Collected("", shown(source), "not taken", f"it cannot be read ({problem.strerror})"))

    count = 0
    for folder, folders, names in os.walk(root, onerror=closed):
        folders.sort()
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in sorted([*names, *links]):
            path = Path(folder) / name
            inside = path.relative_to(root)
            if LITTER.search(inside.as_posix()):
                continue
            count += 1
            if count > MOST_FILES:
                raise LeftError(f"more than {MOST_FILES:,} files: give the folder of one exercise")
            source = f"{root.name}/{inside.as_posix()}"
            if not stat.S_ISREG(path.lstat().st_mode):
                rows.append(Collected("", shown(source), "not taken", "a link or device, not a file"))
                continue
            yield _on_disk(path, tuple(_composed(part) for part in inside.parts), source, allowance)


def _in_zip(path: Path, opened: contextlib.ExitStack, allowance: Allowance, rows: list[Collected]) -> Iterator[Item]:
    _look_at_listing(path)
    archive = opened.enter_context(zipfile.ZipFile(path))
    entries = [entry for entry in archive.infolist() if not entry.filename.endswith(("/", "\\"))]
    if len(archive.infolist()) > MOST_FILES:
        raise LeftError(f"more than {MOST_FILES:,} files in the zip: give the zip of one exercise")
    for entry in entries:
        name = _zipped_name(entry)
        parts = tuple(part for part in re.split(r"[\\/]", name) if part not in ("", "."))
        if len(name) <= LONGEST_NAME and LITTER.search("/".join(parts)):
            continue
        source = f"{path.name}/{name}"
        fault = _fault_of_entry(entry, name, parts)
        if fault:
            rows.append(Collected("", shown(source), "not taken", fault))
            continue
        yield Item(shown(source), parts, _zipped_time(entry, path), _unpacking(archive, entry, allowance))


def _look_at_listing(path: Path) -> None:
    """Refuse a zip whose table of contents alone would fill memory: the zipfile module reads all of it at once.

    Source of the record's form: APPNOTE.TXT 4.3.15, 4.3.16.
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 66_000))
        end = file.read()
    place = end.rfind(b"PK\5\6")
    if place < 0:
        raise zipfile.BadZipFile
    if end[max(0, place - 20) : place].startswith(b"PK\6\7"):
        raise LeftError("a zip of the large form (zip64): unpack it, then give the folder")
    if int.from_bytes(end[place + 12 : place + 16], "little") > LARGEST_LISTING:
        raise LeftError(f"more than {MOST_FILES:,} files in the zip: give the zip of one exercise")


def _fault_of_entry(entry: zipfile.ZipInfo, name: str, parts: tuple[str, ...]) -> str:
    if len(name) > LONGEST_NAME:
        return f"its name is longer than {LONGEST_NAME:,} letters"
    if name.startswith(("/", "\\")) or DRIVE.match(name) or ".." in parts or not parts:
        return "its path leads out of the zip"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "a link, not a file"
    if entry.flag_bits & 0x1:
        return "encrypted: ask for it without a password"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "packed in a way that cannot be unpacked within bounds: unpack it, then give the folder"
    return ""


def _unpacking(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, allowance: Allowance) -> Callable[[], bytes]:
    def load() -> bytes:
        try:
            with archive.open(entry) as file:
                return allowance.read(file)
        except DAMAGED as problem:
            raise LeftError("damaged in the zip: download it again") from problem

    return load


def _zipped_name(entry: zipfile.ZipInfo) -> str:
    name = entry.filename
    if not entry.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):  # then it is what it says: code page 437
            name = name.encode("cp437").decode("utf-8")
    return _composed(name)


def _zipped_time(entry: zipfile.ZipInfo, path: Path) -> datetime:
    try:
        return datetime(*entry.date_time).astimezone(UTC)
    except (ValueError, OverflowError, OSError):  # month 0, and such: then the zip's own time
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def shown(text: str) -> str:
    """Return a name that can be printed: a file's name may hold what steers a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in _composed(text))[:200]
