"""The life of an incident in a state of its own, with the real parts, on a clock that is moved.

Nothing is sent: messages are made, and nothing here takes them anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from agent.assembly.trail_record import recorder
from agent.daemon.control.command import table_of
from agent.daemon.drills.legal.drill_alert import drill_alert
from agent.daemon.drills.legal.drill_rules import DrillRules
from agent.daemon.drills.legal.legal_state import LegalState
from agent.daemon.incidents.incident_requests import IncidentRequests
from agent.daemon.notices.notice_requests import NoticeRequests
from agent.detection.sigma.rule import Level
from agent.notice.clock import CLOCKS, Clock, decode
from agent.notice.clock import TIMERS as CLOCK_TIMERS
from agent.notice.clocks.lateness import Lateness
from agent.notice.clocks.timers import ShardClocks
from agent.notice.escalation.escalation import TIMERS as CALL_TIMERS
from agent.notice.escalation.keeper import Surroundings
from agent.notice.escalation.shard_escalations import ShardEscalations
from agent.notice.incidents.book import IncidentBook
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.incidents.growth import BY, Thresholds, opened
from agent.notice.incidents.incident import Incident
from agent.notice.incidents.incident_event import OPENED
from agent.notice.messages import outbox
from agent.notice.messages.message import Message
from agent.notice.on_call.on_call_roster import OnCallRoster
from agent.notice.timer_keys import instant
from agent.store import keys
from agent.store.problems import Problems
from agent.store.state import StateRecall
from agent.trail.record import TrailRecord, read
from agent.trail.shard_trail import ShardTrail

PERSON = "drill"
"""Who does what people do."""

LOOKS = 12
"""Within which nothing is due any more at one instant."""


class LegalLife:
    """One incident of one shard."""

    def __init__(self, state: LegalState, name: str, rules: DrillRules, begin: datetime, *, calls: bool = True) -> None:
        """`name`: of the shard; `calls`: whether people are called."""
        self.now = begin.replace(microsecond=0)
        self.begin = self.now
        self.number = ""
        self._shard = state.shard(name)
        self.problems = Problems(self._shard, self.time, gauge=state.gauge, drill=state.drill)
        self.recall = StateRecall(self._shard, keys.RESPONSE.prefix)
        book = IncidentBook(self.recall)
        settings = rules.settings
        self.desk = IncidentDesk(
            self._shard, self.problems, book, nullcontext, recorder(self._shard), settings, self.time
        )
        desks = {name: self.desk}
        incidents = IncidentRequests(lambda: desks, self.time, lambda: rules.pack)
        self._requests = table_of([*incidents.commands(), *NoticeRequests(incidents.edits, self.time).commands()])
        basis, lateness = rules.basis, Lateness(self.now)
        self._clocks = ShardClocks(self.desk, book, lateness, lambda: basis)
        self.roster = OnCallRoster(settings.people, settings.on_call)
        self._calls = (
            ShardEscalations(self.desk, book, Surroundings(settings, self.roster, lateness)) if calls else None
        )

    def time(self) -> datetime:
        return self.now

    # Time

    def look(self) -> None:
        """As the loops of the daemon do, until nothing is due."""
        for _ in range(LOOKS):
            loops = [loop for loop in (self._clocks, self._calls) if loop is not None and loop.is_due(self.now)]
            if not loops:
                return
            for loop in loops:
                loop.turn(self.now)

    def pass_to(self, end: datetime) -> None:
        """From one stored timer to the next, as the daemon would look at each in time; what has no timer is not looked at."""
        self.look()
        while (following := self._next_timer()) is not None and following <= end:
            self.now = max(self.now, following)
            self.look()
            if self._next_timer() == following:  # it would be due for ever
                break
        self.now = max(self.now, end)
        self.look()

    def _next_timer(self) -> datetime | None:
        times = [
            at
            for timers in ((CLOCK_TIMERS, CALL_TIMERS) if self._calls is not None else (CLOCK_TIMERS,))
            for at in timers.read_all(self.recall.keys(timers.prefix))[0].values()
        ]
        return instant(min(times)) if times else None

    # What alerts and people do

    def open(self, level: Level = "high") -> Incident:
        """By an alert that is raised now."""
        alert = drill_alert(self.now, level)
        thresholds = Thresholds.of(self.desk.settings)
        with self.desk.changing() as change:
            incident = opened(alert, self.now, thresholds, [])
            said = f"incident {incident.id} ({incident.title}) is opened"
            incident = change.put(None, incident, OPENED, said, by=BY, data={"level": incident.level})
        self.number = incident.id
        self.look()
        return incident

    def ask(self, request: str, **arguments: Any) -> dict[str, Any]:
        """As a command does; then what is due is looked at. Raises LeaklineError."""
        answer: dict[str, Any] = self._requests[request].run(self.number, **arguments)
        self.look()
        return answer

    def declare(self, names: Sequence[str]) -> None:
        """All of them happened now."""
        if names:
            anchors = [f"{name}={self.now.isoformat()}" for name in names]
            self.ask("incidents_anchor", anchors=anchors, by=PERSON, basis="it is a drill")

    def quieten(self) -> None:
        """Somebody works on it, so that nobody is called any more: what is told after that are deadlines."""
        self.ask("incidents_acknowledge", by=PERSON)
        if self.incident.state not in ("confirmed", "contained"):
            self.ask("incidents_decide", decision="confirmed", by=PERSON)
        self.ask("incidents_decide", decision="contained", by=PERSON)

    def send(self, obligation: str) -> None:
        """Its notice went out now, whatever its date was."""
        self.ask("incidents_decide", decision="sent", obligation=obligation, receipt="drill", by=PERSON)

    # What is seen

    @property
    def incident(self) -> Incident:
        with self.desk.changing() as change:
            found = change.incident(self.number)
        if found is None:
            raise ValueError(f"{self.number} is not stored")
        return found

    def clocks(self) -> dict[str, Clock]:
        """By obligation, without the regime's name."""
        return {clock.obligation: clock for clock in decode(self.recall(CLOCKS + self.number))}

    def records(self, *types: str) -> Iterator[TrailRecord]:
        """In their order."""
        for line in ShardTrail(self._shard).lines():
            record = read(line)
            if record.type in types:
                yield record

    def clock_records(self, action: str) -> Mapping[str, list[datetime]]:
        """When something was recorded of each clock, by obligation."""
        found: dict[str, list[datetime]] = {}
        for record in self.records(action):
            for clock in record.data["clocks"]:
                found.setdefault(str(clock["clock"]).partition("/")[2], []).append(record.time)
        return found

    def messages(self, kind: str = "") -> list[Message]:
        """In the order in which they were made; of all kinds unless one is given."""
        numbers = [key.removeprefix(outbox.MESSAGE) for key in self.recall.keys(outbox.MESSAGE)]
        found = [message for number in numbers if (message := outbox.message(self.recall, number)) is not None]
        return sorted(
            (message for message in found if kind in ("", message.kind)),
            key=lambda message: (message.created_at, message.tier, message.id),
        )
