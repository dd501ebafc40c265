"""Rows are made of what is different between two looks, once each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from agent import metrics
from agent.sources.objects import catalogue
from agent.sources.objects.snapshots import difference_batches, look_reader
from tests.sources.objects.snapshots.assignments import rest_time, token
from tests.sources.objects.snapshots.conftest import SnapshotReader, text


def test_the_first_look_is_a_baseline(reader: SnapshotReader) -> None:
    """It brings no rows and says how many records it found."""
    reader.give(*range(5))
    batches = reader.look()
    assert reader.rows(batches) == []
    assert reader.own(batches) == {
        "snapshot-baseline": "5 records of PermissionSetAssignment are known from now on, and what changes after this "
        "becomes an event"
    }


def test_a_baseline_says_that_the_user_may_see_a_part_only(reader: SnapshotReader) -> None:
    """A user without the permission that the object needs perhaps sees their own records alone."""
    reader.permit(False)
    assert "does not have the permission View Setup and Configuration" in reader.own(reader.look())["snapshot-baseline"]


def test_nothing_is_different(reader: SnapshotReader) -> None:
    """A look that finds what was there reports nothing, and costs one call for the records."""
    reader.give(*range(5))
    reader.look()
    reader.asked()
    batches = reader.look()
    assert reader.rows(batches) == []
    assert reader.own(batches) == {}
    assert len(reader.asked()) == 1


def test_rows_of_every_kind(reader: SnapshotReader) -> None:
    """A granted record has the time when it was made, a changed one that of its change, a revoked one that of the look."""
    reader.give(*range(9))
    reader.look()
    since = reader.clock()
    reader.clock.advance(minutes=10)
    reader.give(21)
    granted_at = reader.clock()
    reader.take(3)
    changed = {"IsActive": False, "ExpirationDate": rest_time(since), "SystemModstamp": rest_time(reader.clock())}
    reader.records[5].update(changed)
    batches = reader.look(after=timedelta(minutes=50))
    (batch,) = [batch for batch in batches if batch.frame.height]
    assert (batch.source, batch.event_type) == ("provisioning", "PermissionSetAssignment")
    assert set(batch.frame.dtypes) == {batch.frame["Id"].dtype}
    revoked, changed_row, granted = reader.rows(batches)
    plain = {"PermissionSetGroupId": None, "PermissionSet.IsOwnedByProfile": "false", "IsRevoked": "false"}
    seen = {**plain, "Seen": text(reader.clock()), "Changed": None, "Before": None}
    assert {name: value for name, value in granted.items() if name != "event.id"} == {
        **seen,
        "Id": "0Pa000000000021AAA",
        "AssigneeId": "005000000000001AAA",
        "Assignee.Username": "user1@acme.example",
        "PermissionSetId": "0PS000000000000AAA",
        "PermissionSet.Name": "Set_0",
        "ExpirationDate": None,
        "IsActive": "true",
        "SystemModstamp": text(granted_at),
        "Difference": "granted",
        "DifferenceDate": text(granted_at),
    }
    assert {name: value for name, value in revoked.items() if name != "event.id"} == {
        **seen,
        "Id": "0Pa000000000003AAA",
        "AssigneeId": "005000000000003AAA",
        "Assignee.Username": "user3@acme.example",
        "PermissionSetId": "0PS000000000003AAA",
        "PermissionSet.Name": "Set_3",
        "ExpirationDate": None,
        "IsActive": "true",
        "SystemModstamp": text(since - timedelta(hours=1)),
        "Difference": "revoked",
        "DifferenceDate": text(reader.clock()),
    }
    assert changed_row["Difference"] == "changed"
    assert changed_row["Changed"] == "ExpirationDate,IsActive"
    assert orjson.loads(changed_row["Before"]) == {"ExpirationDate": "", "IsActive": "true"}
    assert changed_row["IsActive"] == "false"
    assert changed_row["DifferenceDate"] == text(granted_at)


def test_ids_are_golden(reader: SnapshotReader) -> None:
    """The same difference at the same times has the same `event.id` in every version."""
    reader.give(*range(9))
    reader.look()
    reader.give(21)
    reader.take(3)
    ids = [row["event.id"] for row in reader.rows(reader.look())]
    assert ids == ["7b7c909d9a765aab993991acef042860", "e0eb92db6652fea125faed5efeec00db"]


def test_a_look_that_is_tried_again_has_the_same_ids(reader: SnapshotReader) -> None:
    """After a kill, before which nothing was committed."""
    reader.give(*range(9))
    reader.look()
    reader.give(21)
    reader.clock.advance(hours=1)
    killed = next(reader.started())
    reader.clock.advance(minutes=1)
    retried = next(reader.started())
    assert killed.frame["event.id"].to_list() == retried.frame["event.id"].to_list()


def test_a_grant_that_comes_again_is_another_one(reader: SnapshotReader) -> None:
    """A record that is granted, revoked and granted again under one Id has three rows with three ids."""
    reader.give(*range(9))
    reader.look()
    rows = []
    for _ in range(2):
        reader.give(21)
        rows += reader.rows(reader.look())
        reader.take(21)
        rows += reader.rows(reader.look())
    assert [row["Difference"] for row in rows] == ["granted", "revoked", "granted", "revoked"]
    assert len({row["event.id"] for row in rows}) == 4


def test_other_fields_are_no_change(reader: SnapshotReader) -> None:
    """A field that is not compared changes without a row; a revoked record has what was last seen in it."""
    reader.watched = "OauthToken"
    reader.records.extend(token(number, reader.clock()) for number in range(9))
    reader.look()
    reader.records[4]["UseCount"] = 77
    assert reader.rows(reader.look()) == []
    del reader.records[4]
    (row,) = reader.rows(reader.look())
    assert (row["Difference"], row["UseCount"]) == ("revoked", "77")


def test_secrets_are_never_selected(reader: SnapshotReader) -> None:
    """Whatever an org describes: no query names a token, and no row or memory has one."""
    reader.watched = "OauthToken"
    reader.records.extend(token(number, reader.clock()) for number in range(3))
    reader.look()
    reader.records.append(token(9, reader.clock()))
    batches = reader.look()
    assert [row["Difference"] for row in reader.rows(batches)] == ["granted"]
    assert not [query for query in reader.asked() if "Token" in query.partition(" FROM ")[0]]
    assert "secret-" not in str([batch.frame.to_dicts() for batch in batches])


def test_it_is_looked_when_it_is_time(reader: SnapshotReader) -> None:
    """Between two looks nothing is asked, also by a new process; a clock that was set back does not delay the next."""
    reader.give(1)
    reader.look()
    reader.asked()
    assert reader.look(after=timedelta(minutes=59)) == []
    assert reader.asked() == []
    assert reader.look(after=timedelta(minutes=1)) != []
    assert reader.look(after=-timedelta(days=1)) != []


def test_pages_go_on_behind_the_last_id(reader: SnapshotReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record that goes or comes while pages are read neither hides nor doubles another one."""
    monkeypatch.setattr(look_reader, "PAGE", 4)
    reader.give(*range(10))
    reader.look()
    assert [query.partition(" WHERE ")[2] for query in reader.asked() if " LIMIT 4" in query] == [
        "",
        "Id > '0Pa000000000003AAA' ORDER BY Id LIMIT 4",
        "Id > '0Pa000000000007AAA' ORDER BY Id LIMIT 4",
    ]
    reader.take(9)
    assert reader.differences(reader.look()) == [("revoked", 9)]


