"""Hours in which nobody is on call."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from agent.notice.on_call.shift import Shift, Span, merged, without


def gaps(shifts: Iterable[Shift], first: datetime, until: datetime) -> list[Span]:
    """Of the span, what no shift covers, in order."""
    return list(without((first, until), merged((shift.begins, shift.ends) for shift in shifts)))


def total(spans: Iterable[Span]) -> timedelta:
    return sum((ends - begins for begins, ends in spans), timedelta())
