"""Rows of event log files, of every type that a script has events of."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from agent.drills.planting.cast import SEED
from agent.drills.planting.scenario import PlantedBatch
from agent.drills.planting.script import Script
from agent.simulator.log_files.traffic import BUILDERS, Traffic
from agent.simulator.rows.block import Tenant
from agent.simulator.world.columns import layouts

SERVICE = "event_log_file"


def log_file_rows(script: Script, tenant: Tenant) -> Iterator[PlantedBatch]:
    """Without `event.id`. An empty cell is null, as reading a file gives it."""
    traffic = Traffic(SEED, 0, tenant, awkward_content=False, planted_events=script.events)
    for event_type in sorted({event.event_type for event in script.events} & BUILDERS.keys()):
        frames = traffic.planted_rows(event_type, script.window)
        frame = pl.concat(frames).select(layouts()[event_type].names)
        yield PlantedBatch(event_type, SERVICE, frame.select(_cell(name) for name in frame.columns))


def _cell(name: str) -> pl.Expr:
    # The drill is in nobody's org: its batches say in whose name they are stored.
    filled = (pl.col(name) != "") & (pl.lit(name) != "ORGANIZATION_ID")
    return pl.when(filled).then(pl.col(name)).alias(name)