def test_batches_are_bounded(reader: SnapshotReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A difference of any size comes in batches of a bounded size, even one of a single bucket."""
    monkeypatch.setattr(difference_batches, "MOST_ROWS", 3)
    reader.give(*range(100))
    reader.look()
    reader.give(*range(100, 600))
    batches = reader.look()
    assert len(reader.rows(batches)) == 500
    assert max(batch.frame.height for batch in batches) == 3


def test_too_many_differences_are_counted(reader: SnapshotReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more than a look may have, grants become rows first; how many were left out is reported, and they do not come
    later.
    """
    watched = replace(catalogue.watched_objects()["PermissionSetAssignment"], most=7)
    monkeypatch.setattr("tests.sources.objects.snapshots.conftest.watched_objects", lambda: {watched.name: watched})
    reader.give(*range(30))
    reader.look()
    reader.take(0, 1, 2, 3)
    reader.give(*range(30, 36))
    name, labels = "leakline_differences_left_out_total", {"source": "acme/test", "object": watched.name}
    before = metrics.REGISTRY.get_sample_value(name, labels) or 0
    batches = reader.look()
    assert sorted(kind for kind, _ in reader.differences(batches)) == ["granted"] * 6 + ["revoked"]
    assert reader.own(batches)["differences-left-out"].startswith("3 differences of PermissionSetAssignment")
    assert metrics.REGISTRY.get_sample_value(name, labels) == before + 3
    assert reader.differences(reader.look()) == []
