"""Repeated alerts of one rule about one actor become one: raised at once, its repeats counted and told later.

A rule's first match by an actor raises an alert, which stays open for a span of event time. Matches within the span,
whenever they arrive, are folded into it; the next one outside raises another. What was folded after the alert went out
is told with the actor's next alert of that rule, or by itself once a span has passed on the clock.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import orjson

OPEN_ALERTS = 1000
"""Alerts kept open per rule and org; of more the one of which nothing was told for longest is told and closed."""

KEPT = timedelta(days=2)
"""How long an alert is kept open after something was told of it, for rows that come late."""


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that went out, and what was folded into it since. The names of its fields are those in the state."""

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
    """The open alerts of one rule, by actor, in the order they were raised."""

    def __init__(self, span: timedelta, alerts: Mapping[str, Sequence[OpenAlert]] | None = None) -> None:
        """`span`: the time from an alert's first match on in which repeats are folded into it."""
        self._span = span
        self.alerts = {actor: list(alerts) for actor, alerts in (alerts or {}).items()}

    def take(self, actor: str, times: Sequence[datetime]) -> Iterator[RaisedAlert]:
        """Fold an actor's matches (sorted by time); the caller opens each alert that is raised with `open`."""
        at = 0
        while at < len(times):
            place = self._covering(actor, times[at])
            if place is None:
                # The alert has the matches before its first one plus a span; one just a span later raises another.
                end = self._end(times, times[at], at)
                yield RaisedAlert(at, end, self._tell(actor))
            else:
                alert = self.alerts[actor][place]
                end = self._end(times, alert.start, at)
                last = max(alert.last, times[end - 1])
                self.alerts[actor][place] = replace(alert, folded=alert.folded + end - at, last=last)
            at = end

    def open(self, actor: str, alert: OpenAlert) -> None:
        """Fold what comes into this alert."""
        self.alerts.setdefault(actor, []).append(alert)

    def waits(self, now: datetime) -> bool:
        """Whether `due` has anything to say."""
        held = [alert for alerts in self.alerts.values() for alert in alerts]
        return len(held) > OPEN_ALERTS or any(alert.folded and now - alert.told >= self._span for alert in held)

    def due(self, now: datetime) -> Iterator[tuple[str, OpenAlert]]:
        """Actor and alert: those untold for a span of the clock, and those too many. They count as told."""
        for actor, alerts in self.alerts.items():
            for place, alert in enumerate(alerts):
                if alert.folded and now - alert.told >= self._span:
                    yield actor, alert
                    alerts[place] = replace(alert, folded=0, told=now)
        yield from self._close(now)

    def _close(self, now: datetime) -> Iterator[tuple[str, OpenAlert]]:
        """Close alerts that are old or too many, the longest untold first; out come those with something untold."""
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
        """The place of the actor's alert that a match at this time belongs to, if there is one."""
        # Up to a span before its first match as well: rows that come late raise no second alert about the same thing.
        alerts = self.alerts.get(actor, ())
        return next((place for place, alert in enumerate(alerts) if abs(time - alert.start) < self._span), None)

    def _end(self, times: Sequence[datetime], start: datetime, at: int) -> int:
        """Behind the last match, from `at` on, within the span from `start`; a sum would have no end in the year 9999."""
        return bisect.bisect_left(times, self._span, at + 1, key=lambda time: time - start)

    def _tell(self, actor: str) -> int:
        """How much is untold of the actor's alerts; from now on it counts as told."""
        alerts = self.alerts.get(actor, [])
        untold = sum(alert.folded for alert in alerts)
        alerts[:] = [replace(alert, folded=0) for alert in alerts]
        return untold

    def encode(self) -> bytes:
        """JSON: actor to open alerts."""
        return orjson.dumps(self.alerts)

    @classmethod
    def decode(cls, span: timedelta, data: bytes | None) -> AlertFold:
        """What `encode` gave; None: no alerts."""
        kept = orjson.loads(data) if data else {}
        return cls(span, {actor: [_alert(values) for values in alerts] for actor, alerts in kept.items()})


def _alert(values: dict[str, object]) -> OpenAlert:
    times = {name: datetime.fromisoformat(str(values[name])).astimezone(UTC) for name in ("start", "told", "last")}
    return OpenAlert(**{**values, **times})  # type: ignore[arg-type]
