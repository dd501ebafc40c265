"""Times for people, and what is left until them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def utc(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def left(due: datetime, now: datetime) -> str:
    """`2 d 3 h left`, `40 min over`."""
    return f"{span(abs(due - now))} {'left' if due > now else 'over'}"


def span(time: timedelta) -> str:
    """In its two largest units, cut and never rounded up: a deadline is not to look further away than it is."""
    minutes = int(time.total_seconds() // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
