"""A teacher's course folder: where submissions, marks and feedback lie."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sysconfig
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pactlab import data
from pactlab.errors import KitError

if TYPE_CHECKING:
    from nbgrader.api import Gradebook
    from traitlets.config import Config

LONGEST_ID = 60
SAFE_ID = re.compile(r"[\w@.-]+")
"""What an id may hold, since it names folders: letters of any script, digits, _ @ . -"""


def student(text: str) -> str:
    """Return a student's id as the course writes it; raises KitError when it cannot name a folder.

    Spaces at the ends go, letters are composed (NFC), since systems write an accent in two ways.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not name or len(name) > LONGEST_ID or not SAFE_ID.fullmatch(name) or set(name) == {"."} or name.startswith("-"):
        raise KitError(
            f"{text[:LONGEST_ID]!r} cannot be a student's id: use 1 to {LONGEST_ID} letters, digits, _ @ . -"
        )
    return name


@dataclass(frozen=True)
class Course:
    """A folder laid out as nbgrader lays it out, so that nbgrader's own tools work on it."""

    root: Path

    def notebook(self, step: str, student_id: str, exercise: str) -> Path:
        """Return the place of a student's notebook; step: submitted or autograded."""
        return self.root / step / student_id / exercise / f"{exercise}.ipynb"

    def feedback(self, student_id: str, exercise: str) -> Path:
        """Return the place of a student's feedback page."""
        return self.root / "feedback" / student_id / exercise / f"{exercise}.html"

    @property
    def database(self) -> Path:
        """The gradebook: SQLite, nbgrader's own tables."""
        return self.root / "gradebook.db"

    def submitted(self, exercise: str) -> list[str]:
        """Return the ids of those who handed in, sorted."""
        return sorted(path.parts[-3] for path in (self.root / "submitted").glob(f"*/{exercise}/{exercise}.ipynb"))

    def config(self) -> Config:
        """Return nbgrader's configuration for this course: the kit's own, with the course here."""
        from traitlets.config.loader import PyFileConfigLoader

        kit = data.root().parent
        config = PyFileConfigLoader("nbgrader_config.py", str(kit)).load_config()
        config.CourseDirectory.root = str(self.root.resolve())
        return config

    @contextlib.contextmanager
    def gradebook(self) -> Iterator[Gradebook]:
        """Open the gradebook, made when missing. Raises KitError when it is locked, damaged or on a full disk."""
        import sqlalchemy.exc
        from nbgrader.api import Gradebook

        self.root.mkdir(parents=True, exist_ok=True)
        logging.getLogger("alembic").setLevel(logging.WARNING)
        try:
            with _programs_on_path(), Gradebook(f"sqlite:///{self.database.resolve()}") as book:
                yield book
        except sqlalchemy.exc.SQLAlchemyError as problem:
            reason = str(getattr(problem, "orig", problem)).splitlines()[0]
            raise KitError(
                f"{self.database.name}: {reason}; close other programs that use it, then run this again"
            ) from problem


@contextlib.contextmanager
def _programs_on_path() -> Iterator[None]:
    """Let nbgrader find the program alembic, which it calls by name, also where no environment is activated."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


def open_course(folder: Path | None = None) -> Course:
    """Return the course in a folder: by default `course/` in the kit."""
    root = folder or Path(os.environ.get("PACTLAB_COURSE") or data.root().parent / "course")
    if root.exists() and not root.is_dir():
        raise KitError(f"{root}: is a file; name a folder with --course")
    return Course(root)
