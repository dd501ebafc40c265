"""Repeated alerts of one rule about one actor become one: told at once, its repeats counted and told later.

A rule's first match by an actor opens a window in event time. Matches within it, whenever they arrive, are folded;
the next one outside opens another. What was folded after the alert went out is told with the actor's next alert of
that rule, or by itself once the window's length has passed on the clock.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta

import orjson

WINDOWS = 1000
"""Windows kept per rule; beyond them the one longest untold is told and closed."""

KEPT = timedelta(days=2)
"""How long a window is kept after something was told of it, for rows that come late."""


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that went out, and what was folded into it since."""

    alert: str
    """The alert's `event.id`."""
    start: datetime
    """Event time of the first match."""
    told: datetime
    """When something was last said about it, by the clock."""
    last: datetime
    """Event time of the newest match."""
    folded: int = 0
    """Matches that nobody has been told of."""
    about: Mapping[str, str] = field(default_factory=dict)
    """Who it was, for the words of a late count."""


@dataclass(frozen=True, slots=True)
class RaisedAlert:
    """An alert to send: rows `first` to `end` of the actor's sorted matches."""

    first: int
    end: int
    folded: int
    """Matches folded into the actor's alert before this one, not told until now."""


class AlertFold:
    """The windows of one rule, by actor, in the order they were opened."""

    def __init__(self, span: timedelta, windows: Mapping[str, Sequence[OpenAlert]] | None = None) -> None:
        self._span = span
        self.windows = {actor: list(those) for actor, those in (windows or {}).items()}

    def take(self, actor: str, times: Sequence[datetime]) -> Iterator[RaisedAlert]:
        """Fold an actor's matches (sorted by time); the caller gives each one raised its window by `open`."""
        at = 0
        while at < len(times):
            place = self._covering(actor, times[at])
            if place is None:
                end = bisect.bisect_left(times, times[at] + self._span, at + 1)
                yield RaisedAlert(at, end, self._tell(actor))
            else:
                window = self.windows[actor][place]
                end = bisect.bisect_left(times, window.start + self._span, at + 1)
                last = max(window.last, times[end - 1])
                self.windows[actor][place] = replace(window, folded=window.folded + end - at, last=last)
            at = end

    def open(self, actor: str, window: OpenAlert) -> None:
        self.windows.setdefault(actor, []).append(window)

    def waits(self, now: datetime) -> bool:
        """Whether `due` has anything to say."""
        held = [window for those in self.windows.values() for window in those]
        return len(held) > WINDOWS or any(window.folded and now - window.told >= self._span for window in held)

    def due(self, now: datetime) -> Iterator[tuple[str, OpenAlert]]:
        """Windows with something untold for the length of a window, and those too many; they count as told."""
        for actor, those in self.windows.items():
            for place, window in enumerate(those):
                if window.folded and now - window.told >= self._span:
                    yield actor, window
                    those[place] = replace(window, folded=0, told=now)
        yield from self._close(now)

    def _close(self, now: datetime) -> Iterator[tuple[str, OpenAlert]]:
        held = sorted(((a, w) for a, those in self.windows.items() for w in those), key=lambda one: one[1].told)
        for number, (actor, window) in enumerate(held):
            if number < len(held) - WINDOWS or now - window.told > KEPT:
                self.windows[actor].remove(window)
                if window.folded:
                    yield actor, window
        self.windows = {actor: those for actor, those in self.windows.items() if those}

    def _covering(self, actor: str, time: datetime) -> int | None:
        """The actor's window that the time falls into; a little before one counts, for rows that come late."""
        those = self.windows.get(actor, ())
        return next((place for place, window in enumerate(those) if abs(time - window.start) < self._span), None)

    def _tell(self, actor: str) -> int:
        """What is untold of the actor's windows; from now on it counts as told."""
        those = self.windows.get(actor, [])
        untold = sum(window.folded for window in those)
        those[:] = [replace(window, folded=0) for window in those]
        return untold

    def encode(self) -> bytes:
        return orjson.dumps({actor: [asdict(window) for window in those] for actor, those in self.windows.items()})

    @classmethod
    def decode(cls, span: timedelta, data: bytes | None) -> AlertFold:
        kept = orjson.loads(data) if data else {}
        return cls(span, {actor: [_window(values) for values in those] for actor, those in kept.items()})


def _window(values: dict[str, object]) -> OpenAlert:
    times = {name: datetime.fromisoformat(str(values[name])).astimezone(UTC) for name in ("start", "told", "last")}
    return OpenAlert(**{**values, **times})  # type: ignore[arg-type]
