"""The truth of records: a judge that takes snapshots and reads rows by it finds nothing lost or doubled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import polars as pl
import pytest

from agent.simulator.log_files.log_file import rest_time
from agent.simulator.records.record_kind import record_kinds
from agent.simulator.records.record_truth import read_record_truth
from agent.simulator.running import RunningOrg
from tests.simulator.conftest import ApiClient
from tests.simulator.org.conftest import MakeOrg, RecordOrg


def truth(org: RecordOrg) -> pl.DataFrame:
    org.org.write_record_truth()
    return read_record_truth(org.org.record_truth)


@pytest.mark.parametrize("entity", [name for name, kind in record_kinds().items() if kind.snapshot])
def test_a_snapshot_is_what_the_truth_says_of_its_moment(make: MakeOrg, entity: str) -> None:
    """The records whose last version up to then is no revocation; what came and went between two is granted and revoked."""
    org = make(rows_per_day=200)
    before = org.ids(entity)
    first = rest_time(int(org.now.timestamp() * 1000))
    org.move(days=2)
    after, lines = org.ids(entity), truth(org).filter(object=entity)
    for moment, seen in ((first, before), ("9999", after)):
        last = lines.filter(pl.col("time") <= moment).sort("version").group_by("id").last()
        assert set(last.filter(pl.col("change") != "revoked")["id"]) == seen
    between = lines.filter(pl.col("time") > first)
    assert set(between.filter(change="granted")["id"]) >= after - before
    assert set(between.filter(change="revoked")["id"]) >= before - after


@pytest.mark.parametrize("entity", [name for name, kind in record_kinds().items() if kind.time])
def test_rows_have_one_line_each(plain: RecordOrg, entity: str) -> None:
    """No row more and none less, with when it could first be seen."""
    lines = truth(plain).filter(object=entity)
    assert set(lines["id"]) == plain.ids(entity)
    assert lines["id"].is_unique().all()
    assert (lines["visible_at"] == lines["time"]).all()


def test_late_rows_and_ended_states_are_said(make: MakeOrg) -> None:
    """`visible_at` follows the fault; of a request that moved on the earlier states have an end."""
    org = make(rows_per_day=200)
    org.fault(late_rows_seconds=300)
    lines = truth(org)
    assert (lines["visible_at"] > lines["time"]).any()
    requests = lines.filter(object="UserProvisioningRequest").sort("id", "version")
    assert requests.filter(pl.col("version") == 1)["until"].is_not_null().any()
    assert requests.filter(pl.col("version") == 2)["fields"].str.contains("State").all()


def test_a_change_names_its_fields(make: MakeOrg) -> None:
    """Some assignments are put off and some sessions raised; nothing but that field differs."""
    changed = truth(make(rows_per_day=200, history=timedelta(days=10))).filter(change="changed")
    assert set(changed.filter(object="PermissionSetAssignment")["fields"]) == {"ExpirationDate"}
    assert set(changed.filter(object="AuthSession")["fields"]) == {"SessionSecurityLevel"}


def test_the_truth_is_written_when_asked_for(start: Callable[..., RunningOrg], connect: Callable[[RunningOrg], ApiClient]) -> None:  # fmt: skip
    """Over the network; of event log objects too, when they are named; an object that there is not is refused."""
    running = start(event_types=["Login"], daily_files=False, history=timedelta(hours=3))
    client = connect(running).sign_in()
    answer = client.http.post("/__simulator/truth", json={"objects": ["LoginEventLog", "SetupAuditTrail"]}).json()
    lines = read_record_truth(running.org.record_truth)
    assert answer == {"file": str(running.org.record_truth), "lines": len(lines)}
    assert set(lines["id"]) == {row["Id"] for name in ("LoginEventLog", "SetupAuditTrail") for row in client.records(f"SELECT Id FROM {name}")}  # noqa: S608  # fmt: skip
    assert lines.filter(object="LoginEventLog")["row"].is_not_null().all()
    assert client.http.post("/__simulator/truth", json={"objects": ["Nothing"]}).status_code == 400


def test_queryall_and_locators_over_the_network(start: Callable[..., RunningOrg], connect: Callable[[RunningOrg], ApiClient]) -> None:  # fmt: skip
    """`queryAll` has its own resource, with pages; a locator expires as told."""
    running = start(event_types=["Login"], daily_files=False, history=timedelta(days=3), page_rows=20, rows_per_day=200)
    client = connect(running).sign_in()
    text = "SELECT Id FROM Invoice__c WHERE IsDeleted = true"
    assert client.query(text).json()["totalSize"] == 0
    answer = client.http.get(
        "/services/data/v66.0/queryAll", params={"q": "SELECT Id, IsDeleted FROM Invoice__c"}
    ).json()
    found = answer["records"]
    while not answer["done"]:
        answer = client.http.get(answer["nextRecordsUrl"]).json()
        found += answer["records"]
    assert any(row["IsDeleted"] for row in found)
    client.http.post("/__simulator/faults", json={"locator_seconds": 60})
    url = client.query("SELECT Id FROM Invoice__c").json()["nextRecordsUrl"]
    assert client.http.get(url).status_code == 200
    client.http.post("/__simulator/advance", json={"seconds": 61})
    assert client.http.get(url).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
