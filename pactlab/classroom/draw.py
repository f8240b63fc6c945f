"""Gives each student a question of their own, the same one every time."""

import hashlib
import unicodedata
from collections.abc import Sequence
from typing import TypeVar

from pactlab.errors import KitError

Option = TypeVar("Option")


def draw(student_id: str, what: str, options: Sequence[Option]) -> Option:
    """Choose one of the options for a student; an empty id gets the first.

    The choice rests on the SHA-256 digest of "what:student_id" and on the number of options, so it is the
    same on every machine, today and next year. Python's `hash` is salted anew in each process, and `random`
    promises the same numbers for `random()` alone, not for `choice`. Spaces around the id, capitals and
    full-width letters make no difference. Another `what` gives the same student a choice that does not
    depend on the first.
    Raises KitError when the id is not text or when there is nothing to choose from.

    >>> lanes = ["land", "sea", "air"]
    >>> draw("s12", "lane", lanes), draw(" S12 ", "lane", lanes), draw("s11", "lane", lanes)
    ('air', 'air', 'sea')
    >>> draw("", "lane", lanes)
    'land'
    """
    if not isinstance(student_id, str):
        raise KitError(f'student_id is {student_id!r}: write it between quotation marks, as in "{student_id}"')
    if not len(options):
        raise KitError(f"draw: there is no option for {what!r}; give a list with at least one")
    name = unicodedata.normalize("NFKC", student_id).strip().lower()
    if not name:
        return options[0]
    digest = hashlib.sha256(f"{what}:{name}".encode()).digest()
    return options[int.from_bytes(digest) % len(options)]
