"""What the audit trail and PermissionSetEvent tell of permission sets, in one form."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from agent.model import Batch
from agent.normalize.permission_changes import PermissionChange, permission_changes

TIME = 1_782_900_000_000


def trail(
    action: str, display: str, actor: str | None = "Ada@acme.test", time: int | None = TIME
) -> list[PermissionChange]:
    return _changes(
        "setup_audit_trail", "SetupAuditTrail", time, Action=action, Display=display, **{"CreatedBy.Username": actor}
    )


def event(operation: str, names: str | None, actor: str = "ada@acme.test") -> list[PermissionChange]:
    columns = {"Operation": operation, "ParentNameList": names, "Username": actor}
    return _changes("real_time_event_monitoring", "PermissionSetEvent", TIME, **columns)


def _changes(source: str, event_type: str, time: int | None, **cells: Any) -> list[PermissionChange]:
    frame = pl.DataFrame({name: pl.Series([cell], dtype=pl.String) for name, cell in cells.items()})
    prepared = frame.with_columns(pl.Series("@timestamp", [time]).cast(pl.Datetime("ms", "UTC")))
    return permission_changes(Batch("00D", source, event_type, frame), prepared)


@pytest.mark.parametrize(
    ("action", "display", "operation"),
    [
        (
            "PermSetAssign",
            "Permission set Data Export: assigned to user Bob (UserID: [005000000000001])",
            "AssignedToUsers",
        ),
        (
            "PermSetAssign_HasExpiration",
            "Permission set Data Export with expiration: assigned to user B",
            "AssignedToUsers",
        ),
        ("PermSetUnassign", "Permission set Data Export: unassigned from user Bob", "UnassignedFromUsers"),
        (
            "PermSetEnableUserPerm",
            "Changed permission set Data Export: Modify All Data permission was changed",
            "PermsEnabled",
        ),
        (
            "SetupEntityAccessAudit_PermissionSet_ApexClass_Enabled",
            "Changed permission set Data Export: X is enabled",
            "PermsEnabled",
        ),
    ],
)
def test_both_tell_the_same(action: str, display: str, operation: str) -> None:
    """A set's label in a sentence and its name in a list, by the same person."""
    (told,), (streamed,) = trail(action, display), event(operation, "[Data_Export]")
    assert (told.kind, told.target, told.actor) == (streamed.kind, streamed.target, streamed.actor)
    assert (told.name, streamed.name) == ("Data Export", "Data_Export")
    assert streamed.is_told_by_both


def test_what_is_no_such_change() -> None:
    """Other actions, other sentences, rows without a time or a person, sets that profiles own."""
    assert trail("changedpassword", "Permission set Data Export: assigned") == []
    assert trail("PermSetAssign", "something else") == []
    assert trail("PermSetAssign", "Permission set A: assigned to user B", actor=None) == []
    assert trail("PermSetAssign", "Permission set A: assigned to user B", time=None) == []
    assert event("Cloned", "[A]") == event("PermsEnabled", "[X00ex00000018ozh_128]") == []
    assert [change.target for change in event("PermsEnabled", None)] == [""]
    assert [change.target for change in event("PermsEnabled", '["A b", "C"]')] == ["ab", "c"]
    assert (
        permission_changes(Batch("00D", "setup_audit_trail", "SetupAuditTrail", pl.DataFrame()), pl.DataFrame()) == []
    )


def test_only_what_both_must_tell_is_expected() -> None:
    """An assignment has an event only if the set holds a critical permission, and the trail does not say so."""
    assert not trail("PermSetAssign", "Permission set A: assigned to user B")[0].is_told_by_both
    assert trail("PermSetDisableUserPerm", "Changed permission set A: X permission was changed")[0].is_told_by_both
