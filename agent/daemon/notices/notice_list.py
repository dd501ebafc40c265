"""All obligations with a clock, each with how far its notice is: those that run first, by their date."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from agent.daemon.incidents.incident_finder import Desks
from agent.daemon.notices.notice_desk import found_notice
from agent.errors import LeaklineError
from agent.notice.clock import CLOCKS, Clock
from agent.notice.clock import decode as decode_clocks
from agent.notice.incidents.book import INCIDENT
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.incidents.incident import decode
from agent.notice.regimes.model import RegimePack

log = structlog.get_logger()

LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Duty:
    desk: IncidentDesk
    number: str
    clock: Clock
    clocks: list[Clock]

    @property
    def order(self) -> tuple[bool, datetime, str, str]:
        return self.clock.has_ended, self.clock.next_due or LAST, self.number, self.clock.id


def notice_rows(desks: Desks, pack: RegimePack, now: datetime, limit: int) -> dict[str, Any]:
    """`notices`: at most `limit` rows; `more`: how many are not among them; `damaged`: what cannot be read."""
    damaged: list[str] = []
    duties = sorted(_duties(desks, damaged), key=lambda duty: duty.order)
    rows = [row for duty in duties[:limit] if (row := _row(duty, pack, now, damaged)) is not None]
    return {"notices": rows, "more": max(0, len(duties) - limit), "damaged": damaged}


def _duties(desks: Desks, damaged: list[str]) -> Iterator[_Duty]:
    for desk in desks().values():
        for key in desk.recall.keys(CLOCKS):
            number = key.removeprefix(CLOCKS)
            try:
                clocks = decode_clocks(desk.recall(key))
            except ValueError as error:
                log.error("the clocks of an incident cannot be read", incident=number, reason=str(error)[:300])
                damaged.append(number)
                continue
            yield from (_Duty(desk, number, clock, clocks) for clock in clocks)


def _row(duty: _Duty, pack: RegimePack, now: datetime, damaged: list[str]) -> dict[str, Any] | None:
    clock, data = duty.clock, duty.desk.recall(INCIDENT + duty.number)
    try:
        incident = decode(data or b"")
        found = found_notice(duty.desk, incident, clock, duty.clocks, pack)
        version = found.latest or found.now(now)
    except (ValueError, LeaklineError) as error:
        log.error("a notice cannot be read", incident=duty.number, clock=clock.id, reason=str(error)[:300])
        damaged.append(f"{duty.number} {clock.id}")
        return None
    sent = found.notice.submitted
    return {
        "incident": duty.number,
        "org": duty.desk.shard,
        "origin": incident.origin,
        "obligation": clock.id,
        "recipient": clock.recipient,
        "clock_state": clock.state,
        "due": clock.due.isoformat() if clock.due else None,
        "next_due": clock.next_due.isoformat() if clock.next_due else None,
        "state": found.notice.state,
        "version": found.notice.latest,
        "kind": version.kind,
        "completeness": version.completeness,
        "missing": [entry.id for entry in version.missing],
        "sent_at": sent.at.isoformat() if sent else None,
        "receipt": sent.receipt if sent else clock.receipt,
    }
