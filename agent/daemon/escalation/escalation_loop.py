"""One thread sees to it that people are told of incidents and deadlines. What it decides is stored; other threads send it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from agent.daemon.turns.incident_loop import IncidentLoop, LoopParts, ShardIncidents
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
    ) -> None:
        """`maintenance`: see `Surroundings`."""
        super().__init__(parts)
        self._surroundings = Surroundings(settings, roster, self.time.lateness, maintenance)

    def made(self, shard: ShardIncidents) -> ShardEscalations:
        """See `IncidentLoop`."""
        return ShardEscalations(shard.desk, shard.incidents, self._surroundings)
