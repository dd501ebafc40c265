"""Who is behind a connection."""

from __future__ import annotations

import grp
import os
import pwd

from agent.daemon.control.gate import Gate
from agent.permissions.principal import login_name, members, named_principal, user_principal
from agent.permissions.roles import ROLES
from agent.permissions.settings import PermissionSettings
from tests.permissions.users import STRANGER, USERS, needs_users

SETTINGS = PermissionSettings(groups={group: role for role, group in USERS.items()})  # type: ignore[misc]
UNKNOWN = 54_321


@needs_users
def test_users_have_the_roles_of_their_groups() -> None:
    """As the system's database has them, and no other."""
    for role, name in USERS.items():
        user = pwd.getpwnam(name)
        found = user_principal(user.pw_uid, SETTINGS)
        assert (found.name, found.roles) == (name, frozenset({role}))
    stranger = pwd.getpwnam(STRANGER)
    assert not user_principal(stranger.pw_uid, SETTINGS).roles


@needs_users
def test_users_are_known_by_their_login_name_too() -> None:
    """As whoever voted or said a first word is looked up later; of somebody who is not there any more, nothing is left."""
    gate = Gate(lambda: SETTINGS)
    assert named_principal(USERS["privacy"], SETTINGS).roles == {"privacy"}
    assert gate.still_may(USERS["privacy"], "incidents_decide")
    assert not gate.still_may(USERS["responder"], "incidents_decide")
    assert not gate.still_may("there-is-no-such-user", "incidents_decide")


def test_a_mapping_that_reaches_nobody_lets_nobody_in() -> None:
    """Groups that the system does not have give no role, to whomever."""
    nowhere = PermissionSettings(groups={"there-is-no-such-group": "admin", "nor-this-one": "privacy"})
    assert not any(
        user_principal(user.pw_uid, nowhere, service=UNKNOWN).roles for user in pwd.getpwall() if user.pw_uid
    )


def test_an_unknown_user_has_no_role() -> None:
    """Nobody could be named as who proposed or approved."""
    found = user_principal(UNKNOWN, SETTINGS)
    assert (found.name, found.roles) == (f"uid {UNKNOWN}", frozenset())


def test_root_looks_after_the_host_and_judges_nothing() -> None:
    """It is an admin, and neither privacy officer nor approver; the service's own user is a program."""
    assert user_principal(0, SETTINGS, service=UNKNOWN).roles == {"admin", "service"}
    assert user_principal(UNKNOWN, SETTINGS, service=UNKNOWN).roles == {"service"}


def test_without_permissions_everybody_may_do_everything() -> None:
    """One pair of eyes, as the settings say."""
    assert user_principal(UNKNOWN, None).roles == set(ROLES)


def test_members_are_those_of_the_database() -> None:
    """Those whose first group it is, and those whom it names; of a group that there is not, none."""
    own = pwd.getpwuid(os.geteuid())
    assert own.pw_name in members(frozenset({grp.getgrgid(own.pw_gid).gr_name}))
    assert members(frozenset({"there-is-no-such-group"})) == frozenset()
    assert login_name(os.geteuid()) == own.pw_name
