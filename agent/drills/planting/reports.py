"""What integrations report of themselves, read as the inbound listener reads it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import polars as pl

from agent.drills.planting.cast import SEED, username
from agent.drills.planting.scenario import PlantedBatch
from agent.simulator.middleware.integrations import INTEGRATIONS, ORG
from agent.simulator.middleware.planted import SCENARIOS, SILENT
from agent.simulator.middleware.report_day import ReportDay, TimedReport
from agent.sources.inbound.report import InboundReport
from agent.sources.inbound.report_document import read_reports
from agent.sources.inbound.settings import SenderSettings
from agent.sources.inbound.source import SERVICE

REPORTED = SCENARIOS.keys() - {SILENT}
"""Those that leave rows; who falls silent is found by the settings of a sender that a drill has not."""

_SENDER = SenderSettings.model_validate(
    {"name": "drill", "org": "drill", "authentication": {"bearer": {"env": "LEAKLINE_DRILL"}}}
)
"""Nobody sends with it: nothing is asked for the token."""
_BEFORE_NOW = 3_000
"""Milliseconds from the last report to now."""
_HOST = "https://drill.my.salesforce.example/services/data/v62.0"


def report_rows(name: str, tag: str, now: datetime) -> Iterator[PlantedBatch]:
    """The reports of a scenario of the middleware, the last a few seconds before `now`, without `event.id`.

    `tag`: the drill's, with which integrations and their users are named, so that no two drills' reports are counted together.
    """
    found: dict[str, list[InboundReport]] = {}
    for timed in _ending(name, int(now.timestamp() * 1000) - _BEFORE_NOW):
        body = orjson.dumps(_renamed(timed.document, tag))
        report = read_reports(body, _SENDER, datetime.fromtimestamp(timed.time / 1000, UTC)).reports[0]
        found.setdefault(report.event_type, []).append(report)
    for event_type, reports in found.items():
        rows = [{"sender": _SENDER.name, **report.cells} for report in reports]
        yield PlantedBatch(event_type, SERVICE, pl.DataFrame(rows, infer_schema_length=None).cast(pl.String))


def _ending(name: str, end: int) -> list[TimedReport]:
    """In the order of time, the last at `end` (ms)."""
    plant = SCENARIOS[name].plant
    length = max(report.time for report in plant(ReportDay(SEED, 0), 0))
    return sorted(plant(ReportDay(SEED, 0), end - length), key=lambda report: report.time)


def _renamed(document: dict[str, Any], tag: str) -> dict[str, Any]:
    number = next(place for place, known in enumerate(INTEGRATIONS) if known.name == document["integration"])
    changed = {
        "id": f"{document['id']}-{tag}",
        "integration": f"drill-{document['integration']}-{tag}",
        "user": username("integration", number, tag),
    }
    if "job" in document:
        changed["job"] = f"drill-{document['job']}-{tag}"
    if "url" in document:
        changed["url"] = document["url"].replace(ORG, _HOST)
    return {**document, **changed}
