"""A converted query, scheduled in a real SIEM, finds a row that comes hours late."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import TypeAdapter

from agent.assembly.destinations import build_destination
from agent.assembly.event_schema import event_schema
from agent.config.settings import DestinationSettings
from agent.detection.authoring.convert import convert
from agent.detection.authoring.ingest_window import IngestWindow
from agent.detection.load import PLACEHOLDERS, load
from agent.model import Batch
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped
from tests.destinations.rows import one_chunk
from tests.servers.opensearch_server import OpenSearch

pytestmark = pytest.mark.server

RULE = """
title: much read
id: 0e4b5b1e-7b1f-4b63-bb0c-000000000001
logsource: {product: salesforce, service: event_log_file}
detection:
  sel: {EVENT_TYPE: RestApi, ROWS_PROCESSED|gte: 1000}
  condition: sel
"""
INDEX = "logs-salesforce.event_log_file-late"


@pytest.fixture
def arrived(opensearch: OpenSearch) -> Iterator[datetime]:
    """The time at which a row six hours old was sent, by the Elastic destination."""
    now = datetime.now(UTC)
    cells = {
        "EVENT_TYPE": "RestApi",
        "TIMESTAMP_DERIVED": f"{now - timedelta(hours=6):%Y-%m-%dT%H:%M:%S}.000Z",
        "USER_ID": "0055f000008aaaa",
        "ROWS_PROCESSED": "5000",
        "event.id": "late",
    }
    batch = Batch("00D5f000005XrT2EAK", "event_log_file", "RestApi", pl.DataFrame([cells]))
    normalizer = Normalizer(load_mappings([shipped("mappings")])[0])
    settings: Any = TypeAdapter(DestinationSettings)
    admin = build_destination(settings.validate_python(opensearch.admin_settings), lambda: now, threading.Event())
    admin.install_template()  # type: ignore[attr-defined]
    admin.close()
    wanted = settings.validate_python({**opensearch.settings, "namespace": "late"})
    destination = build_destination(wanted, lambda: now, threading.Event())
    outcome = destination.send(one_chunk(destination, normalizer.shape(normalizer.prepare(batch), batch, now)))
    assert not outcome.rejected
    yield now
    destination.close()


def hits(opensearch: OpenSearch, query: str, run: datetime) -> int:
    """How many documents a Lucene query finds that is run at this time."""
    anchored = query.replace("now", f"{run:%Y-%m-%dT%H:%M:%S}.000Z||")
    opensearch.client.post(f"/{INDEX}/_refresh").raise_for_status()
    body = {"query": {"query_string": {"query": anchored}}}
    answer = opensearch.client.post(f"/{INDEX}/_search", json=body).raise_for_status().json()
    return int(answer["hits"]["total"]["value"])


def test_a_row_that_comes_six_hours_late_is_found_once(
    opensearch: OpenSearch, arrived: datetime, tmp_path: Path
) -> None:
    """By the one of the hourly runs that follows its arrival; a window of event times in its place never has it."""
    (tmp_path / "rule.yml").write_text(RULE)
    names = event_schema(load_mappings([shipped("mappings")])[0])
    (converted,) = convert(
        load([tmp_path]), [tmp_path], "lucene", names, PLACEHOLDERS, IngestWindow(every=timedelta(hours=1))
    )
    runs = [arrived + timedelta(minutes=5, hours=hour) for hour in range(-2, 5)]
    (query,) = converted.queries
    assert [hits(opensearch, query, run) for run in runs].count(1) == 1
    assert [hits(opensearch, query, run) for run in runs].index(1) == 3
    by_event_time = query.replace("event.ingested", "@timestamp")
    assert not any(hits(opensearch, by_event_time, run) for run in runs)
