"""The life of an incident in a real state, on a clock that the test moves, with a restart whenever it wants one."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from agent.assembly.trail_record import recorder
from agent.notice.clock import CLOCKS, Clock, decode
from agent.notice.clocks.lateness import Lateness
from agent.notice.clocks.shelf import CurrentBasis
from agent.notice.clocks.timers import ShardClocks
from agent.notice.incidents.book import IncidentBook
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.incidents.incident import Anchor, Decision, Fact, Incident, Settlement, State
from agent.notice.regimes.pack import SignedPack, shipped
from agent.notice.settings import NoticeSettings
from agent.problem import Problem
from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from agent.store.problems import Problems
from agent.store.state import StateRecall
from agent.trail.shard_trail import ShardTrail

BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)


class Life:
    """`settings`: those of the first start."""

    def __init__(self, folder: Path, settings: NoticeSettings | None, now: datetime = BEGIN) -> None:
        self._folder = folder
        self.settings = settings
        self.signed: SignedPack = shipped()
        self.now = now
        self.start()

    def start(self) -> None:
        self.directory = StateDirectory(self._folder)
        self.state = self.directory.shard("acme")
        self.problems = Problems(self.state, lambda: self.now)
        self.book = IncidentBook(StateRecall(self.state, keys.RESPONSE.prefix))
        self.desk = IncidentDesk(
            self.state, self.problems, self.book, nullcontext, recorder(self.state), self.settings, lambda: self.now
        )
        self.lateness = Lateness(self.now)
        basis = CurrentBasis.of(self.settings, self.signed) if self.settings else None
        self.clocks = ShardClocks(self.desk, self.book, self.lateness, lambda: basis)

    def close(self) -> None:
        self.directory.close()

    def restart(self, settings: NoticeSettings | None = None, signed: SignedPack | None = None) -> None:
        """End, and begin with what is stored; perhaps with other settings or another pack."""
        self.close()
        self.settings, self.signed = settings or self.settings, signed or self.signed
        self.start()
        self.look()

    def look(self) -> None:
        """As the loop does, until nothing is due."""
        for _ in range(5):
            if not self.clocks.is_due(self.now):
                return
            self.clocks.turn(self.now)
        raise AssertionError("there is always something due")

    def pass_to(self, now: datetime) -> None:
        """Nothing runs between."""
        self.now = now
        self.look()

    # What alerts and people do

    def open(self, number: str = "inc-1", **values: object) -> Incident:
        fresh = Incident(
            number,
            "00D000000000001EAA",
            "live",
            "triage",
            "high",
            "Mass export",
            opened_at=self.now,
            detected_at=self.now,
            first_event=self.now - timedelta(hours=2),
            last_event=self.now - timedelta(hours=1),
            links=("user:005",),
            has_clocks=True,
            decisions=(Decision("triage", self.now, "leakline"),),
        )
        opened = replace(fresh, **values)  # type: ignore[arg-type]
        self._put(None, opened)
        return opened

    def declare(self, name: str, time: datetime, number: str = "inc-1") -> None:
        anchor = Anchor(time, "dora", self.now, "the forensic report")
        self.change(number, lambda incident: replace(incident, anchors={**incident.anchors, name: anchor}))

    def learn(self, facts: Mapping[str, float | bool], *, estimated: bool = False, number: str = "inc-1") -> None:
        found = {name: Fact(value, "dora", self.now, estimated=estimated) for name, value in facts.items()}
        self.change(number, lambda incident: replace(incident, facts={**incident.facts, **found}))

    def settle(self, obligation: str, settlement: Settlement, number: str = "inc-1") -> None:
        found = {obligation: settlement}
        self.change(number, lambda incident: replace(incident, settlements={**incident.settlements, **found}))

    def send(self, obligation: str, at: datetime | None = None) -> None:
        self.settle(obligation, Settlement("sent", at or self.now, "dora", self.now, receipt="case 17"))

    def decide(self, state: State, reason: str = "", number: str = "inc-1") -> None:
        decision = Decision(state, self.now, "dora", reason)
        self.change(number, lambda incident: replace(incident, state=state, decisions=(*incident.decisions, decision)))

    def change(self, number: str, change: Callable[[Incident], Incident]) -> None:
        before = self.incident(number)
        self._put(before, change(before))
        self.look()

    def _put(self, before: Incident | None, after: Incident) -> None:
        with self.desk.changing() as change:
            change.put(before, after, "changed", "it was changed", by="dora", data={})

    # What is seen

    def incident(self, number: str = "inc-1") -> Incident:
        found = self.book.incident(number)
        assert found is not None
        return found

    def all_clocks(self, number: str = "inc-1") -> dict[str, Clock]:
        return {clock.id: clock for clock in decode(self.desk.recall(CLOCKS + number))}

    def clock(self, id_: str, number: str = "inc-1") -> Clock:
        return self.all_clocks(number)[id_]

    def late_problems(self) -> list[Problem]:
        return [problem for problem in self.problems.open() if problem.kind == "notice-late"]

    def events(self, *actions: str) -> list[tuple[str, str]]:
        """Action and message of those that wait to be sent, in order; of clocks unless given otherwise."""
        stored = (orjson.loads(self.state.data(key) or b"{}") for key in self.state.keys(keys.OUTBOX.prefix))
        found = [(event["action"], event["message"]) for event in stored]
        return [
            (action, message)
            for action, message in found
            if action in actions or (not actions and action.startswith("clock-"))
        ]

    def actions(self) -> list[str]:
        return [action for action, _ in self.events()]

    def records(self) -> Sequence[str]:
        """Types of what the trail has of clocks."""
        found = (orjson.loads(line) for line in ShardTrail(self.state).lines())
        return [record["type"] for record in found if record["type"].startswith("clock-")]
