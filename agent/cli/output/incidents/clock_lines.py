"""The obligations of an incident in lines: what is open first, by its date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rich.text import Text

from agent.notice.clock import Clock
from agent.notice.incidents.incident import Incident, Settlement
from agent.terminal import words
from agent.wording.moment import left, utc

STRICTLY = "past the strict date since"
"""Where the date of the law has not passed: it is not late."""

LAST = datetime.max.replace(tzinfo=UTC)


def clock_lines(incident: Incident, clocks: Sequence[Clock], now: datetime, *, clocks_run: bool) -> Iterator[Text]:
    """`clocks_run`: whether the settings have `notice`."""
    if not clocks and incident.is_open:
        yield words(_none(incident, clocks_run=clocks_run), "yellow" if incident.has_clocks else "")
    settled = incident.settlements
    open_ones = [clock for clock in clocks if not clock.has_ended and clock.id not in settled]
    for clock in sorted(open_ones, key=lambda clock: (clock.next_due or LAST, clock.id)):
        yield _open(clock, now)
    for clock in clocks:
        if clock.has_ended and clock.id not in settled:
            ended = f" at {utc(clock.ended_at)}" if clock.ended_at else ""
            yield words(f"{clock.id}: {clock.state}{ended}" + (f": {clock.reason}" if clock.reason else ""))
    for name, settlement in sorted(settled.items()):
        yield _settled(name, settlement)


def _none(incident: Incident, *, clocks_run: bool) -> str:
    if not clocks_run:
        return "no clocks run: the settings have no `notice`"
    if incident.has_clocks:
        return "its clocks are not reckoned yet: the daemon does that"
    return "no clock runs for a candidate"


def _open(clock: Clock, now: datetime) -> Text:
    who = f"{clock.id} to {clock.recipient}"
    if clock.due is None and clock.shadow_due is None:
        return words(f"{who}: waits for {clock.anchor}")
    parts = []
    if clock.due is not None:
        presumed = ", which is presumed" if clock.presumed else ""
        parts.append(f"{_when(clock.due, now, 'late since')}, counted from {clock.anchor}{presumed}")
    if clock.shadow_due is not None and clock.shadow_due != clock.due:
        parts.append(f"{_when(clock.shadow_due, now, STRICTLY)}, counted from the detection")
    policy = " (our own target: the law names no number)" if clock.policy else ""
    due = clock.next_due
    return words(f"{who}: {'; '.join(parts)}{policy}", "red" if due is not None and due <= now else "")


def _when(due: datetime, now: datetime, passed: str) -> str:
    return f"{passed if due <= now else 'before'} {utc(due)} ({left(due, now)})"


def _settled(name: str, settlement: Settlement) -> Text:
    parts = [
        f"receipt {settlement.receipt}" if settlement.receipt else "",
        f"reason: {settlement.reason}" if settlement.reason else "",
        f"approved by {settlement.approver}" if settlement.approver else "",
        f"recorded by {settlement.by}",
    ]
    end = "late, explained" if settlement.end == "late" else settlement.end.replace("-", " ")
    return words(f"{name}: {end} at {utc(settlement.at)}, {', '.join(filter(None, parts))}", "green")
