"""One thread sees to it that people are told of incidents and deadlines. What it decides is stored; other threads send it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from agent.daemon.turns.incident_loop import IncidentLoop, LoopParts, ShardIncidents
from agent.drills.mark import CurrentDrill
from agent.drills.pace import hastened
from agent.name import DRILLS
from agent.notice.escalation.keeper import Surroundings
from agent.notice.escalation.shard_escalations import ShardEscalations
from agent.notice.on_call.roster import Roster
from agent.notice.settings import NoticeSettings


class EscalationLoop(IncidentLoop):
    """See the page."""

    def __init__(
        self,
        parts: LoopParts,
        settings: NoticeSettings,
        roster: Roster,
        maintenance: Callable[[datetime], datetime | None],
        drill: CurrentDrill,
    ) -> None:
        """`maintenance`: see `Surroundings`; `drill`: the one that runs."""
        super().__init__(parts)
        self._drill = drill
        self._surroundings = Surroundings(settings, roster, self.time.lateness, maintenance)

    def made(self, shard: ShardIncidents) -> ShardEscalations:
        """See `IncidentLoop`."""
        surroundings = self._surroundings
        if shard.desk.shard == DRILLS:  # it is built anew for each drill, and each has a speed of its own
            surroundings = replace(surroundings, settings=hastened(surroundings.settings, self._drill.speed))
        return ShardEscalations(shard.desk, shard.incidents, surroundings)
