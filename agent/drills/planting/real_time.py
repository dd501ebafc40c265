"""Real-time events that no log file tells of: findings of Salesforce's own, lockouts, changes of permission sets.

Those that tell of rows of log files once more are left out: one account of a leak has to be enough.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from agent.drills.planting.cast import SEED
from agent.drills.planting.scenario import PlantedBatch
from agent.drills.planting.script import Script
from agent.simulator.event_stream.cell_text import cell_text
from agent.simulator.event_stream.event_kind import EventKind, event_kinds
from agent.simulator.event_stream.happenings import Happenings, RealTimeRow
from agent.simulator.log_files.traffic import Traffic
from agent.simulator.rows.block import Tenant

SERVICE = "real_time_event_monitoring"


def real_time_rows(script: Script, tenant: Tenant) -> Iterator[PlantedBatch]:
    """As they are streamed, without `event.id`."""
    traffic = Traffic(SEED, 0, tenant, awkward_content=False, planted_events=script.events)
    told = Happenings(SEED, traffic, event_types=()).between(script.window)
    for name in sorted({row.kind.name for row in told}):
        kind = event_kinds()[name]
        if kind.channel:
            rows = [row for row in told if row.kind is kind]
            yield PlantedBatch(kind.channel, SERVICE, _frame(kind, rows))


def _frame(kind: EventKind, rows: list[RealTimeRow]) -> pl.DataFrame:
    columns = {
        name: [cell_text(row.values.get(name), form) for row in rows] for name, form in kind.streamed_fields.items()
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
