"""How old rows are at most when a source brings them in good time, before the interval at which it is asked is added.

Of log files their source knows better, file by file. Most other services have their rows within minutes; what the org's own
jobs store for queries may take longer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

BY_SERVICE: Mapping[str, timedelta] = {"event_log_file": timedelta(hours=48), "event_log_object": timedelta(hours=6)}
OTHERWISE = timedelta(hours=1)


def usual_lag(service: str) -> timedelta:
    """Of a service whose source does not say it of its batches (`agent.model.Batch.usual_lag`)."""
    return BY_SERVICE.get(service, OTHERWISE)
