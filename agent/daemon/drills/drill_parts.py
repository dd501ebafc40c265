"""What of drills runs in the daemon, put together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.assembly.delivery_loops import DeliveryLoops
from agent.assembly.node import Node
from agent.daemon.control.command import ControlCommand
from agent.daemon.drills.drill_record import DrillRecord
from agent.daemon.drills.drill_requests import DrillRequests
from agent.daemon.drills.drill_runner import DrillRunner, DrillSurroundings
from agent.daemon.drills.drill_watch import DrillWatch
from agent.daemon.drills.drills_status import drills_status
from agent.daemon.drills.legal_run import legal_names
from agent.daemon.notice.notice_parts import NoticeParts
from agent.drills.planting.catalogue import SCENARIOS
from agent.name import DRILLS
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.regimes.model import RegimePack
from agent.pipeline.commit_line import BatchCommit
from agent.status.drills import DrillsStatus
from agent.store.keys import PROCESS


@dataclass(frozen=True)
class DrillParts:
    """Of one daemon."""

    runner: DrillRunner
    watch: DrillWatch
    commands: Sequence[ControlCommand]
    now: Callable[[], datetime]
    status: Callable[[], DrillsStatus | None]

    def note(self, shard: str, commit: BatchCommit) -> None:
        """What was committed: alerts of drills are looked for in it."""
        if shard == DRILLS:
            self.runner.seen.note(commit.alerts, self.now())


def build_drill_parts(
    node: Node,
    renew: Callable[[str, Callable[[], None]], None],
    delivery: DeliveryLoops,
    notice: NoticeParts,
    now: Callable[[], datetime],
    stop: threading.Event,
) -> DrillParts:
    """Nothing runs yet. `renew`: see `DrillSurroundings`."""
    requests = {command.name: command.run for command in notice.commands}

    def ask(name: str, **arguments: Any) -> Any:
        return requests[name](**arguments)

    def pack() -> RegimePack:
        return notice.basis.pack

    def desk() -> IncidentDesk:
        return node.shards[PROCESS].desk

    def names() -> list[str]:
        return [*SCENARIOS, *legal_names(pack())]

    def status() -> DrillsStatus | None:
        return drills_status(desk().recall, watch)

    surroundings = DrillSurroundings(node, renew, lambda: delivery.forwards, pack, ask, now, stop)
    runner = DrillRunner(surroundings, DrillRecord(desk))
    watch = DrillWatch(lambda: node.settings.drills, names, runner, desk, node.own_problems, now)
    return DrillParts(runner, watch, DrillRequests(runner, watch, names, desk).commands(), now, status)
