"""From when to when a backfill is to read, as a person writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from agent.duration import parse_duration
from agent.errors import LeaklineError

_AGO = re.compile(r"\d{1,5}[dhw]")


@dataclass(frozen=True, slots=True)
class BackfillSpan:
    """Both in UTC, as ISO 8601; `until` is empty for now."""

    since: str
    until: str

    @classmethod
    def of(cls, since: str, until: str, now: datetime) -> BackfillSpan:
        """Raises LeaklineError for what is not a time."""
        return cls(_time("since", since, now), _time("until", until, now) if until else "")


def _time(name: str, text: str, now: datetime) -> str:
    """A day is its begin in UTC; a time without a zone is in UTC; `30d` is 30 days ago, on the hour."""
    try:
        if _AGO.fullmatch(text):
            ago: datetime = now - parse_duration(text)
            return ago.replace(minute=0, second=0, microsecond=0).isoformat()
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise LeaklineError(
            f"--{name} {text!r} is not a time", hint="write it as 2026-03-01, 2026-03-01T12:00:00Z or 30d"
        ) from error
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
