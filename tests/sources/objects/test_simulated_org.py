"""Every source of objects against the simulated org, with what its objects refuse, judged by the org's own tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from agent.model import OWN_EVENT_TYPE, Batch
from agent.normalize.vendor_identity import identify_rows
from agent.simulator.api.catalogue import tables
from agent.simulator.running import RunningOrg, serve
from agent.simulator.world.simulator_settings import SimulatorSettings
from agent.sources.object_query import object_pass, object_reader
from agent.sources.objects import settings as kinds
from agent.sources.objects.catalogue import watched_objects
from agent.sources.objects.source import ObjectRows
from tests.sources.event_log_file.test_simulated_org import session_of
from tests.sources.reader import RecalledKeys

NOW = datetime(2026, 7, 1, 15, 0, 30, tzinfo=UTC)
SOURCES: list[kinds.AnyObjectSettings] = [
    kinds.SetupAuditTrailSettings(type="setup_audit_trail"),
    kinds.LoginHistorySettings(type="login_history"),
    kinds.EventLogObjectSettings(type="event_log_object", objects=["LoginEventLog", "ReportEventLog"]),
    kinds.ProvisioningSettings(type="provisioning"),
    kinds.SessionsSettings(type="sessions"),
    kinds.ObjectSettings(type="object", object="Invoice__c", fields=["Name"]),
]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningOrg]:
    """A day with some of everything; no test changes it."""
    wanted = SimulatorSettings(
        folder=tmp_path_factory.mktemp("org"),
        now=lambda: NOW,
        rows_per_day=1500,
        people=60,
        history=timedelta(hours=30),
        event_types=("Login", "Report"),
        scenarios=(),
        page_rows=40,
    )
    with serve(wanted) as org:
        yield org


@pytest.mark.parametrize("settings", SOURCES, ids=lambda settings: settings.type)
def test_everything_of_a_day_is_read_once(
    running: RunningOrg, settings: kinds.AnyObjectSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In small pages: each row of each object, and nothing is told as wrong."""
    monkeypatch.setattr(object_reader, "PAGE", 40)
    monkeypatch.setattr(object_pass, "CALLS", 1_000)
    session = session_of(running, api_version="66.0")
    source = ObjectRows(session, settings, now=lambda: NOW, recall=RecalledKeys(), naming=identify_rows)
    batches = list(source.read(None))
    session.close()
    assert [batch.frame["message"].to_list() for batch in told(batches)] == []
    read = [batch for batch in batches if batch.source == settings.type]
    found = {name: sum(batch.frame.height for batch in read if batch.event_type == name) for name in names(settings)}
    assert found == {name: stored(running, name) for name in names(settings)}
    assert sum(found.values()) > 0
    ids = [event_id for batch in read for event_id in batch.frame["event.id"]]
    assert len(ids) == len(set(ids))


def told(batches: list[Batch]) -> list[Batch]:
    return [batch for batch in batches if batch.event_type == OWN_EVENT_TYPE and batch.frame.height]


def names(settings: kinds.AnyObjectSettings) -> list[str]:
    if isinstance(settings, kinds.ObjectSettings):
        return [settings.object]
    if isinstance(settings, kinds.EventLogObjectSettings):
        return list(settings.objects)
    watched = watched_objects().values()
    return [entry.name for entry in watched if entry.source == settings.type and entry.reads == "rows"]


def stored(running: RunningOrg, name: str) -> int:
    """Rows of the last day that the org has."""
    watched = watched_objects().get(name)
    time = str(watched.time) if watched else "Timestamp" if name.endswith("EventLog") else "SystemModstamp"
    rows = tables(running.org, "66.0")[name.lower()].rows()
    return sum(datetime.fromisoformat(row[time]) >= NOW - timedelta(hours=24) for row in rows)
