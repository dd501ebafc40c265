"""How much a value of the settings is, so that two can be compared: spans of time, numbers, levels.

A reader returns None for what it cannot read, and what cannot be read cannot be called stronger.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from agent.duration import parse_duration

Reader = Callable[[Any], float | None]

LEVELS = ("informational", "low", "medium", "high", "critical")
"""Sigma's, the lowest first. Written here, for rooms do not import each other; a test compares them with the detection's."""

MATURITY = ("unsupported", "deprecated", "experimental", "test", "stable")
"""Sigma's statuses, the ripest last: those at the beginning do not run unless the settings say so."""

_SPAN = TypeAdapter(timedelta)


def span(value: Any) -> float | None:
    """Seconds of a span as settings write it (`15m`) or as ISO 8601 does (`PT15M`)."""
    if not isinstance(value, str):
        return None
    try:
        return float(parse_duration(value).total_seconds())
    except ValueError:
        pass
    try:
        return _SPAN.validate_python(value).total_seconds()
    except ValidationError:
        return None


def number(value: Any) -> float | None:
    """A finite number; True and False are none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def rank(order: Sequence[Any]) -> Reader:
    """The place in an order."""

    def read(value: Any) -> float | None:
        return float(order.index(value)) if isinstance(value, str) and value in order else None

    return read


def endless(read: Reader) -> Reader:
    """As `read`, of settings that have no bound where they are left out."""
    return lambda value: math.inf if value is None else read(value)


def on(value: Any) -> float | None:
    """A switch: 1 where it is on."""
    return float(value) if isinstance(value, bool) else None


level, maturity = rank(LEVELS), rank(MATURITY)
