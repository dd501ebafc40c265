"""Somebody in the place of a rotation, or beside all of them, for a while: what people arrange by a command.

None is deleted: one that ended early says when, and by whom.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from pydantic import TypeAdapter

from agent.notice.timer_keys import TimerKeys, first_millisecond

log = structlog.get_logger()

OVERRIDE = "on-call-override/"
"""Keys under `keys.RESPONSE` of the process's shard: `milliseconds/id`, in the order in which they were made."""

LONGEST = timedelta(days=31)

MOST = 200
"""That have not ended at a time."""


class OverrideRefused(ValueError):
    """Why, in words for people."""


class StoredKeys(Protocol):
    """What is stored under `keys.RESPONSE` (`agent.store.state.StateRecall`)."""

    def __call__(self, key: str, /) -> bytes | None: ...

    def keys(self, prefix: str, /) -> Iterable[str]: ...


@dataclass(frozen=True, slots=True)
class OnCallOverride:
    """Times are instants."""

    id: str
    person: str
    rotation: str
    """In whose place; empty: beside all rotations."""
    begins: datetime
    ends: datetime
    reason: str
    by: str
    made_at: datetime
    ended_at: datetime | None = None
    """When somebody ended it before its time."""
    ended_by: str = ""

    @property
    def until(self) -> datetime:
        """When it ended, or will."""
        return max(min(self.ended_at, self.ends), self.begins) if self.ended_at else self.ends

    @property
    def key(self) -> str:
        return TimerKeys(OVERRIDE).key(first_millisecond(self.made_at), self.id)


_ADAPTER = TypeAdapter(OnCallOverride)


def made(
    person: str, rotation: str, begins: datetime, ends: datetime, *, reason: str, by: str, now: datetime
) -> OnCallOverride:
    """Raises OverrideRefused for one that is too long or has ended already."""
    if ends <= begins:
        raise OverrideRefused("an override ends after it begins; write a later --until")
    if ends <= now:
        raise OverrideRefused("this override would have ended already; write a later --until")
    if ends - begins > LONGEST:
        raise OverrideRefused(
            f"an override lasts at most {LONGEST.days} days; for longer, change `on_call` in the settings"
        )
    # What has happened cannot be arranged any more: from now on it holds.
    begins = max(begins, now)
    parts = repr((person, rotation, begins.isoformat(), ends.isoformat(), now.isoformat()))
    number = f"ovr-{hashlib.blake2b(parts.encode(), digest_size=4).hexdigest()}"
    return OnCallOverride(number, person, rotation, begins, ends, reason, by, now)


def ended(override: OnCallOverride, *, by: str, now: datetime) -> OnCallOverride:
    """Raises OverrideRefused for one that has ended."""
    if override.until <= now:
        raise OverrideRefused(f"{override.id} has ended already")
    return replace(override, ended_at=now, ended_by=by)


def encode(override: OnCallOverride) -> bytes:
    return _ADAPTER.dump_json(override, exclude_defaults=True)


def stored(recall: StoredKeys) -> list[OnCallOverride]:
    """All there ever were, in the order in which they were made; what cannot be read is left out, and the log says it."""
    found = []
    for key in recall.keys(OVERRIDE):
        try:
            found.append(_ADAPTER.validate_json(recall(key) or b""))
        except ValueError as error:
            log.error("an override of who is on call cannot be read", override=key, reason=str(error)[:300])
    return found


class KeptOverrides:
    """As `stored`, read again only where something was stored in between. Safe for threads: at worst two read at once."""

    def __init__(self, recall: StoredKeys, changes: Callable[[], int]) -> None:
        """`changes`: another number after each change (`IncidentBook.changes` of the process's shard)."""
        self._recall = recall
        self._changes = changes
        self._kept: tuple[int, list[OnCallOverride]] | None = None

    def __call__(self) -> list[OnCallOverride]:
        kept, changes = self._kept, self._changes()
        if kept is None or kept[0] != changes:
            kept = self._kept = changes, stored(self._recall)
        return kept[1]
