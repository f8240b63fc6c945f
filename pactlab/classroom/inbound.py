"""Takes students' work from nbgrader's exchange on a hub: each student's newest notebook, if it is their own."""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import stat
from datetime import datetime
from pathlib import Path

from nbgrader.exchange.default import ExchangeCollect

from pactlab.classroom.submission import LARGEST

SECRET = "submission_secret.txt"


def account(student_id: str) -> int:
    """Return the number of a student's Linux account; where there are no accounts, the one from which a pod runs.

    On Kubernetes zero_to_jupyterhub.yaml gives each pod the same number: above all accounts, from the name's SHA-256.
    """
    try:
        return pwd.getpwnam(student_id).pw_uid
    except KeyError:
        return 100_000 + int.from_bytes(hashlib.sha256(student_id.encode()).digest()[:4]) % 2**30


def content(folder: Path, owner: int, names: list[str]) -> dict[str, bytes]:
    """Read files that their owner may change meanwhile; raises OSError or ValueError for what is not plainly theirs.

    A link in the folder would otherwise hand in whatever the teacher can read: the solutions, say.
    """
    found = {}
    inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(inside).st_uid != owner:
            raise ValueError("it lies there in the name of another student")
        for name in names:
            with open(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=inside), "rb") as file:
                facts = os.fstat(file.fileno())
                if not stat.S_ISREG(facts.st_mode) or facts.st_uid != owner:
                    raise ValueError(f"{name} is no file of theirs")
                found[name] = file.read(LARGEST + 1)
                if len(found[name]) > LARGEST:
                    raise ValueError(f"{name} is over {LARGEST / 1e6:.0f} MB")
    finally:
        os.close(inside)
    return found


class Collect(ExchangeCollect):
    """Takes each student's newest notebook, if it is their own.

    nbgrader's collector warns when someone hands in as another, and takes it; it follows links; and one folder with an
    odd name ends it for the class. Here each of these is one line, and the others go on.
    """

    def init_src(self) -> None:
        """Read what can be taken, so that copying cannot fail halfway."""
        exercise, inbound = self.coursedir.assignment_id, Path(self.root, self.coursedir.course_id, "inbound")
        if not inbound.is_dir():
            self.fail(f"{inbound} is missing: release an exercise first")
        self.inbound_path, self.taken, newest = str(inbound), {}, {}
        for folder in sorted(inbound.glob(f"{self.coursedir.student_id or '*'}+{exercise}+*")):
            student_id, _, when = folder.name.split("+")[:3]
            try:
                time = datetime.strptime(when, "%Y-%m-%d %H:%M:%S.%f UTC")
                files = content(folder, account(student_id), [f"{exercise}.ipynb", SECRET])
                if not re.fullmatch(rb"[0-9a-f]{128}", files[SECRET]):
                    raise ValueError(f"{SECRET} is not nbgrader's")
            except (OSError, ValueError) as problem:
                self.log.warning("%r not taken: %s", folder.name, problem)
                continue
            # From the folder's name, which was read: a text of the student's own could end the next collection.
            self.taken[str(folder)] = files | {"timestamp.txt": when.encode()}
            if student_id not in newest or time > newest[student_id]["timestamp"]:
                newest[student_id] = {"username": student_id, "filename": folder.name, "timestamp": time}
        self.src_records = list(newest.values())

    def do_copy(self, src: str, dest: str, log: object = None) -> None:
        """Write beside the place what was read, and rename."""
        beside = Path(f"{dest}.new")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        for name, text in self.taken[src].items():
            (beside / name).write_bytes(text)
        beside.rename(dest)
