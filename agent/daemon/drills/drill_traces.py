"""What drills leave in the shard that they run in: open incidents, and what detection remembers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog

from agent.assembly.node import Node
from agent.drills.drill import Drill
from agent.drills.mark import DrillMark
from agent.errors import LeaklineError
from agent.name import DRILLS, OWN
from agent.notice.incidents.book import OPEN
from agent.notice.incidents.rule_verdict import VERDICT
from agent.store import keys

log = structlog.get_logger()

FORGOTTEN_AT_ONCE = 500


class DrillTraces:
    """For the thread of drills. `ask`: see `DrillView`."""

    def __init__(self, node: Node, ask: Callable[..., Any]) -> None:
        self._node = node
        self._ask = ask
        self._tried: set[str] = set()
        """Incidents that could perhaps not be closed: that is said once."""

    def forget(self) -> None:
        """What detection remembers of earlier drills, and what was decided about their incidents: each drill begins with neither."""
        shard = self._node.shards.get(DRILLS)
        if shard is None:
            return
        state = shard.stores.state
        known = [*state.keys(keys.DETECTION.prefix), *state.keys(keys.RESPONSE.key(VERDICT))]
        for first in range(0, len(known), FORGOTTEN_AT_ONCE):
            with state.transact() as transaction:
                transaction.apply("", dict.fromkeys(known[first : first + FORGOTTEN_AT_ONCE]))

    def end(self, drill: Drill) -> None:
        """Close what is open, as this drill's, which did not come to an end of its own."""
        if DRILLS in self._node.shards:
            self._node.current_drill.mark = DrillMark(drill.id, drill.scenario)
            for incident in self._open():
                end(self._ask, incident, drill.id)

    def end_late(self) -> None:
        """Close what was opened after the end of the drill that ran last: nobody else would, and people would be called again and
        again.
        """
        if DRILLS not in self._node.shards:
            return
        late = [incident for incident in self._open() if incident not in self._tried]
        self._tried.update(late)
        for incident in late:
            end(self._ask, incident, self._node.current_drill.mark.id)

    def _open(self) -> list[str]:
        recall = self._node.shards[DRILLS].desk.recall
        return [key.rpartition("/")[2] for key in recall.keys(OPEN)]


def end(ask: Callable[..., object], number: str, drill: str) -> None:
    """Acknowledge and close an incident of a drill."""
    with suppress(LeaklineError):  # its state needs none
        ask("incidents_acknowledge", number=number, by=OWN)
    try:
        ask("incidents_decide", number=number, decision="not-a-breach", by=OWN, reason=f"it was the drill {drill}")
    except LeaklineError as error:
        log.warning("an incident of a drill could not be closed", incident=number, reason=str(error))
