"""Events about incidents, and alerts with theirs, that are longer than a destination takes: which incident it is stays."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from agent.columns.frame_parts import FrameParts
from agent.columns.timestamp import TIME
from agent.destinations.file.file import File, FileSettings
from agent.formats import FORMATS
from agent.own_event import INCIDENTS
from agent.pipeline.chunk import cut
from agent.pipeline.long_rows.shorten import fitted

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
NUMBER = "inc-0c3899f4aebb"
ABOUT: dict[str, Any] = {
    "@timestamp": NOW,
    "event.id": "f" * 32,
    "event.kind": "event",
    "event.action": "clock-late",
    "event.dataset": INCIDENTS,
    "event.severity": 75,
    "leakline.incident.id": NUMBER,
    "leakline.incident.title": "x" * 3_000,
    "leakline.clock.due": NOW,
    "message": "z" * 3_000,
}
ALERT: dict[str, Any] = {
    **{name: value for name, value in ABOUT.items() if "clock" not in name and "title" not in name},
    "event.kind": "alert",
    "event.dataset": "leakline.alert",
    "leakline.trail.head": "10:11ead2a6131c",
    "leakline.alert.event_ids": ["f" * 32] * 100,
    "leakline.rule.triage": "y" * 3_000,
}


def shortened(row: dict[str, Any], limit: int, folder: Path) -> dict[str, Any]:
    """The row's document, at a destination that is told to keep what is too long as a dead letter."""
    settings = FileSettings(type="file", directory=folder, too_long="dead_letter")
    destination = File(settings, FORMATS["ecs"], now=lambda: NOW)
    frame = pl.DataFrame([row], schema_overrides={n: TIME for n, value in row.items() if isinstance(value, datetime)})
    (chunk,) = cut(destination.format(frame), FrameParts.of(frame), max_bytes=10_000_000, max_rows=10)
    document: dict[str, Any] = orjson.loads(fitted(chunk, [0], destination, limit)[0])
    return document


@pytest.mark.parametrize("limit", [700, 1_000, 3_000])
def test_an_event_about_an_incident_is_shortened_and_never_a_dead_letter(limit: int, tmp_path: Path) -> None:
    """As alerts are; which incident it is and until when stay."""
    found = shortened(ABOUT, limit, tmp_path)["leakline"]
    assert (found["incident"]["id"], found["clock"]["due"]) == (NUMBER, "2026-07-01T10:00:00.000Z")


def test_the_shortest_form_of_an_event_still_says_which_incident(tmp_path: Path) -> None:
    """It has no rule and no count, and room for that instead."""
    assert shortened(ABOUT, 350, tmp_path)["leakline"]["incident"]["id"] == NUMBER


def test_an_alert_keeps_its_incident_and_the_head_of_the_trail(tmp_path: Path) -> None:
    """Longer than the ids of its events and the words for an analyst."""
    found = shortened(ALERT, 700, tmp_path)["leakline"]
    assert (found["incident"]["id"], found["trail"]["head"]) == (NUMBER, "10:11ead2a6131c")
