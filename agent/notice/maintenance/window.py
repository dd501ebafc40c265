"""A maintenance window: bounded, recorded, and one at a time.

It holds back no critical incident and no alarm of a deadline; that is up to who asks `open_until`. The window of the state is the
last one there was. What befell it, its beginning and its end, is in the trail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from pydantic import TypeAdapter

log = structlog.get_logger()

WINDOW = "maintenance-window"
"""The key under `keys.RESPONSE` of the process's shard."""

Stored = Callable[[str], bytes | None]
"""What is stored under `keys.RESPONSE` (`agent.store.state.StateRecall`)."""


class MaintenanceRefused(ValueError):
    """Why, in words for people."""


@dataclass(frozen=True, slots=True)
class MaintenanceWindow:
    """Times are instants."""

    begins: datetime
    ends: datetime
    reason: str
    by: str
    ended_at: datetime | None = None
    """When its end was recorded: before `ends` by a person, after it by the daemon."""

    def is_open(self, now: datetime) -> bool:
        return self.ended_at is None and self.begins <= now < self.ends

    def has_run_out(self, now: datetime) -> bool:
        """Whether time has ended it, and nothing says so yet. One whose beginning lies ahead is so too: a clock was set back, and
        what is held back must not be held back for longer than was said.
        """
        return self.ended_at is None and not self.is_open(now)


_ADAPTER = TypeAdapter(MaintenanceWindow)


def opened(
    last: MaintenanceWindow | None, span: timedelta, longest: timedelta, *, reason: str, by: str, now: datetime
) -> MaintenanceWindow:
    """From now on. Raises MaintenanceRefused."""
    if last is not None and last.is_open(now):
        raise MaintenanceRefused(f"a maintenance window is open until {last.ends:%Y-%m-%d %H:%M} UTC; end it first")
    if not timedelta() < span <= longest:
        hours = longest / timedelta(hours=1)
        raise MaintenanceRefused(f"a maintenance window lasts at most {hours:g} h (`notice.longest_maintenance`)")
    return MaintenanceWindow(now, now + span, reason, by)


def ended(last: MaintenanceWindow | None, now: datetime) -> MaintenanceWindow:
    """Raises MaintenanceRefused where none is open."""
    if last is None or not last.is_open(now):
        raise MaintenanceRefused("no maintenance window is open")
    return replace(last, ended_at=now)


def open_until(recall: Stored, now: datetime) -> datetime | None:
    """Until when a window is open; None where none is. `recall`: of the process's shard."""
    window = stored(recall)
    return window.ends if window is not None and window.is_open(now) else None


def stored(recall: Stored) -> MaintenanceWindow | None:
    """The last one there was; one that cannot be read holds nothing back."""
    data = recall(WINDOW)
    try:
        return _ADAPTER.validate_json(data) if data else None
    except ValueError as error:
        log.error("the maintenance window cannot be read, and holds nothing back", reason=str(error)[:300])
        return None


def encode(window: MaintenanceWindow) -> bytes:
    return _ADAPTER.dump_json(window, exclude_defaults=True)
