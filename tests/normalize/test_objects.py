"""Rows of objects: names of fields, where an object of one's own has its time, and what comes back."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from agent.model import Batch
from agent.normalize.mapping.mapping import Mapping
from agent.normalize.shape import Normalizer
from tests.golden.documents import ORG, object_batch
from tests.normalize.batches import NORMALIZER, OBJECTS, cells_of, shaped

INVOICE = {
    "Id": "a01Kz0000004InvIAE",
    "Amount__c": "12.50",
    "Closed__c": "2026-03-01T08:00:00.000Z",
    "SystemModstamp": "2026-03-02T08:00:00.000Z",
    "LastModifiedById": "005Kz00000Vol61",
    "Account__r.Name": "Acme",
    "ns__Note__c": "paid",
}


def batch_of(service: str, event_type: str, **cells: str | None) -> Batch:
    frame = pl.DataFrame({"event.id": ["0" * 32], **{name: [cell] for name, cell in cells.items()}})
    return Batch(ORG, service, event_type, frame.with_columns(pl.col(pl.Null).cast(pl.String)))


@pytest.mark.parametrize("name", OBJECTS)
def test_every_cell_of_an_object_comes_back(name: str) -> None:
    """From the shaped events of every object."""
    batch = object_batch(name)
    assert cells_of(NORMALIZER.unshape(shaped(batch))) == cells_of(batch.frame)


def test_fields_of_an_object_of_ones_own() -> None:
    """Each is a field of its own, numbers besides; a related one has no dot, because the first word may be a field."""
    batch = batch_of("object", "Invoice__c", **INVOICE)
    row = shaped(batch).row(0, named=True)
    assert (row["salesforce.amount__c"], row["leakline.number.amount__c"]) == ("12.50", 12.5)
    assert (row["salesforce.account__r_name"], row["salesforce.ns__note__c"]) == ("Acme", "paid")
    assert row["@timestamp"] == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert (row["user.id"], row["event.action"], row["event.provider"]) == (
        "005Kz00000Vol61IAB",
        "record-changed",
        "Invoice__c",
    )
    assert cells_of(NORMALIZER.unshape(shaped(batch))) == cells_of(batch.frame)


@pytest.mark.parametrize("time_field", ["Closed__c", "closed__C"])
def test_settings_say_which_field_is_the_time(time_field: str) -> None:
    """In any spelling. Then SystemModstamp is a field like any other; other objects are as before."""
    normalizer = Normalizer(NORMALIZER.mappings.timed("object", "Invoice__c", time_field))
    batch = batch_of("object", "Invoice__c", **INVOICE)
    row = shaped(batch, normalizer).row(0, named=True)
    assert row["@timestamp"] == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert row["salesforce.systemmodstamp"] == INVOICE["SystemModstamp"]
    assert cells_of(normalizer.unshape(shaped(batch, normalizer))) == cells_of(batch.frame)
    other = shaped(batch_of("object", "Order__c", **INVOICE), normalizer).row(0, named=True)
    assert other["@timestamp"] == datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("RowsProcessed", "salesforce.rowsprocessed"),
        ("Id", "salesforce.id"),
        ("Amount__c", "salesforce.amount__c"),
        ("ns__Amount__pc", "salesforce.ns__amount__pc"),
        ("Owner.Name", "salesforce.owner_name"),
        ("Account__r.Owner.Name", "salesforce.account__r_owner_name"),
        ("owner.Name", None),
        ("Owner.", None),
        ("amount", None),
        ("Amount c", None),
    ],
)
def test_names_of_fields(column: str, field: str | None) -> None:
    """Only what an org can call a field has one."""
    mapping = Mapping("object", "", NORMALIZER.mappings.ecs, NORMALIZER.mappings.kinds, type_column="EventType")
    target = mapping.target(column)
    assert (None if target is None else target.field) == field


def test_doors_of_event_log_objects() -> None:
    """Reading calls are counted as those of log files are."""
    row = NORMALIZER.prepare(
        batch_of("event_log_object", "SoapApiEventLog", MethodName="query", RowsProcessed="12", ClientIp="203.0.113.7")
    ).row(0, named=True)
    assert (row["leakline.door"], row["leakline.rows"]) == ("soap", 12)
    assert (row["EventType"], row["source.ip"], row["client.ip"]) == ("SoapApiEventLog", "203.0.113.7", "203.0.113.7")


@pytest.mark.parametrize(
    ("status", "action", "outcome"),
    [
        ("Success", "logged-in", "success"),
        ("Invalid Password", "login-failed", "failure"),
        ("Failed: Computer activation pending", "login-challenged", "unknown"),
        ("Multi-factor (formerly called two-factor) is required", "login-challenged", "unknown"),
        ("something new", "login-failed", "failure"),
        (None, "login-attempted", None),
    ],
)
def test_how_a_login_went(status: str | None, action: str, outcome: str | None) -> None:
    """By the words of the login history."""
    row = NORMALIZER.prepare(batch_of("login_history", "LoginHistory", Status=status)).row(0, named=True)
    assert (row["event.action"], row.get("event.outcome")) == (action, outcome)


def test_who_logs_in_as_another_acts() -> None:
    """In an object the delegated user is the administrator, as in streamed events."""
    row = shaped(
        batch_of(
            "event_log_object",
            "LoginAsEventLog",
            Timestamp="2026-03-02T11:04:00.000Z",
            DelegatedUserIdentifier="005Kz00000Vol61",
            DelegatedUserName="admin@acme.example",
            UserIdentifier="005Kz00000Vol62",
        )
    ).row(0, named=True)
    assert (row["user.id"], row["user.name"]) == ("005Kz00000Vol61IAB", "admin@acme.example")
    assert (row["user.target.id"], row["leakline.login_name"]) == ("005Kz00000Vol62IAB", "admin@acme.example")
