"""What of a drill can be seen in the running daemon: alerts as they are committed, incidents, clocks, messages, deliveries."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from agent.assembly.node import Node
from agent.assembly.shard import Shard
from agent.drills.drill import Drill
from agent.drills.planting.scenario import DrillScenario
from agent.name import DRILLS
from agent.notice.clock import CLOCKS, Clock
from agent.notice.clock import decode as decode_clocks
from agent.notice.escalation.escalation import ESCALATION, Escalation
from agent.notice.escalation.escalation import decode as decode_escalation
from agent.notice.incidents.book import INCIDENT, RECKON
from agent.notice.incidents.incident import Incident
from agent.notice.incidents.incident import decode as decode_incident
from agent.notice.messages.message import Message
from agent.notice.messages.message import decode as decode_message
from agent.notice.messages.outbox import MESSAGE
from agent.notice.regimes.model import RegimePack
from agent.pipeline.forward import Forward
from agent.store.accounts import Accounts

RULE = "rule.id"


@dataclass(frozen=True, slots=True)
class SeenAlert:
    rule: str
    at: datetime


class SeenAlerts:
    """Alerts of the shard of drills since a drill began. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alerts: list[SeenAlert] = []

    def begin(self) -> None:
        with self._lock:
            self._alerts = []

    def note(self, alerts: pl.DataFrame, now: datetime) -> None:
        """Those of a commit."""
        if not alerts.height or RULE not in alerts.columns:
            return
        found = [SeenAlert(rule, now) for rule in alerts.get_column(RULE).to_list() if rule]
        with self._lock:
            self._alerts += found

    def all(self) -> Sequence[SeenAlert]:
        with self._lock:
            return tuple(self._alerts)


@dataclass(frozen=True)
class DrillView:
    """Of one drill. Reads without a lock; what is damaged raises ValueError."""

    drill: Drill
    scenario: DrillScenario
    node: Node
    seen: SeenAlerts
    forwards: Callable[[], Sequence[Forward]]
    pack: Callable[[], RegimePack]
    ask: Callable[..., Any]
    """Makes a request of the daemon, by its name, with its arguments."""
    now: Callable[[], datetime]
    drained: set[str] = field(default_factory=set)
    """Names of destinations that have accepted all there was, once its alerts were there."""
    known: frozenset[str] = frozenset()
    """Keys of the incidents and messages of earlier drills. By times they could not be told apart where the machine's clock is set back;
    and none is ever deleted, so that there are too many to be read at each look.
    """
    refused_before: Mapping[str, int] = field(default_factory=dict)
    """By destination: what `refused` counts, before anything was planted."""

    @property
    def shard(self) -> Shard:
        return self.node.shards[DRILLS]

    def incidents(self) -> list[Incident]:
        """All that the drill opened, the first one first."""
        recall = self.shard.desk.recall
        read = (recall(key) for key in recall.keys(INCIDENT) if key not in self.known)
        found = [decode_incident(data) for data in read if data is not None]
        return sorted(found, key=lambda incident: (incident.opened_at, incident.id))

    def refused(self, forward: Forward) -> int:
        """Rows of the drill that the destination will never have: it refused them, or they were dropped."""
        return refused(forward) - self.refused_before.get(forward.name, 0)

    def incident(self) -> Incident | None:
        """That of the scenario's rules, and of the highest level where there are several."""
        return next(iter(self.matching()), None)

    def matching(self) -> list[Incident]:
        """Those with alerts of the scenario's rules."""
        return [incident for incident in self.incidents() if self.scenario.rules & incident.rules.keys()]

    def clocks(self, incident: Incident) -> list[Clock] | None:
        """None while they are not reckoned yet."""
        recall = self.shard.desk.recall
        if recall(RECKON + incident.id) is not None:
            return None
        return decode_clocks(recall(CLOCKS + incident.id))

    def escalation(self, incident: Incident) -> Escalation | None:
        data = self.shard.desk.recall(ESCALATION + incident.id)
        return decode_escalation(data) if data is not None else None

    def messages(self, incident: Incident) -> Iterator[Message]:
        recall = self.shard.desk.recall
        for key in recall.keys(MESSAGE):
            data = recall(key) if key not in self.known else None
            if data is not None and (message := decode_message(data)).incident == incident.id:
                yield message


def known_keys(shard: Shard) -> frozenset[str]:
    """Of all incidents and messages that there are."""
    recall = shard.desk.recall
    return frozenset([*recall.keys(INCIDENT), *recall.keys(MESSAGE)])


def refused(forward: Forward) -> int:
    """Rows of all drills that the destination did not take for good."""
    shards = [follower for follower in forward.shards if follower.name == DRILLS]
    found = [Accounts(shard.stores.state).delivered(forward.name, lane) for shard in shards for lane in shard.lanes]
    return sum(account.dead_lettered + account.dropped for account in found)
