"""Spans of time in settings: `90s`, `5m`, `24h`, `3d`, `2w`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FORM = r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*"

LONGEST = timedelta(days=36_525)
"""A century: clocks and sockets can still reckon with it."""


def parse_duration(value: Any) -> Any:
    """`5m` to a timedelta; timedeltas pass. Raises ValueError, in words for a settings file."""
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(_FORM, value) if isinstance(value, str) else None
    if found is None:
        shown = repr(value)[:60]
        raise ValueError(f"{shown} is not a span of time; write a number and a unit, such as 30s, 5m, 24h or 3d")
    try:
        span = timedelta(**{_UNITS[found[2]]: float(found[1])})
    except OverflowError:
        span = timedelta.max
    if span > LONGEST:
        raise ValueError(f"{value[:60]!r} is longer than a century; write a shorter span of time")
    return span


def written(span: timedelta) -> str:
    """A timedelta as it is written in settings, in the largest unit that makes it a whole number."""
    milliseconds = round(span.total_seconds() * 1000)
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(written, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": f"^{_FORM}$", "examples": ["30s", "5m", "24h", "3d"]}),
]
"""A settings field that holds a span of time."""


def _positive(span: timedelta) -> timedelta:
    if span <= timedelta():
        raise ValueError(f"{written(span)} is too short; write a longer span of time")
    return span


def at_most(most: timedelta) -> AfterValidator:
    """What refuses longer spans; stands beside `Duration` in `Annotated`."""

    def bounded(span: timedelta) -> timedelta:
        if span > most:
            raise ValueError(f"{written(span)} is too long; write at most {written(most)}")
        return span

    return AfterValidator(bounded)


PositiveDuration = Annotated[Duration, AfterValidator(_positive)]
"""As `Duration`, longer than nothing."""
