"""Incidents in rows, those first whose deadline comes first; and one incident whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from pydantic import TypeAdapter

from agent.daemon.incidents.incident_finder import IncidentFinder
from agent.errors import LeaklineError
from agent.notice.clock import CLOCKS, TIMER, Clock
from agent.notice.clock import decode as decode_clocks
from agent.notice.incidents.book import INCIDENT, OPEN, RECKON
from agent.notice.incidents.changes.closing import open_obligations
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.incidents.incident import LEVELS, Incident, decode
from agent.notice.incidents.next_steps import next_steps

log = structlog.get_logger()

MOST_ROWS = 1_000
"""Of one answer."""

LAST = datetime.max.replace(tzinfo=UTC)
"""Where what has no deadline is sorted."""

REGISTERED = frozenset({"not-a-breach", "not-notifiable"})
"""Ends whose incidents are in the register, as all are of which anybody is, or is presumed to be, aware."""

_INCIDENT = TypeAdapter(Incident)
_CLOCKS = TypeAdapter(list[Clock])


@dataclass(frozen=True, slots=True)
class IncidentSelection:
    """Which incidents are listed."""

    everything: bool = False
    """Ended ones too."""
    register: bool = False
    """Those that have to be documented, ended or not."""
    state: str = ""
    origin: str = ""
    limit: int = 50

    def takes(self, incident: Incident) -> bool:
        if self.register and not self._is_registered(incident):
            return False
        ended = self.everything or self.register or self.state
        return (
            (incident.is_open or bool(ended))
            and self.state in ("", incident.state)
            and self.origin in ("", incident.origin)
        )

    def _is_registered(self, incident: Incident) -> bool:
        """Drills are no breaches: the register has them only where they are asked for."""
        is_asked_for = incident.origin != "drill" or self.origin == "drill"
        return is_asked_for and incident.state != "merged" and is_registered(incident)


def is_registered(incident: Incident) -> bool:
    return incident.state in REGISTERED or "aware" in incident.anchors


class IncidentList:
    """Reads without a lock."""

    def __init__(self, finder: IncidentFinder) -> None:
        self._finder = finder

    def rows(self, selection: IncidentSelection) -> dict[str, Any]:
        """`incidents`: at most `limit` rows; `more`: how many are not among them; `damaged`: ids of those that cannot
        be read.
        """
        damaged: list[str] = []
        chosen, left_out = self._chosen(selection, damaged)
        rows = [_row(desk, incident) for desk, incident in chosen]
        rows.sort(
            key=lambda row: (
                row["next_due"] or LAST.isoformat(),
                row["origin"] != "live",
                -LEVELS.index(row["level"]),
                row["detected_at"],
            )
        )
        return {"incidents": rows, "more": left_out, "damaged": damaged}

    def whole(self, number: object, now: datetime) -> dict[str, Any]:
        """`incident` with all it has, `clocks`, and `next`: what to do, in order."""
        desk, incident = self._finder.incident(number)
        return document(desk, incident, now)

    def _chosen(
        self, selection: IncidentSelection, damaged: list[str]
    ) -> tuple[list[tuple[IncidentDesk, Incident]], int]:
        limit = max(1, min(selection.limit, MOST_ROWS))
        if selection.everything or selection.register or selection.state:
            found = [pair for pair in self._all(damaged) if selection.takes(pair[1])]
            found.sort(key=lambda pair: pair[1].opened_at, reverse=True)
            return found[:limit], max(0, len(found) - limit)
        keys = sorted(self._open(selection.origin), key=lambda known: known[0])
        pairs = [pair for _, desk, number in keys[:limit] for pair in self._read(desk, [number], damaged)]
        return pairs, max(0, len(keys) - limit)

    def _open(self, origin: str) -> Iterator[tuple[tuple[int, int, str], IncidentDesk, str]]:
        """Open ones by when they are to be looked at next, then by level; read off the keys alone."""
        for desk in self._finder.desks().values():
            timers: dict[str, int] = {}
            for key in desk.recall.keys(TIMER):
                _, milliseconds, number = key.split("/")
                timers.setdefault(number, int(milliseconds))
            for key in desk.recall.keys(f"{OPEN}{origin}/" if origin else OPEN):
                _, _, _, level, number = key.split("/")
                when = timers.get(number, int(LAST.timestamp()) * 1000)
                yield (when, -_rank(level), number), desk, number

    def _all(self, damaged: list[str]) -> Iterator[tuple[IncidentDesk, Incident]]:
        for desk in self._finder.desks().values():
            yield from self._read(desk, (key.removeprefix(INCIDENT) for key in desk.recall.keys(INCIDENT)), damaged)

    @staticmethod
    def _read(
        desk: IncidentDesk, numbers: Iterable[str], damaged: list[str]
    ) -> Iterator[tuple[IncidentDesk, Incident]]:
        for number in numbers:
            data = desk.recall(INCIDENT + number)
            if data is None:
                continue
            try:
                incident = decode(data)
            except ValueError as error:
                log.error("an incident cannot be read", incident=number, reason=str(error)[:300])
                damaged.append(number)
                continue
            yield desk, incident


def document(desk: IncidentDesk, incident: Incident, now: datetime) -> dict[str, Any]:
    """See `IncidentList.whole`."""
    clocks = clocks_of(desk, incident.id)
    return {
        "org": desk.shard,
        "incident": _INCIDENT.dump_python(incident, mode="json"),
        "clocks": _CLOCKS.dump_python(clocks, mode="json"),
        "clocks_run": desk.settings is not None,
        "next": [asdict(step) for step in next_steps(incident, clocks, now)],
    }


def clocks_of(desk: IncidentDesk, number: str) -> list[Clock]:
    """As they were reckoned last."""
    return decode_clocks(desk.recall(CLOCKS + number))


def reckoned_clocks(desk: IncidentDesk, incident: Incident) -> list[Clock]:
    """The same, where nothing changed since. Raises LeaklineError while they are to be reckoned anew."""
    if incident.has_clocks and desk.settings is not None and desk.recall(RECKON + incident.id) is not None:
        hint = "try again in a few seconds; the daemon reckons them, and has to run"
        raise LeaklineError(f"the clocks of {incident.id} are not reckoned yet", hint=hint)
    return clocks_of(desk, incident.id)


def _row(desk: IncidentDesk, incident: Incident) -> dict[str, Any]:
    left = open_obligations(incident, clocks_of(desk, incident.id)) if incident.is_open else []
    dated = [(clock.next_due, clock) for clock in left if clock.next_due is not None]
    due, clock = min(dated, key=lambda pair: pair[0], default=(None, None))
    return {
        "id": incident.id,
        "org": desk.shard,
        "state": incident.state,
        "level": incident.level,
        "origin": incident.origin,
        "title": incident.title,
        "score": incident.score.value,
        "alerts": incident.alerts,
        "opened_at": incident.opened_at.isoformat(),
        "detected_at": incident.detected_at.isoformat(),
        "next_due": due.isoformat() if due else None,
        "next_legal_due": clock.due.isoformat() if clock and clock.due else None,
        "next_obligation": clock.id if clock else "",
        "open_obligations": len(left),
        "acknowledged_by": incident.acknowledged_by,
        "assignee": incident.assignee,
        "snoozed_until": incident.snoozed_until.isoformat() if incident.snoozed_until else None,
    }


def _rank(level: str) -> int:
    return next((place for place, known in enumerate(LEVELS) if known == level), 0)
