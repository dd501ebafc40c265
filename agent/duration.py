"""Spans of time in settings: `90s`, `5m`, `24h`, `3d`, `2w`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_duration(value: Any) -> Any:
    """`5m` to a timedelta; timedeltas pass. Raises ValueError, in words for a settings file."""
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*", str(value))
    if found is None:
        raise ValueError(f"{value!r} is not a span of time; write a number and a unit, such as 30s, 5m, 24h or 3d")
    try:
        return timedelta(**{_UNITS[found[2]]: float(found[1])})
    except OverflowError:
        raise ValueError(f"{value!r} is longer than anything lasts; write a shorter span of time") from None


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
"""A settings field that holds a span of time."""
