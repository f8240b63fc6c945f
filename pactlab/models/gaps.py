"""Days between dated events of which some are known to the month or the year only."""

from datetime import date
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from pactlab.errors import KitError

Day = str | date | pd.Timestamp | np.datetime64
Precision = Literal["day", "month", "year"]
SPANS = {"day": "D", "month": "M", "year": "Y"}


class Gap(NamedTuple):
    """The fewest and the most days that two dates allow."""

    shortest: int
    """Days from the last possible first day to the first possible second day."""

    longest: int
    """Days from the first possible first day to the last possible second day."""


def days_between(
    first: Day, second: Day, first_precision: Precision = "day", second_precision: Precision = "day"
) -> Gap:
    """Return the shortest and the longest possible number of days from one date to another.

    first, second: dates, or text such as "2016-09-05"; of a date known to the month or year, any day of that period.
    first_precision, second_precision: "day", "month" or "year" (the `date_precision` of the kit's tables). Both numbers
    are equal when both days are known. A negative number: the second date comes first; when only the shortest is
    negative, the order of the two is not known. Raises KitError for a date that is missing or cannot be read and for
    an unknown precision. Source: bounds by interval arithmetic (Moore, 1966).

    >>> days_between("2016-05-21", "2016-09-05")
    Gap(shortest=107, longest=107)
    >>> days_between("2016-09-05", "2017-02-01", second_precision="month")
    Gap(shortest=149, longest=176)
    """
    early = _period(first, first_precision, "first")
    late = _period(second, second_precision, "second")
    return Gap(
        (late.start_time.normalize() - early.end_time.normalize()).days,
        (late.end_time.normalize() - early.start_time.normalize()).days,
    )


def _period(day: Day, precision: str, which: str) -> pd.Period:
    if precision not in SPANS:
        raise KitError(f'days_between: {which}_precision is {precision!r}; write "day", "month" or "year"')
    # A bare number is refused: pandas would read 2016 as nanoseconds since 1970.
    if pd.isna(day) or not isinstance(day, str | date | np.datetime64):
        raise KitError(f'days_between: the {which} date is {day!r}; give a date, such as "2016-09-05"')
    try:
        # Text must be a whole date: pandas would take "2016-09" for the first of September.
        stamp = pd.Timestamp(date.fromisoformat(day) if isinstance(day, str) else day)
    except ValueError as problem:
        raise KitError(
            f'days_between: the {which} date is {day!r}; write "2016-09-05", or for a month "2016-09-01" and "month"'
        ) from problem
    return stamp.tz_localize(None).to_period(SPANS[precision])
