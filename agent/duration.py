"""Spans of time as people write them: `90s`, `5m`, `24h`, `3d`, `2w`.

Settings (`parse_duration`) and rules (`whole_seconds`) are read here. Two readers stay apart on purpose: samples of rules
(`detection/authoring/sample_file.py`) take any number that Python does, for they place events before and after one
another; and the simulator, which stands alone, has a reader of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FORM = r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)\s*"

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_629_746, "y": 31_556_952}
"""Units of a span in a rule. A month and a year are those of the Gregorian calendar's mean, as in pySigma."""

LONGEST = timedelta(days=36_525)
"""A century: clocks and sockets can still reckon with it."""


def parse_duration(value: Any) -> Any:
    """`5m` to a timedelta of whole milliseconds, as `written` gives them; timedeltas pass. Raises ValueError, in words for a settings
    file.
    """
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(_FORM, value) if isinstance(value, str) else None
    if found is None:
        shown = repr(value)[:60]
        raise ValueError(f"{shown} is not a span of time; write a number and a unit, such as 30s, 5m, 24h or 3d")
    try:
        span = timedelta(**{_UNITS[found[2]]: float(found[1])})
        span = timedelta(milliseconds=round(span / timedelta(milliseconds=1)))
    except OverflowError:
        span = timedelta.max
    if span > LONGEST:
        raise ValueError(f"{value[:60]!r} is longer than a century; write a shorter span of time")
    return span


def whole_seconds(value: object, units: str, digits: int) -> int | None:
    """Seconds of a span as rules write it: a whole number of at most `digits` digits and one of `units` (of `SECONDS`).

    None for anything else: fractions, zero, leading zeros, blanks and signs, which Sigma's specification does not have.
    """
    # Seconds and no timedelta: ten digits of years are more than a timedelta can hold.
    found = re.fullmatch(rf"([1-9][0-9]{{0,{digits - 1}}})([{units}])", str(value))
    return int(found[1]) * SECONDS[found[2]] if found else None


def written(span: timedelta) -> str:
    """A timedelta as it is written in settings, in the largest unit that makes it a whole number."""
    milliseconds = round(span.total_seconds() * 1000)
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"


_EXAMPLES = ["30s", "5m", "24h", "3d"]

Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(written, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": f"^{_FORM}$", "examples": _EXAMPLES}),
]
"""A settings field that holds a span of time."""


def _positive(span: timedelta) -> timedelta:
    if span <= timedelta():
        raise ValueError(f"{written(span)} is too short; write a longer span of time")
    return span


@dataclass(frozen=True, slots=True)
class SpanLimit:
    """What refuses longer spans; stands beside `Duration` in `Annotated`."""

    most: timedelta

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """See pydantic."""
        return core_schema.no_info_after_validator_function(self._bounded, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A JSON schema does not reckon with spans: the key is for readers, such as docs/reference/settings.md."""
        return {**handler(schema), "x-at-most": written(self.most)}

    def _bounded(self, span: timedelta) -> timedelta:
        if span > self.most:
            raise ValueError(f"{written(span)} is too long; write at most {written(self.most)}")
        return span


def at_most(most: timedelta) -> SpanLimit:
    """The longest span that a setting takes."""
    return SpanLimit(most)


PositiveDuration = Annotated[
    Duration,
    AfterValidator(_positive),
    WithJsonSchema({"type": "string", "pattern": rf"^(?=[^1-9]*[1-9]){_FORM}$", "examples": _EXAMPLES}),
]
"""As `Duration`, longer than nothing."""
