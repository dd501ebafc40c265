"""What requests about who is on call are given, and how times of theirs are said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from agent.duration import parse_duration
from agent.errors import LeaklineError
from agent.notice.maintenance.window import MaintenanceRefused
from agent.notice.on_call.overrides import OverrideRefused

Made = TypeVar("Made")


def allowed(make: Callable[[], Made]) -> Made:
    """Raises LeaklineError for what is refused."""
    try:
        return make()
    except (OverrideRefused, MaintenanceRefused) as error:
        raise LeaklineError(str(error)) from error


def duration(text: str) -> timedelta:
    try:
        span: timedelta = parse_duration(str(text))
    except ValueError as error:
        raise LeaklineError(str(error)) from error
    return span


def minute(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
