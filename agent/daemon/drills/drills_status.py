"""How drills stand, for the status document."""

from __future__ import annotations

from datetime import datetime

from agent.daemon.drills.drill_watch import DrillWatch
from agent.drills import book
from agent.drills.drill import Drill
from agent.status.drills import DrillsStatus, NewestDrill
from agent.store.state import StateRecall


def drills_status(recall: StateRecall, watch: DrillWatch) -> DrillsStatus | None:
    """None where none was ever asked for and the settings ask for none."""
    unfinished, (last, _) = book.unfinished(recall), watch.newest()
    if not last and not unfinished and not watch.wanted():
        return None
    newest = max(
        ((drill.ended_at, drill) for drill in last.values() if drill.ended_at is not None), default=None, key=_end
    )
    return DrillsStatus(
        running=next((drill.scenario for drill in unfinished if drill.verdict == "running"), ""),
        waiting=sum(drill.verdict == "waiting" for drill in unfinished),
        passed=sum(drill.verdict == "passed" for drill in last.values()),
        failed=[name for name, drill in last.items() if drill.verdict == "failed"],
        overdue=len(watch.overdue()),
        newest=_newest(*newest) if newest is not None else None,
    )


def _end(ended: tuple[datetime, Drill]) -> datetime:
    return ended[0]


def _newest(ended_at: datetime, drill: Drill) -> NewestDrill:
    return NewestDrill(drill.id, drill.scenario, "passed" if drill.verdict == "passed" else "failed", ended_at)
