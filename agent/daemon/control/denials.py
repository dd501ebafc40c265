"""Requests that were denied, as events and so as records of the trail: the first at once, repeats of it counted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from agent.own_event import EventValue
from agent.permissions.principal import Principal

FOLD = timedelta(minutes=10)
"""Repeats of one person and action within this time are told together at its end: whoever tries again and again fills no log."""
MOST_OPEN = 1_000
"""Pairs of person and action whose repeats are counted apart; more of them are counted as one."""
OTHERS = ("others", "others")


class Announce(Protocol):
    """`agent.store.problems.Problems.announce`."""

    def __call__(self, action: str, message: str, *, fields: dict[str, EventValue], category: str = ...) -> None: ...


class Denials:
    """Safe for threads."""

    def __init__(self, announce: Announce, now: Callable[[], datetime]) -> None:
        self._announce = announce
        self._now = now
        self._lock = threading.Lock()
        self._repeats: dict[tuple[str, str], tuple[datetime, int, Principal]] = {}
        """Since when, and how many after the first."""

    def note(self, principal: Principal, action: str) -> None:
        """Somebody was not allowed something."""
        now = self._now()
        with self._lock:
            key = (principal.name, action)
            if key not in self._repeats and len(self._repeats) >= MOST_OPEN:
                key = OTHERS
            known = self._repeats.get(key)
            self._repeats[key] = (known[0], known[1] + 1, principal) if known else (now, 0, principal)
        if known is None:
            self._tell(principal, action, 1)

    def look(self) -> None:
        """Tell of repeats whose time is over; to be called about once a second."""
        now = self._now()
        # By its size: a clock that was set back must not keep repeats for ever.
        self._tell_of(lambda begun: abs(now - begun) >= FOLD)

    def end(self) -> None:
        """Tell of all repeats: the process ends."""
        self._tell_of(lambda _: True)

    def _tell_of(self, is_over: Callable[[datetime], bool]) -> None:
        """`is_over`: whether repeats that began then are told now."""
        with self._lock:
            over = {key: known for key, known in self._repeats.items() if is_over(known[0])}
            for key in over:
                del self._repeats[key]
        for (_, action), (_, count, principal) in over.items():
            if count:
                self._tell(principal, action, count)

    def _tell(self, principal: Principal, action: str, count: int) -> None:
        times = "" if count == 1 else f" {count:,} times"
        fields: dict[str, EventValue] = {
            "event.outcome": "failure",
            "user.name": principal.name,
            "leakline.permission.action": action,
            "leakline.permission.roles": principal.titles,
            "leakline.permission.denials": count,
        }
        if principal.uid is not None:
            fields["user.id"] = str(principal.uid)
        message = f"{principal.name} ({principal.titles}) was denied {action}{times}"
        self._announce("access-denied", message, fields=fields, category="iam")
