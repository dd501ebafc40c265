"""What is acknowledged in PagerDuty is acknowledged here, and the other way round.

Every half minute, for incidents of which a message was accepted there: one that waits here is asked for; one that was
acknowledged or has ended here is acknowledged or resolved there, once. What was done is stored, so a restart repeats nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

import structlog

from agent.errors import Busy, DiskFull, LeaklineError, SettingsError
from agent.notice.channels.channel import NotAccepted
from agent.notice.channels.pagerduty import PagerDuty
from agent.notice.channels.pagerduty_read_back import MOST_AT_A_TIME, Acknowledgement, acknowledgements
from agent.notice.escalation.escalation import ESCALATION
from agent.notice.incidents.book import OPEN, readable_incident, waits
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.incidents.incident import Incident
from agent.notice.sending import exchanged
from agent.notice.sending.exchanged import Exchanged

log = structlog.get_logger()

LOOK_EVERY = 30.0
"""Seconds."""

Acknowledge = Callable[[str, str], object]
"""Acknowledges an incident by its id for a person, as `HandlingRequests.acknowledge`."""


@dataclass(slots=True)
class _KnownThere:
    """What is known of a shard."""

    desk: IncidentDesk
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
            known = self._known[name] = _KnownThere(desk, dict.fromkeys(self._from_before(desk)))
        self._read(known)
        waiting = []
        for number in list(islice(known.incidents, MOST_AT_A_TIME)):
            known.incidents[number] = known.incidents.pop(number)  # the others come first the next time
            incident = readable_incident(desk.recall, number)
            if incident is None or not incident.is_open:
                self._end(desk, number, incident)
                del known.incidents[number]
            elif waits(incident):
                waiting.append(number)
            elif (known_so_far := self._exchanged(desk, number)).said == "":
                self._channel.acknowledge(number)
                self._keep(desk, number, replace(known_so_far, said="acknowledged"))
        found = acknowledgements(self._channel, waiting)
        return sum(self._take(desk, number, acknowledgement) for number, acknowledgement in found.items())

    def _read(self, known: _KnownThere) -> None:
        """Which incidents PagerDuty has come to know since the last look."""
        for number in exchanged.known_there(known.desk.recall, self._channel.name):
            known.incidents.setdefault(number)

    def _from_before(self, desk: IncidentDesk) -> Iterator[str]:
        """Open incidents that people were told of, perhaps there: earlier versions noted no more than what they had said."""
        for key in desk.recall.keys(OPEN):
            number = key.rpartition("/")[2]
            if desk.recall(ESCALATION + number) is not None:
                yield number

    def _end(self, desk: IncidentDesk, number: str, incident: Incident | None) -> None:
        """What PagerDuty knows of it is over too; it drops the word about one that it does not know."""
        if incident is not None and self._exchanged(desk, number).said != "resolved":
            self._channel.resolve(number)
        with desk.changing() as change:
            exchanged.forget(change, self._channel.name, number)

    def _take(self, desk: IncidentDesk, number: str, acknowledgement: Acknowledgement) -> bool:
        """Whether it is acknowledged by that. One that was taken before is not: since then the incident waits again."""
        known = self._exchanged(desk, number)
        at, before = acknowledgement.at, known.heard_at
        if (at is None and known.said) or (at is not None and before is not None and at <= before):
            return False
        try:
            self._acknowledge(number, f"{acknowledgement.by} (PagerDuty)")
        except (NotAccepted, Busy, DiskFull):
            raise
        except LeaklineError as error:  # somebody was faster, or the shard is being loaded
            log.info("an acknowledgement in PagerDuty was not taken", incident=number, reason=str(error))
            return False
        self._keep(desk, number, replace(known, said="acknowledged", heard_at=at or before))
        return True

    def _exchanged(self, desk: IncidentDesk, number: str) -> Exchanged:
        return exchanged.exchanged(desk.recall, self._channel.name, number) or Exchanged()

    def _keep(self, desk: IncidentDesk, number: str, known: Exchanged) -> None:
        with desk.changing() as change:
            exchanged.keep(change, self._channel.name, number, known)
