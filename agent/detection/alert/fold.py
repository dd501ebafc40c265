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

OPEN_ALERTS = 1000
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

    def __init__(self, span: timedelta, alerts: Mapping[str, Sequence[OpenAlert]] | None = None) -> None:
        self._span = span
        self.alerts = {actor: list(alerts) for actor, alerts in (alerts or {}).items()}

    def take(self, actor: str, times: Sequence[datetime]) -> Iterator[RaisedAlert]:
        """Fold an actor's matches (sorted by time); the caller gives each one raised its window by `open`."""
        at = 0
        while at < len(times):
            place = self._covering(actor, times[at])
            if place is None:
                end = bisect.bisect_left(times, times[at] + self._span, at + 1)
                yield RaisedAlert(at, end, self._tell(actor))
            else:
                alert = self.alerts[actor][place]
                end = bisect.bisect_left(times, alert.start + self._span, at + 1)
                last = max(alert.last, times[end - 1])
                self.alerts[actor][place] = replace(alert, folded=alert.folded + end - at, last=last)
            at = end

    def open(self, actor: str, alert: OpenAlert) -> None:
        self.alerts.setdefault(actor, []).append(alert)

    def waits(self, now: datetime) -> bool:
        """Whether `due` has anything to say."""
        held = [alert for alerts in self.alerts.values() for alert in alerts]
        return len(held) > OPEN_ALERTS or any(alert.folded and now - alert.told >= self._span for alert in held)

    def due(self, now: datetime) -> Iterator[tuple[str, OpenAlert]]:
        """Windows with something untold for the length of a window, and those too many; they count as told."""
        for actor, alerts in self.alerts.items():
            for place, alert in enumerate(alerts):
                if alert.folded and now - alert.told >= self._span:
                    yield actor, alert
                    alerts[place] = replace(alert, folded=0, told=now)
        yield from self._close(now)

    def _close(self, now: datetime) -> Iterator[tuple[str, OpenAlert]]:
        held = sorted(
            ((actor, alert) for actor, alerts in self.alerts.items() for alert in alerts),
            key=lambda entry: entry[1].told,
        )
        for number, (actor, alert) in enumerate(held):
            if number < len(held) - OPEN_ALERTS or now - alert.told > KEPT:
                self.alerts[actor].remove(alert)
                if alert.folded:
                    yield actor, alert
        self.alerts = {actor: alerts for actor, alerts in self.alerts.items() if alerts}

    def _covering(self, actor: str, time: datetime) -> int | None:
        """The actor's window that the time falls into; a little before one counts, for rows that come late."""
        alerts = self.alerts.get(actor, ())
        return next((place for place, alert in enumerate(alerts) if abs(time - alert.start) < self._span), None)

    def _tell(self, actor: str) -> int:
        """What is untold of the actor's windows; from now on it counts as told."""
        alerts = self.alerts.get(actor, [])
        untold = sum(alert.folded for alert in alerts)
        alerts[:] = [replace(alert, folded=0) for alert in alerts]
        return untold

    def encode(self) -> bytes:
        return orjson.dumps({actor: [asdict(alert) for alert in alerts] for actor, alerts in self.alerts.items()})

    @classmethod
    def decode(cls, span: timedelta, data: bytes | None) -> AlertFold:
        kept = orjson.loads(data) if data else {}
        return cls(span, {actor: [_alert(values) for values in alerts] for actor, alerts in kept.items()})


def _alert(values: dict[str, object]) -> OpenAlert:
    times = {name: datetime.fromisoformat(str(values[name])).astimezone(UTC) for name in ("start", "told", "last")}
    return OpenAlert(**{**values, **times})  # type: ignore[arg-type]
