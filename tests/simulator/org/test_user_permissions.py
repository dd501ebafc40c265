"""What the user may do, and what is left of objects once a permission is lost."""

from __future__ import annotations

import pytest

from agent.simulator.api.catalogue import tables
from agent.simulator.api.filters.soql import SoqlError
from tests.simulator.org.conftest import MakeOrg, RecordOrg

ASK = "SELECT PermissionsViewSetup, PermissionsManageUsers, PermissionsCustomizeApplication FROM UserPermissionAccess"


def answered(org: RecordOrg) -> list[bool]:
    (row,) = org.ask(ASK)
    return [value for name, value in row.items() if name != "attributes"]


def test_the_user_has_every_permission(plain: RecordOrg) -> None:
    """In one row; a field that there is not is refused as of any object."""
    assert answered(plain) == [True, True, True]
    with pytest.raises(SoqlError) as caught:
        plain.ask("SELECT PermissionsFly FROM UserPermissionAccess")
    assert caught.value.code == "INVALID_FIELD"


def test_a_permission_is_lost_after_a_while(make: MakeOrg) -> None:
    """It is answered as false from then on, and of what needs it the user sees their own records alone."""
    org = make(rows_per_day=200)
    tokens, assignments = org.ids("OauthToken"), org.ids("PermissionSetAssignment")
    org.fault(hidden_fields="UserPermissionAccess.PermissionsManageUsers", hidden_after_seconds=3600)
    assert answered(org) == [True, True, True]
    org.move(hours=1)
    assert answered(org) == [True, False, True]
    owners = {row["UserId"] for row in org.ask("SELECT UserId FROM OauthToken")}
    assert len(org.ids("OauthToken")) < len(tokens)
    assert len(owners) <= 1
    assert len(org.ids("PermissionSetAssignment")) >= len(assignments) - 5


def test_policies_belong_to_nobody(make: MakeOrg) -> None:
    """Without the permission the object is not there."""
    org = make(rows_per_day=200)
    assert org.ids("TransactionSecurityPolicy")
    org.fault(hidden_fields="UserPermissionAccess.PermissionsCustomizeApplication")
    assert "transactionsecuritypolicy" not in tables(org.org, "66.0")


def test_the_object_itself_can_be_hidden(make: MakeOrg) -> None:
    """Then the org does not say."""
    org = make(rows_per_day=200)
    org.fault(hidden_fields="UserPermissionAccess")
    assert "userpermissionaccess" not in tables(org.org, "66.0")
