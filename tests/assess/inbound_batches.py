"""What the simulated middleware reports over weeks, read as the listener reads it, some hours at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import orjson
import polars as pl

from agent.normalize.vendor_identity import identify_named
from agent.simulator.middleware.planted import day_of_reports
from agent.simulator.middleware.report_day import ReportDay, TimedReport
from agent.simulator.world.sessions import DAY, HOUR
from agent.sources.inbound.report import InboundReport
from agent.sources.inbound.report_document import read_reports
from agent.sources.inbound.settings import SenderSettings
from agent.sources.inbound.source import SERVICE
from tests.assess.object_batches import ObjectBatch

SENDER = SenderSettings.model_validate(
    {"name": "middleware", "org": "assess", "authentication": {"bearer": {"env": "NONE"}}, "heartbeat": "15m"}
)


def inbound_batches(
    seed: int, begin: int, days: int, scenarios: tuple[str, ...] = (), hours: int = 6
) -> Iterator[ObjectBatch]:
    """`begin`: the first day (ms); the scenarios are planted on the last one. `hours`: how many are read at once."""
    for number in range(days):
        start = begin + number * DAY
        reports = day_of_reports(ReportDay(seed, start), scenarios if number == days - 1 else ())
        for piece in range(start, start + DAY, hours * HOUR):
            end = piece + hours * HOUR
            yield from batches([report for report in reports if piece <= report.time < end], end)


def batches(reports: Iterable[TimedReport], created: int) -> Iterator[ObjectBatch]:
    """Of each event type."""
    found: dict[str, list[tuple[InboundReport, str]]] = {}
    for report in reports:
        body = orjson.dumps(report.document)
        read = read_reports(body, SENDER, datetime.fromtimestamp(report.time / 1000, UTC), None).reports[0]
        found.setdefault(read.event_type, []).append((read, report.scenario))
    for event_type, told in found.items():
        rows = [{"sender": SENDER.name, **report.cells} for report, _ in told]
        names = pl.Series([f"{SENDER.name}\x1f{report.id}" for report, _ in told], dtype=pl.String)
        ids = identify_named(names, "assess", event_type).alias("event.id")
        frame = pl.DataFrame(rows, infer_schema_length=None).cast(pl.String).with_columns(ids)
        scenarios = pl.Series("scenario", [scenario or None for _, scenario in told], dtype=pl.String)
        yield ObjectBatch(created, event_type, SERVICE, frame, scenarios)
