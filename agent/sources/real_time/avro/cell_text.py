"""A decoded value as the text of a cell: as Salesforce's REST API writes it, so that an event that is streamed and stored has
the same cells.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE = 1e15
"""Up to here a double holds every whole number."""


def cell(value: Any) -> str | None:
    """Null and empty text are null; numbers are plain decimals; what is nested is JSON."""
    make = _BY_TYPE.get(type(value))
    return make(value) if make is not None else _json(value)


def time_cell(value: Any) -> str | None:
    """Milliseconds since 1970 as `2026-11-26T10:00:00.000Z`; what is not a time is written as it is."""
    if type(value) is not int:
        return cell(value)
    try:
        return _time(_EPOCH + timedelta(milliseconds=value))
    except OverflowError:
        return str(value)


def _text(value: str) -> str | None:
    return value or None


def _float(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    if value.is_integer() and abs(value) < _WHOLE:
        return str(int(value))
    return _decimal(Decimal(repr(value)))


def _decimal(value: Decimal) -> str:
    """Without an exponent, and without zeros at the end."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _time(value: datetime) -> str:
    moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _bytes(value: bytes) -> str | None:
    return base64.b64encode(value).decode() or None


def _json(value: Any) -> str:
    """Of a record, a list or a map; of a type that nobody expects its own text."""
    if not isinstance(value, Mapping | list | tuple):
        return str(value)
    return orjson.dumps(value, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()


def _plain(value: Any) -> Any:
    """What JSON does not have."""
    return cell(value) if not isinstance(value, tuple) else list(value)


_BY_TYPE: Mapping[type, Callable[[Any], str | None]] = {
    type(None): lambda _: None,
    str: _text,
    bool: lambda value: "true" if value else "false",
    int: str,
    float: _float,
    bytes: _bytes,
    Decimal: _decimal,
    datetime: _time,
    date: date.isoformat,
}
