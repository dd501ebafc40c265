"""Deadlines of all shards, from what is stored: the clocks of incidents, the next date first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from agent.notice import clock as clocks
from agent.notice.clock import CLOCKS, Clock
from agent.notice.incidents import incident as incidents
from agent.notice.incidents.book import INCIDENT
from agent.notice.incidents.incident import Incident
from agent.status.deadlines import NEXT, Deadline
from agent.store import keys
from agent.store.state import State, StateRecall

log = structlog.get_logger()

LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Found:
    org: str
    incident: str
    clock: Clock

    @property
    def order(self) -> tuple[bool, datetime, str, str, str]:
        return self.clock.has_ended, self.clock.next_due or LAST, self.org, self.incident, self.clock.id


def deadlines(states: Mapping[str, State], now: datetime, *, everything: bool = False) -> list[Deadline]:
    """Of every clock that runs or waits, and with `everything` of those that have ended, which come last."""
    return _with_incidents(states, sorted(_found(states, everything=everything), key=lambda found: found.order), now)


def next_deadlines(states: Mapping[str, State], now: datetime) -> list[Deadline]:
    """The next few that have a date."""
    dated = (found for found in _found(states, everything=False) if found.clock.next_due is not None)
    return _with_incidents(states, heapq.nsmallest(NEXT, dated, key=lambda found: found.order), now)


def _found(states: Mapping[str, State], *, everything: bool) -> Iterator[_Found]:
    for org, state in states.items():
        recall = StateRecall(state, keys.RESPONSE.prefix)
        for key in recall.keys(CLOCKS):
            number = key.removeprefix(CLOCKS)
            try:
                known = clocks.decode(recall(key))
            except ValueError as error:
                log.error("the clocks of an incident cannot be read", incident=number, reason=str(error)[:300])
                continue
            yield from (_Found(org, number, clock) for clock in known if everything or not clock.has_ended)


def _with_incidents(states: Mapping[str, State], found: list[_Found], now: datetime) -> list[Deadline]:
    known: dict[tuple[str, str], Incident | None] = {}
    for clock in found:
        if (place := (clock.org, clock.incident)) not in known:
            known[place] = _incident(states[clock.org], clock.incident)
    return [_deadline(clock, known[clock.org, clock.incident], now) for clock in found]


def _incident(state: State, number: str) -> Incident | None:
    data = state.data(keys.RESPONSE.key(INCIDENT + number))
    try:
        return incidents.decode(data) if data else None
    except ValueError:
        return None  # its clocks are shown all the same


def _deadline(found: _Found, incident: Incident | None, now: datetime) -> Deadline:
    clock = found.clock
    due = clock.next_due
    return Deadline(
        found.org,
        found.incident,
        incident.origin if incident else "",
        incident.level if incident else "",
        incident.state if incident else "",
        incident.assignee if incident else "",
        clock.regime,
        clock.obligation,
        clock.stage,
        clock.recipient,
        clock.state,
        due,
        round((due - now).total_seconds(), 3) if due is not None and not clock.has_ended else None,
        clock.due,
        clock.shadow_due,
        clock.planned_due,
        clock.anchor,
        clock.anchored_at,
        clock.presumed,
        clock.policy,
        clock.zone,
        clock.basis,
        clock.ended_at,
        clock.receipt,
        clock.reason,
    )
