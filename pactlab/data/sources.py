"""Look up a source and cite it."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from functools import lru_cache

from pactlab.data.faults import nearest
from pactlab.data.package import Package, package
from pactlab.data.rows import read_sound
from pactlab.errors import KitError

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-\d{2})?)?", re.ASCII)
# Brackets of either kind would end a markdown link too early.
IN_LABEL = str.maketrans({"[": r"\[", "]": r"\]"})
IN_ADDRESS = str.maketrans({"(": "%28", ")": "%29", " ": "%20"})


@dataclass(frozen=True)
class Source:
    """One row of the table `sources`, as text."""

    source_id: str
    """The short name that tables and lessons use."""

    publisher: str
    """Who published it, short enough to stand in a sentence."""

    title: str
    """Its title."""

    date: str
    """When it came out: YYYY, YYYY-MM or YYYY-MM-DD, or empty when it bears no date."""

    url: str
    """Where to read it, or empty when it is on no public page."""

    kind: str
    """What sort of document it is."""

    licence: str
    """Under what terms it is published, as far as the publisher says."""

    accessed: str
    """The day on which it was read, as YYYY-MM-DD."""

    @property
    def label(self) -> str:
        """Publisher and date as a sentence would name them: `White House, 15 Dec 2023`."""
        return f"{self.publisher}, {_spoken(self.date)}"


def source(source_id: str) -> Source:
    """Return one source by its id; an unknown id is a KitError with the nearest ids."""
    if not isinstance(source_id, str):
        raise KitError('give one id as text; load("sources") lists them all')
    kit = package()
    path = kit.path("sources")
    known = _by_id(kit, path.read_bytes() if path.is_file() else None)
    if source_id not in known:
        hint = nearest(source_id, list(known))
        raise KitError(f'{kit.label("sources")} has no source "{source_id}"{hint}')
    return known[source_id]


def cite(source_id: str) -> str:
    """Return the markdown link that cites a source: publisher and date, address, and the id in quotes.

    A source without an address links to the heading "Sources" of the same page. An unknown id is a KitError
    with the nearest ids.

    >>> from pactlab.data import cite, load
    >>> first = load("sources")["source_id"].iloc[0]
    >>> link = cite(first)
    >>> link.startswith("["), link.endswith(f'"{first}")')
    (True, True)
    """
    cited = source(source_id)
    address = cited.url.translate(IN_ADDRESS) or "#Sources"
    return f'[{cited.label.translate(IN_LABEL)}]({address} "{cited.source_id}")'


# The content is part of the key, so that an edited file is read again.
@lru_cache(maxsize=8)
def _by_id(kit: Package, content: bytes | None) -> dict[str, Source]:
    columns = read_sound(kit, "sources", content).columns
    rows = zip(*(columns[part.name] for part in fields(Source)), strict=True)
    return {row[0]: Source(*row) for row in rows}


def _spoken(date: str) -> str:
    """Write `2023-12-15` as `15 Dec 2023`, `2022-03` as `Mar 2022`, `2019` as it is, nothing as `no date`."""
    if not date:
        return "no date"
    if not DATE.fullmatch(date):
        raise KitError(f'sources.csv has the date "{date}"; write it as YYYY, YYYY-MM or YYYY-MM-DD')
    year, month, day = (*date.split("-"), "", "")[:3]
    return " ".join(word for word in (day.lstrip("0"), month and MONTHS[int(month) - 1], year) if word)
