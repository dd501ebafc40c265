"""What a drill scenario is, and the rows it becomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from agent.detection.sigma.rule import Level

Family = Literal["exfiltration", "sync", "provisioning", "configuration"]


@dataclass(frozen=True)
class DrillScenario:
    """A leak, a broken synchronisation or a change that has to be found."""

    name: str
    """As the simulated org names it."""
    family: Family
    summary: str
    rules: frozenset[str]
    """Ids of shipped rules. It is detected when at least one of them raises an alert."""
    level: Level
    """The least level of the incident that must result."""


@dataclass(frozen=True)
class PlantedBatch:
    """Rows to be handed in where a source hands in what it has read."""

    event_type: str
    """As `agent.model.Batch.event_type`: `Report`, `ReportAnomalyEvent`, `SetupAuditTrail`, …"""
    service: str
    """The kind of source it stands for, as rules name it: `event_log_file`, `setup_audit_trail`, …"""
    frame: pl.DataFrame
    """Raw (`agent.model`): all `String`, with `event.id`."""
