"""The shaped frame: its times, its origin, and what travels along in it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from agent.model import OWN_EVENT_TYPE, Batch
from agent.normalize.shape import Normalizer
from tests.golden.documents import (
    CREATED,
    ORG,
    SEEN,
    SERVICE,
)
from tests.normalize.batches import NORMALIZER, batch_of, shaped


def test_without_a_time_there_is_none() -> None:
    """A row whose times cannot be read has a null time and says so; it does not get the time it was read at."""
    told: list[tuple[str, int]] = []
    normalizer = Normalizer(NORMALIZER.mappings, report=lambda problem, rows: told.append((problem, rows)))
    batch = batch_of("Logout", TIMESTAMP=["x", None, "20260302081505.7"], TIMESTAMP_DERIVED=[None, "soon", ""])
    frame = shaped(batch, normalizer)
    assert frame["@timestamp"].to_list() == [None, None, datetime(2026, 3, 2, 8, 15, 5, 700_000, UTC)]
    assert frame["leakline.problems"].to_list() == [["no_time"], ["no_time"], None]
    assert told == [("no_time", 2)]


def test_unknown_columns_and_types_are_kept() -> None:
    """An event type and columns nobody described are normalised as far as they are like others, and lose nothing."""
    batch = batch_of("BrandNewThing", USER_ID=["005Kz00000Vol61"], SOME_NEW_COLUMN=["7"], CLIENT_IP=["192.0.2.7"])
    row = shaped(batch).row(0, named=True)
    assert row["user.id"] == "005Kz00000Vol61IAB"
    assert row["source.ip"] == "192.0.2.7"
    assert row["salesforce.some_new_column"] == "7"
    assert row["event.action"] == "brand-new-thing"
    assert row["event.provider"] == "BrandNewThing"


def test_enrichment_travels_along() -> None:
    """Dotted columns that somebody added to the prepared frame are shipped, and a name they fill is no raw cell."""
    batch = batch_of("Login", USER_ID=["005Kz00000Vol61"] * 2, USER_NAME=["ann@example.com", None])
    prepared = NORMALIZER.prepare(batch).with_columns(
        pl.lit("ann@example.com").alias("user.name"),
        pl.lit("browser").alias("leakline.client_kind"),
        pl.lit(64496).alias("source.as.number"),
        pl.lit("Support").alias("salesforce.user.profile"),
    )
    frame = NORMALIZER.shape(prepared, batch, SEEN)
    assert frame["leakline.client_kind"].to_list() == ["browser", "browser"]
    assert frame["source.as.number"].to_list() == [64496, 64496]
    assert frame["related.user"].to_list() == [["005Kz00000Vol61IAB", "005Kz00000Vol61", "ann@example.com"]] * 2
    assert NORMALIZER.unshape(frame)["USER_NAME"].to_list() == ["ann@example.com", None]
    assert "USER.PROFILE" not in NORMALIZER.unshape(frame).columns


def test_fewer_rows_than_the_batch() -> None:
    """Rows left out on the way (a poison row) are simply not there."""
    batch = batch_of("Report", ROW_COUNT=["1", "2", "3"])
    less = replace(batch, frame=batch.frame[1:])
    frame = NORMALIZER.shape(NORMALIZER.prepare(less), batch, SEEN)
    assert frame["salesforce.row_count"].to_list() == [2, 3]


def test_the_time_of_first_sight() -> None:
    """`event.created` is when the batch was first seen, in UTC; when a destination gets it, nobody can know yet."""
    batch = replace(batch_of("Report", ROW_COUNT=["1"]), created=CREATED)
    frame = shaped(batch)
    assert frame["event.created"].to_list() == [CREATED]
    assert shaped(batch_of("Report", ROW_COUNT=["1"]))["event.created"].to_list() == [SEEN]
    assert "event.ingested" not in frame.columns
    assert frame.schema["event.created"] == frame.schema["@timestamp"] == pl.Datetime("ms", "UTC")


@pytest.mark.parametrize(
    ("event_type", "family"),
    [("Login", "login"), ("ReportExport", "report"), ("RestApi", "api"), ("PermissionUpdate", "permission"),
     ("AuraRequest", "ui"), ("ContentTransfer", "file"), ("BrandNewThing", "other")],
)  # fmt: skip
def test_the_data_set_is_the_family_of_events(event_type: str, family: str) -> None:
    """`event.dataset` tells families apart; the service is beside it, and a new event type belongs to `other`."""
    frame = shaped(batch_of(event_type, URI=["/x"]))
    assert frame["event.dataset"].to_list() == [f"salesforce.{family}"]
    assert frame["leakline.service"].to_list() == [SERVICE]
    assert frame["event.provider"].to_list() == [event_type]


def test_families_are_few() -> None:
    """A dozen data sets and three over all event types, each of more than one type."""
    families = [mapping.dataset for mapping in NORMALIZER.mappings.all()]
    assert len(set(families)) == 15
    assert min(map(families.count, families)) > 1


def test_a_service_without_mappings_is_a_family_of_its_own() -> None:
    """Rows of a service that nobody described are told apart by the service."""
    batch = replace(batch_of("Changed", ACTION=["x"]), source="some_service")
    assert shaped(batch)["event.dataset"].to_list() == ["salesforce.some_service"]


def test_the_original_row_is_kept_on_request() -> None:
    """`event.original` is a JSON object of the row's cells, only when the settings ask for it."""
    batch = batch_of("Report", ROW_COUNT=["01", None], ORIGIN=['say "hi"\n\\', None])
    assert "event.original" not in shaped(batch).columns
    frame = shaped(batch, Normalizer(NORMALIZER.mappings, keep_original=True))
    assert json.loads(frame["event.original"][0]) == {"ROW_COUNT": "01", "ORIGIN": 'say "hi"\n\\'}
    assert frame["event.original"][1] is None


def test_own_events_pass() -> None:
    """Leakline's own events have ECS names already; only what every event has is added."""
    row = {"@timestamp": [SEEN], "event.id": ["a" * 32], "event.dataset": ["leakline.agent"], "message": ["hi"]}
    batch = Batch(ORG, "agent", OWN_EVENT_TYPE, pl.DataFrame(row))
    frame = shaped(batch)
    assert NORMALIZER.prepare(batch).equals(batch.frame)
    assert frame["message"].to_list() == ["hi"]
    assert frame["event.dataset"].to_list() == ["leakline.agent"]
    assert frame["organization.id"].to_list() == [ORG]
    assert frame["observer.vendor"].to_list() == ["Leakline"]


def test_an_empty_batch_has_a_shape() -> None:
    """No rows in, no rows out, with the columns that are always there."""
    frame = shaped(batch_of("Report", ROW_COUNT=[], TIMESTAMP_DERIVED=[]))
    assert frame.height == 0
    assert {"@timestamp", "event.id", "event.dataset"} <= set(frame.columns)
    assert NORMALIZER.unshape(frame).height == 0
