"""What is acknowledged in PagerDuty is acknowledged here, and the other way round.

Every half minute, for incidents of which a message was accepted there: one that waits here is asked for; one that was
acknowledged or has ended here is acknowledged or resolved there, once. What was done is stored, so a restart repeats nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Literal

import structlog
from pydantic import TypeAdapter

from agent.errors import Busy, DiskFull, LeaklineError, SettingsError
from agent.notice.channels.channel import NotAccepted
from agent.notice.channels.pagerduty import PagerDuty
from agent.notice.channels.pagerduty_read_back import MOST_AT_A_TIME, Acknowledgement, acknowledgements
from agent.notice.incidents.book import INCIDENT, waits
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.incidents.incident import Incident, decode
from agent.notice.messages import outbox

log = structlog.get_logger()

LOOK_EVERY = 30.0
"""Seconds."""

PAGERDUTY = "pagerduty/"
"""Keys under `keys.RESPONSE`: `channel/incident` of what was exchanged about an incident."""

Acknowledge = Callable[[str, str], object]
"""Acknowledges an incident by its id for a person, as `HandlingRequests.acknowledge`."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """About one incident."""

    said: Literal["", "acknowledged", "resolved"] = ""
    """What PagerDuty was told."""
    heard_at: datetime | None = None
    """When the acknowledgement there was made that was taken last: it is taken once."""


_ADAPTER = TypeAdapter(Exchanged)


@dataclass(slots=True)
class _KnownThere:
    """What is known of a shard."""

    desk: IncidentDesk
    read: set[str] = field(default_factory=set)
    """Ids of messages that have ended."""
    incidents: dict[str, None] = field(default_factory=dict)
    """Those that PagerDuty knows and that have not ended, in the order in which they are looked at."""


class PagerDutyLoop:
    """`run` is what the thread does, until the stop event."""

    def __init__(
        self,
        channel: PagerDuty,
        desks: Callable[[], Mapping[str, IncidentDesk]],
        acknowledge: Acknowledge,
        stop: threading.Event,
    ) -> None:
        """`channel`: one of its own, for it is for one thread; `desks`: by the shard's name, as they are now."""
        self._channel = channel
        self._desks = desks
        self._acknowledge = acknowledge
        self._stop = stop
        self._known: dict[str, _KnownThere] = {}
        self._reason = ""

    def run(self) -> None:
        """Raises StateError other than a full disk."""
        while not self._stop.is_set():
            self.turn()
            self._stop.wait(LOOK_EVERY)

    def turn(self) -> int:
        """Look at all shards; how many incidents were acknowledged here."""
        count = 0
        for name, desk in self._desks().items():
            try:
                count += self._turn_of(name, desk)
                self._reason = ""
            except (NotAccepted, SettingsError, Busy, DiskFull) as error:
                if str(error) != self._reason:
                    log.warning("PagerDuty and Leakline could not be compared", shard=name, reason=str(error))
                self._reason = str(error)
        return count

    def _turn_of(self, name: str, desk: IncidentDesk) -> int:
        known = self._known.get(name)
        if known is None or known.desk is not desk:
            known = self._known[name] = _KnownThere(desk)
        self._read(known)
        waiting = []
        for number in list(islice(known.incidents, MOST_AT_A_TIME)):
            known.incidents[number] = known.incidents.pop(number)  # the others come first the next time
            incident, exchanged = _incident(desk, number), self._exchanged(desk, number)
            if incident is None or exchanged.said == "resolved":
                del known.incidents[number]
            elif waits(incident):
                waiting.append(number)
            elif self._say(desk, incident, exchanged) == "resolved":
                del known.incidents[number]
        found = acknowledgements(self._channel, waiting)
        return sum(self._take(desk, number, acknowledgement) for number, acknowledgement in found.items())

    def _read(self, known: _KnownThere) -> None:
        """Which incidents PagerDuty knows, by messages that have ended since the last look."""
        for key in known.desk.recall.keys(outbox.MESSAGE):
            number = key.removeprefix(outbox.MESSAGE)
            if number in known.read:
                continue
            try:
                message = outbox.message(known.desk.recall, number)
            except ValueError:  # its sender says so
                known.read.add(number)
                continue
            if message is None or not message.has_ended:
                continue
            known.read.add(number)
            if message.incident and message.state == "accepted" and message.target.channel == self._channel.name:
                known.incidents.setdefault(message.incident)

    def _say(self, desk: IncidentDesk, incident: Incident, exchanged: Exchanged) -> str:
        """What PagerDuty knows of it now."""
        if not incident.is_open:
            self._channel.resolve(incident.id)
            exchanged = self._note(desk, incident.id, replace(exchanged, said="resolved"))
        elif incident.is_acknowledged and exchanged.said == "":
            self._channel.acknowledge(incident.id)
            exchanged = self._note(desk, incident.id, replace(exchanged, said="acknowledged"))
        return exchanged.said

    def _take(self, desk: IncidentDesk, number: str, acknowledgement: Acknowledgement) -> bool:
        """Whether it is acknowledged by that. One that was taken before is not: since then the incident waits again."""
        exchanged = self._exchanged(desk, number)
        at, before = acknowledgement.at, exchanged.heard_at
        if (at is None and exchanged.said) or (at is not None and before is not None and at <= before):
            return False
        try:
            self._acknowledge(number, f"{acknowledgement.by} (PagerDuty)")
        except (NotAccepted, Busy, DiskFull):
            raise
        except LeaklineError as error:  # somebody was faster, or the shard is being loaded
            log.info("an acknowledgement in PagerDuty was not taken", incident=number, reason=str(error))
            return False
        self._note(desk, number, replace(exchanged, said="acknowledged", heard_at=at or before))
        return True

    def _exchanged(self, desk: IncidentDesk, number: str) -> Exchanged:
        data = desk.recall(self._key(number))
        try:
            return _ADAPTER.validate_json(data) if data is not None else Exchanged()
        except ValueError:  # damaged: the worst is that PagerDuty is told again
            return Exchanged()

    def _note(self, desk: IncidentDesk, number: str, exchanged: Exchanged) -> Exchanged:
        with desk.changing() as change:
            change.apply({self._key(number): _ADAPTER.dump_json(exchanged)})
        return exchanged

    def _key(self, number: str) -> str:
        return f"{PAGERDUTY}{self._channel.name}/{number}"


def _incident(desk: IncidentDesk, number: str) -> Incident | None:
    """None also for one that is damaged."""
    data = desk.recall(INCIDENT + number)
    try:
        return decode(data) if data is not None else None
    except ValueError:
        return None
