"""The end of a maintenance window that time brings: looked for once a minute, recorded and announced once.

Nothing is held back until then: whoever asks whether a window is open reckons with its end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from agent.notice.incidents.desk import IncidentDesk
from agent.notice.maintenance import window


def end_outdated(desk: IncidentDesk, now: Callable[[], datetime]) -> bool:
    """Whether one has run out. `desk`: of the process's shard. Raises StateError, DiskFull."""
    last = window.stored(desk.recall)
    if last is None or not last.has_run_out(now()):
        return False
    with desk.changing() as change:
        last = window.stored(desk.recall)
        if last is None or not last.has_run_out(change.now):
            return False
        # By its time, unless clocks were set back to before its beginning: then it ends now.
        end = min(last.ends, change.now)
        change.apply({window.WINDOW: window.encode(replace(last, ended_at=end))})
        change.announce(
            "maintenance-ended",
            f"maintenance ended at {end:%Y-%m-%d %H:%M} UTC",
            about="maintenance",
            data={"begins": last.begins.isoformat(), "until": end.isoformat()},
            fields={"leakline.maintenance.until": end},
        )
    return True
