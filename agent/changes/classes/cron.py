"""Whether one cron expression fires at least as often as another."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence

from agent.changes.classes.change_class import ChangeClass
from agent.changes.classes.directions import ValueChange

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_FIELDS: Sequence[tuple[int, int, Sequence[str]]] = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, _MONTHS),
    (0, 6, _DAYS),
)
"""Minute, hour, day of the month, month, day of the week: least, most, names. A Monday is 0, as in apscheduler."""

_PART = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?", re.ASCII)

Times = tuple[frozenset[int], ...]


def cron_change(change: ValueChange) -> ChangeClass:
    """More times strengthen. Other times of the same days are neutral where they are as many, and what else cannot be compared
    weakens.
    """
    before, after = cron_times(change.before), cron_times(change.after)
    if before is None or after is None:
        return "weaken"
    if before == after:
        return "neutral"
    if all(old <= new for old, new in zip(before, after, strict=True)):
        return "strengthen"
    if before[2:] == after[2:] and _in_a_day(before) <= _in_a_day(after):
        return "neutral" if _in_a_day(before) == _in_a_day(after) else "strengthen"
    return "weaken"


def cron_times(text: object) -> Times | None:
    """The numbers of each of the five fields; None for what is not such an expression."""
    parts = text.split() if isinstance(text, str) else []
    if len(parts) != len(_FIELDS):
        return None
    fields = [_numbers(part.lower(), *field) for part, field in zip(parts, _FIELDS, strict=True)]
    return tuple(field for field in fields if field) if all(fields) else None


def _in_a_day(times: Times) -> int:
    return math.prod(map(len, times[:2]))


def _numbers(text: str, least: int, most: int, names: Sequence[str]) -> frozenset[int] | None:
    found = [_range(part, least, most, names) for part in text.split(",")]
    if any(not numbers for numbers in found):
        return None
    return frozenset(itertools.chain.from_iterable(numbers or () for numbers in found))


def _range(text: str, least: int, most: int, names: Sequence[str]) -> range | None:
    part = _PART.fullmatch(text)
    if part is None:
        return None
    every, first, last, step = part.groups()
    begin = least if every else _number(first, least, names)
    end = most if every or (step and not last) else _number(last or first, least, names)
    if begin is None or end is None or not least <= begin <= end <= most or step == "0":
        return None
    return range(begin, end + 1, int(step or 1))


def _number(text: str, least: int, names: Sequence[str]) -> int | None:
    if text in names:
        return names.index(text) + least
    return int(text) if text.isdecimal() else None
