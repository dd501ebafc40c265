"""What `leakline status` says of maintenance."""

from __future__ import annotations

from datetime import datetime

from agent.notice.maintenance import window
from agent.status.maintenance import MaintenanceStatus
from agent.store import keys
from agent.store.state import State, StateRecall


def maintenance_status(state: State, now: datetime) -> MaintenanceStatus | None:
    """None while no window is open. `state`: of the process's shard. Raises StateError."""
    last = window.stored(StateRecall(state, keys.RESPONSE.prefix))
    return MaintenanceStatus(last.ends, last.by, last.reason) if last is not None and last.is_open(now) else None
