"""A value of an event as the text of a cell: what readers of the stream and of the stored form agree about."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from agent.simulator.log_files.truth import SEPARATOR


def cell_text(value: Any, form: str) -> str | None:
    """`form`: time, text, decimal, integer or boolean. None for null and for empty text.

    Times are `2026-11-26T10:00:00.000Z`, numbers plain decimals without a trailing `.0`, booleans `true` and `false`.
    """
    if form == "text":
        return str(value) if value else None
    if value is None:
        return None
    if form == "time":
        return f"{datetime.fromtimestamp(value // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{value % 1000:03d}Z"
    if form == "boolean":
        return "true" if value else "false"
    if form == "decimal":
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return str(value)


def content_digest(values: Mapping[str, Any], names: Container[str], forms: Mapping[str, str]) -> str:
    """The SHA-256 (hexadecimal) of the cells `NAME=text` of those `names` that are not null, sorted by name, with U+001F
    between them: as in the truth of log files.
    """
    texts = ((name, cell_text(values[name], forms[name])) for name in sorted(values) if name in names)
    return sha256(SEPARATOR.join(f"{name}={text}" for name, text in texts if text is not None).encode()).hexdigest()
