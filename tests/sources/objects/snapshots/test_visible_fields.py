"""What an org hides of an object's fields is no change of its records."""

from __future__ import annotations

from datetime import timedelta

from tests.sources.objects.snapshots.conftest import SnapshotReader

DAY = timedelta(days=1)


def test_a_field_that_is_hidden_is_left_out(reader: SnapshotReader) -> None:
    """It is not selected, and its column is not there."""
    del reader.tables["PermissionSetAssignment"]["IsRevoked"]
    reader.give(1)
    reader.look()
    reader.give(2)
    (row,) = reader.rows(reader.look())
    assert "IsRevoked" not in row
    assert row["IsActive"] == "true"


def test_hiding_and_showing_is_no_change(reader: SnapshotReader) -> None:
    """Neither when a field is hidden nor when it is seen again, or for the first time."""
    group = reader.tables["PermissionSetAssignment"].pop("PermissionSetGroupId")
    reader.give(*range(5))
    reader.look()
    hidden = reader.tables["PermissionSetAssignment"].pop("IsActive")
    assert reader.rows(reader.look(after=DAY)) == []
    reader.tables["PermissionSetAssignment"].update(PermissionSetGroupId=group, IsActive=hidden)
    batches = reader.look(after=DAY)
    assert reader.rows(batches) == []
    assert reader.own(batches) == {}


def test_a_change_behind_a_hidden_field_is_seen_later(reader: SnapshotReader) -> None:
    """What was last seen in it is compared once it can be seen again."""
    reader.give(*range(5))
    reader.look()
    hidden = reader.tables["PermissionSetAssignment"].pop("IsActive")
    reader.records[2]["IsActive"] = False
    assert reader.rows(reader.look(after=DAY)) == []
    reader.tables["PermissionSetAssignment"]["IsActive"] = hidden
    (row,) = reader.rows(reader.look(after=DAY))
    assert (row["Difference"], row["Changed"], row["Before"]) == ("changed", "IsActive", '{"IsActive":"true"}')


def test_a_hidden_field_without_which_nothing_can_be_judged(reader: SnapshotReader) -> None:
    """It is reported once, with what to do, and so is its end; no record is revoked."""
    reader.give(*range(5))
    reader.look()
    hidden = reader.tables["PermissionSetAssignment"].pop("AssigneeId")
    batches = reader.look(after=DAY)
    assert reader.rows(batches) == []
    assert "the field PermissionSetAssignment.AssigneeId is hidden" in reader.own(batches)["snapshot-failed"]
    assert reader.own(reader.look()) == {}
    reader.tables["PermissionSetAssignment"]["AssigneeId"] = hidden
    batches = reader.look()
    assert reader.rows(batches) == []
    assert list(reader.own(batches)) == ["snapshot-taken"]


def test_fields_of_related_objects_may_be_hidden(reader: SnapshotReader) -> None:
    """A describe does not tell: the query is refused, and asked again without them."""
    reader.give(*range(5))
    reader.look()
    for name in ("Assignee.Username", "PermissionSet.Name"):
        del reader.tables["PermissionSetAssignment"][name]
    reader.give(7)
    (row,) = reader.rows(reader.look(after=DAY))
    assert row["Difference"] == "granted"
    assert "Assignee.Username" not in row


def test_an_object_that_cannot_be_seen(reader: SnapshotReader) -> None:
    """It is reported, and nothing is revoked; what happened meanwhile is seen when it is back."""
    reader.give(*range(5))
    reader.look()
    reader.org.status = {
        "describe": (404, [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}])
    }
    batches = reader.look(after=DAY)
    assert list(reader.own(batches)) == ["snapshot-failed"]
    assert reader.rows(batches) == []
    reader.org.status = {}
    reader.take(3)
    assert reader.differences(reader.look()) == [("revoked", 3)]
