"""A shard as a drill finds it: the shipped rules and mappings, nothing learnt, and what was raised in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from agent.assembly.batch_processing import BatchProcessing, build_processing
from agent.config.settings import parse
from agent.demo.enrichment import enrichment
from agent.drills.planting.rows import planted
from agent.drills.planting.scenario import DrillScenario, PlantedBatch
from agent.model import Batch
from agent.simulator.world.staff import Staff

ORG = "00D000000000001AAA"


@cache
def processing(*, knows_its_org: bool = False, disabled: tuple[str, ...] = ()) -> BatchProcessing:
    """`knows_its_org`: with offices, integrations, approved apps and a place for each address, as an administrator writes them."""
    folder = Path(tempfile.mkdtemp(prefix="leakline-drill-"))
    auth = {"type": "client_credentials", "client_id": "none", "client_secret": {"env": "NONE"}}
    return build_processing(
        parse(
            {
                "orgs": [{"name": "drilled", "url": "https://drilled.my.salesforce.com", "auth": auth}],
                "destinations": [{"type": "file", "directory": str(folder / "out")}],
                "state": {"directory": str(folder / "state")},
                "enrich": enrichment(folder, Staff(7, 60), date(2026, 11, 1)) if knows_its_org else {},
                "rules": {"disabled": list(disabled)},
            }
        )
    )


@cache
def rows_of(scenario: DrillScenario, drill: str, now: datetime) -> list[PlantedBatch]:
    """What `planted` gives, kept for other tests of the scenario."""
    return planted(scenario, drill, now)


class DrilledShard:
    """Takes planted batches; nothing but bytes is remembered from one to the next, as in a state directory."""

    def __init__(self, made: BatchProcessing) -> None:
        self._memory: dict[str, bytes] = {}
        self._steps = made.steps(None, self._memory.get)

    def take(self, batches: Iterable[PlantedBatch], now: datetime) -> pl.DataFrame:
        """The alerts of all of them."""
        return pl.concat([self._taken(batch, now) for batch in batches], how="diagonal_relaxed")

    def prepared(self, batch: PlantedBatch) -> pl.DataFrame:
        """What rules see of it."""
        return self._steps.prepare(_batch(batch))

    def _taken(self, rows: PlantedBatch, now: datetime) -> pl.DataFrame:
        batch = _batch(rows)
        prepared = self._steps.prepare(batch)
        found = self._steps.detect(batch, prepared, self._steps.match(batch, prepared), now)
        for key, value in found.remember.items():
            if value is None:
                self._memory.pop(key, None)
            else:
                self._memory[key] = bytes(value)
        found.commit()
        return found.alerts


def _batch(rows: PlantedBatch) -> Batch:
    return Batch(ORG, rows.service, rows.event_type, rows.frame)


def raised(alerts: pl.DataFrame, rules: Iterable[str]) -> pl.DataFrame:
    """The alerts, not their revisions, of these rules."""
    if not alerts.height:
        return alerts
    return alerts.filter(pl.col("event.action") == "alert-raised", pl.col("rule.id").is_in(list(rules)))


def values(batches: Iterable[PlantedBatch], names: Sequence[str]) -> set[Any]:
    """All values of these columns."""
    return {
        value
        for batch in batches
        for name in set(names) & set(batch.frame.columns)
        for value in batch.frame[name].drop_nulls()
    }
