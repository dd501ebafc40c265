"""A schedule as crontab(5) writes it, checked so that whatever is accepted here also comes: the daemon would not start with one that
its scheduler refuses, and 31 February is no day.
"""

from __future__ import annotations

import re
from calendar import monthrange
from typing import NamedTuple

LEAP_YEAR = 2024
"""In which 29 February is a day."""
HINT = "write minute, hour, day, month and day of the week as cron has them, such as `0 9 1 * *`"

_PART = re.compile(r"(?:(\*)|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/([0-9]{1,2}))?")


class _Field(NamedTuple):
    least: int
    most: int
    written: int
    """The highest number that may be written: 7 is Sunday too, as 0 is."""


_FIELDS = (_Field(0, 59, 59), _Field(0, 23, 23), _Field(1, 31, 31), _Field(1, 12, 12), _Field(0, 6, 7))
"""Minute, hour, day, month, day of the week."""


def crontab(text: str) -> str:
    """The same with single spaces. Raises ValueError for what cannot be read, and for days that never come."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"{text[:60]!r} is not a schedule; {HINT}")
    _, _, days, months, _ = (_numbers(written, field, text) for written, field in zip(fields, _FIELDS, strict=True))
    if fields[2] != "*" and fields[4] != "*":
        raise ValueError(
            f"{text[:60]!r} names days of the month and of the week; {HINT}, with a star for one of the two"
        )
    if min(days) > max(monthrange(LEAP_YEAR, month)[1] for month in months):
        raise ValueError(f"{text[:60]!r} never comes: none of its months has day {min(days)}; {HINT}")
    return " ".join(fields)


def _numbers(written: str, field: _Field, text: str) -> set[int]:
    """All that a field names. Raises ValueError."""
    found = set[int]()
    for part in written.split(","):
        numbers = _span(part, field)
        if not numbers:
            raise ValueError(f"{written[:20]!r} in {text[:60]!r} cannot be read; {HINT}")
        found.update(numbers)
    return found


def _span(part: str, field: _Field) -> range:
    """Empty for what is none: `60`, `5-2`, `*/0`, and steps that are longer than what they divide."""
    match = _PART.fullmatch(part)
    if match is None:
        return range(0)
    star, low, high, step = match.groups()
    first = field.least if star else int(low)
    # `5/10` goes on to the end of the field, `5` does not.
    last = int(high) if high else field.most if star or step else first
    if first < field.least or last > field.written or (step and not 0 < int(step) <= last - first):
        return range(0)
    return range(first, last + 1, int(step or 1))
