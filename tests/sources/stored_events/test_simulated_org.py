"""The source against the simulated org, with what its big objects refuse, judged by the org's own list of what is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from agent.assembly.sources import build_source
from agent.model import Batch
from agent.simulator.event_stream.event_kind import event_kinds
from agent.simulator.running import serve
from agent.simulator.world.simulator_settings import SimulatorSettings
from agent.source import PolledSource
from agent.sources.object_query import object_pass, object_reader
from agent.sources.real_time.catalogue import SERVICE, catalogue
from agent.sources.stored_events.settings import StoredEventsSettings
from tests.sources.contract.scripted_org_harness import GivenMemory
from tests.sources.event_log_file.test_simulated_org import session_of
from tests.sources.reader import RecalledKeys

NOW = datetime(2026, 7, 2, 12, 0, 30, tzinfo=UTC)


def test_everything_that_the_org_stores_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a day, in small pages: each event with each of its cells; big objects and standard ones."""
    monkeypatch.setattr(object_reader, "PAGE", 40)
    monkeypatch.setattr(object_pass, "CALLS", 1_000)
    wanted = SimulatorSettings(
        folder=tmp_path / "org",
        now=lambda: NOW,
        rows_per_day=1500,
        people=20,
        history=timedelta(hours=30),
        event_types=("Login", "Report", "Logout"),
        scenarios=("mass_report_export",),
        page_rows=40,
    )
    with serve(wanted) as running:
        session = session_of(running, api_version="67.0")  # UniversalAnomalyEvent is there from 66.0 on
        settings = StoredEventsSettings(type="stored_events")
        source = build_source(
            settings, session, GivenMemory("acme/stored_events", RecalledKeys()), lambda: NOW, tmp_path
        )
        assert isinstance(source, PolledSource)
        batches = [batch for batch in source.read(None) if batch.source == SERVICE]
        since = int((NOW - timedelta(hours=24)).timestamp() * 1000)
        stored = {
            (kind.stored, record["EventIdentifier"])
            for kind in event_kinds().values()
            if kind.stored
            for record in running.org.stored_events.newest(kind, since, 1 << 60)
        }
        session.close()
    assert len({batch.event_type for batch in batches}) >= 4
    assert {catalogue_kind(batch) for batch in batches} == {"big", "standard"}
    read = pl.concat(
        [batch.frame.select("EventIdentifier", "event.id", pl.lit(batch.event_type).alias("type")) for batch in batches]
    )
    assert read["event.id"].n_unique() == len(stored)
    assert set(read.select("type", "EventIdentifier").iter_rows()) == stored


def catalogue_kind(batch: Batch) -> str | None:
    return next(event.kind for event in catalogue().values() if event.stored == batch.event_type)
