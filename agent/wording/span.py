"""Spans of time in words."""

from __future__ import annotations

from datetime import timedelta

from agent.wording.number import counted

UNITS = {"day": 86_400, "hour": 3_600, "minute": 60}


def span_text(span: timedelta) -> str:
    """`10 minutes`, `36 hours`, `7 days`: in the largest unit that gives a whole number, else in seconds."""
    seconds = span.total_seconds()
    unit = next((unit for unit, size in UNITS.items() if seconds and not seconds % size), "second")
    return counted(seconds / UNITS.get(unit, 1), unit)
