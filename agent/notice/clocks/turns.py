"""What became of an incident's clocks between two reckonings, and how it is said.

What befalls several clocks of an incident at once is one event: in a storm of incidents, twenty events each would keep everything
else waiting. It lists them all, and has the fields of the one that is due first. A legal date that passes is one event each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from agent.notice.clock import Clock
from agent.notice.clocks import clock_event
from agent.notice.incidents.incident import Incident
from agent.own_event import EventValue
from agent.wording.number import counted

STARTED, CHANGED, PRESUMED = "clock-started", "clock-changed", "clock-presumed"
SHADOW_PASSED, LATE, ENDED, KEPT = "clock-shadow-passed", "clock-late", "clock-ended", "clock-kept"

LAST = datetime.max.replace(tzinfo=UTC)

MOST_LISTED = 40
"""Clocks that an event lists; the record has all."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that befell clocks of an incident."""

    action: str
    clocks: Sequence[Clock]

    @property
    def first(self) -> Clock:
        """The one that is due first."""
        return min(self.clocks, key=lambda clock: (clock.next_due or LAST, clock.id))

    def fields(self) -> dict[str, EventValue]:
        """Of the event, beside those of the incident."""
        listed = "; ".join(_listed(clock) for clock in self.clocks[:MOST_LISTED])
        return {
            **clock_event.fields(self.first),
            "leakline.clock.count": len(self.clocks),
            "leakline.clock.list": listed,
        }

    def data(self) -> dict[str, Any]:
        """Of the record."""
        return {"clocks": [record(clock) for clock in self.clocks]}

    def personal(self) -> dict[str, Any]:
        """Of the record: what people wrote, who is named in it."""
        said = {clock.id: f"{clock.reason} {clock.receipt}".strip() for clock in self.clocks}
        said = {id_: text for id_, text in said.items() if text}
        return {"said": said} if said else {}

    def message(self, incident: Incident, late_by: str = "") -> str:
        """`late_by`: why it is said late, if it is."""
        first, rest = self.first, len(self.clocks) - 1
        words = _WORDS[self.action].format(
            clock=f"{first.id} ({first.recipient})",
            due=_due(first),
            legal=_minute(first.due),
            strict=_minute(first.shadow_due),
            reason=first.reason or first.receipt,
            state=first.state,
        )
        besides = f", and so did {counted(rest, 'other clock')}" if rest else ""
        return f"{incident.id}: {words}{besides}{late_by}"


_WORDS = {
    STARTED: "the clock of {clock} started: {due}",
    CHANGED: "the clock of {clock} changed: {due}",
    SHADOW_PASSED: "{strict}, the strict date of {clock}, has passed",
    LATE: "{clock} was due before {legal} and is neither sent nor settled",
    ENDED: "the clock of {clock} ended: {state}, {reason}",
    KEPT: "the clock of {clock} keeps its date although newer settings or regimes give a later one or none: {due}",
}


def turns(before: Sequence[Clock], after: Sequence[Clock]) -> Iterator[Turn]:
    """In the order in which they are said."""
    known = {clock.id: clock for clock in before}
    found: dict[str, list[Clock]] = {}
    for clock in after:
        for action in _actions(known.get(clock.id), clock):
            found.setdefault(action, []).append(clock)
    for action in (STARTED, CHANGED, SHADOW_PASSED, ENDED):
        if action in found:
            yield Turn(action, found[action])
    for clock in found.get(LATE, ()):
        yield Turn(LATE, [clock])


def _actions(before: Clock | None, after: Clock) -> Iterator[str]:
    if after.has_ended:
        if before is None or before.state != after.state or before.ended_at != after.ended_at:
            yield ENDED
        return
    if after.next_due is not None:
        if before is None or before.next_due is None:
            yield STARTED
        elif before.has_ended or (before.due, before.shadow_due) != (after.due, after.shadow_due):
            yield CHANGED
    is_late = after.state == "late"
    if after.passed_shadow and not is_late and not (before is not None and before.passed_shadow):
        yield SHADOW_PASSED
    if is_late and (before is None or before.state != "late"):
        yield LATE


def record(clock: Clock) -> dict[str, Any]:
    """A clock in the trail; who the recipient is, its basis says."""
    found = {
        "clock": clock.id,
        "state": clock.state,
        "anchor": clock.anchor,
        "anchored_at": _text(clock.anchored_at),
        "due": _text(clock.due),
        "shadow_due": _text(clock.shadow_due),
        "planned_due": _text(clock.planned_due),
        "presumed": clock.presumed,
        "policy": clock.policy,
        "by": clock.by,
        "ended_at": _text(clock.ended_at),
    }
    return {name: value for name, value in found.items() if value not in ("", None, False)}


def _listed(clock: Clock) -> str:
    return f"{clock.id} {clock.state} {_due(clock)}"


def _due(clock: Clock) -> str:
    """Both dates. Minutes are enough for people; the fields have the instants."""
    found = []
    if clock.due is not None:
        presumed = " (presumed)" if clock.presumed else ""
        found.append(f"due before {_minute(clock.due)} from {clock.anchor}{presumed}")
    if clock.shadow_due is not None:
        found.append(f"strictly before {_minute(clock.shadow_due)} from the detection")
    found += ["a target of our own"] if clock.policy and found else []
    return ", ".join(found) or "no date yet"


def _minute(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC" if time is not None else "no date"


def _text(time: datetime | None) -> str | None:
    return time.isoformat() if time is not None else None
