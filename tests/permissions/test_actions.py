"""The table of role and action."""

from __future__ import annotations

import pytest

from agent.daemon.control.command import ControlCommand
from agent.daemon.control.gate import Denied, Gate
from agent.errors import LeaklineError
from agent.permissions.actions import ACTIONS, allows, roles_for, sees_people
from agent.permissions.principal import Principal, link_principal, sender_principal
from agent.permissions.roles import ROLES, Role
from agent.permissions.settings import PermissionSettings
from tests.permissions.expected import EXPECTED

SETTINGS = PermissionSettings(groups={"a": "admin", "p": "privacy"})
CELLS = [(role, action) for role in ROLES for action in ACTIONS]


@pytest.mark.parametrize(("role", "action"), CELLS)
def test_every_cell_is_as_it_is_written_by_role(role: Role, action: str) -> None:
    """The table by action and the list by role say the same, and the gate keeps to it."""
    expected = action in EXPECTED[role]
    assert allows(action, [role]) is expected
    assert (role in roles_for(action)) is expected
    noted: list[str] = []
    gate = Gate(lambda: SETTINGS, lambda _, action: noted.append(action))
    who = Principal("ana", frozenset({role}), 1000)
    if expected:
        gate.require(action, who)
    else:
        with pytest.raises(Denied, match=f"ana may not do this: {action} needs the role .*, and ana has {role}"):
            gate.require(action, who)
    assert noted == ([] if expected else [action])


def test_what_is_not_in_the_table_is_allowed_to_no_role() -> None:
    """Also where somebody has them all."""
    everybody = Principal("ana", frozenset(ROLES), 1000)
    with pytest.raises(Denied):
        Gate(lambda: SETTINGS).require("something_new", everybody)


def test_a_role_that_may_change_nothing_cannot() -> None:
    """Viewers and auditors only read; an export of the trail begins with a checkpoint, which changes no record."""
    reading = {"status", "backfill_status", "trail_about", "trail_lines", "trail_checkpoint", "drill_status"}
    for role in ("viewer", "auditor"):
        assert all(name in reading or name.endswith(("_list", "_show")) for name in EXPECTED[role])


def test_no_role_both_proposes_and_approves() -> None:
    """Whoever may propose a change has no vote by the same role, and none of them touches incidents."""
    for role, actions in EXPECTED.items():
        assert not {"changes_propose", "changes_approve"} <= actions, role
    assert not any(name.startswith(("incidents_a", "incidents_d", "notices_")) for name in EXPECTED["admin"])


def test_a_request_cannot_say_who_makes_it() -> None:
    """Its name is that of the connection, and the principal is no argument."""
    gate = Gate(lambda: SETTINGS)
    command = ControlCommand("incidents_comment", lambda text, by: f"{by}: {text}", changes=True)
    who = Principal("ana", frozenset[Role]({"responder"}), 1000)
    assert gate.carried_out(command, {"text": "hello", "by": "ben"}, who) == "ana: hello"
    with pytest.raises(Exception, match="caller is not an argument"):
        gate.carried_out(command, {"text": "hello", "caller": {"name": "ben"}}, who)


def test_a_viewer_sees_that_there_are_incidents_and_not_about_whom() -> None:
    """Texts that name people are hidden; those who handle incidents see them."""
    rows = {
        "incidents": [{"id": "inc-1", "title": "Ana exported all", "assignee": "", "acknowledged_by": "ben"}],
        "more": 0,
    }
    command = ControlCommand("incidents_list", lambda: rows, changes=False)
    gate = Gate(lambda: SETTINGS)
    viewed = gate.carried_out(command, {}, Principal("vic", frozenset[Role]({"viewer"}), 1))
    assert "Ana" not in str(viewed) and "ben" not in str(viewed) and viewed["incidents"][0]["id"] == "inc-1"
    assert gate.carried_out(command, {}, Principal("ray", frozenset[Role]({"responder"}), 1)) == rows
    assert not sees_people("incidents_list", ["admin"])


def test_no_other_answer_shows_a_viewer_who_it_is() -> None:
    """The status names deadlines: without who has the incident and what was said of it, for whoever sees no list of those."""
    row = {"incident": "inc-1", "assignee": "ben", "reason": "Ana is safe", "receipt": "", "state": "running"}
    document = {"deadlines": [row], "incidents": {"open": 1}, "problems": []}
    command = ControlCommand("status", lambda: document, changes=False)
    gate = Gate(lambda: SETTINGS)
    viewed = gate.carried_out(command, {}, Principal("vic", frozenset[Role]({"viewer"}), 1))
    assert "ben" not in str(viewed) and "Ana" not in str(viewed)
    assert (viewed["incidents"], viewed["deadlines"][0]["receipt"]) == ({"open": 1}, "")
    assert gate.carried_out(command, {}, Principal("olaf", frozenset[Role]({"approver"}), 1)) == document


def test_a_link_in_a_message_approves_nothing() -> None:
    """Nor does it judge: who holds it may see and acknowledge that one incident."""
    held = {action for action in ACTIONS if allows(action, link_principal("ana").roles)}
    assert not held & {"changes_approve", "changes_propose", "notices_sent", "incidents_decide", "incidents_close"}
    assert {"link_show", "link_acknowledge"} <= held
    assert {action for action in ACTIONS if allows(action, sender_principal("crm").roles)} == {
        "status",
        "reload",
        "report_submit",
    }


@pytest.mark.parametrize("value", [[], ["a"], {}, None, 7, True])
def test_a_list_is_no_text(value: object) -> None:
    """Refused in a sentence, before the command sees it; what a command takes beside plain values it looks at by itself."""

    def comment(number: str, limit: int = 1, values: object = None) -> str:
        return number

    command = ControlCommand("incidents_comment", comment, changes=True)
    who = Principal("ana", frozenset[Role]({"responder"}), 1000)
    with pytest.raises(LeaklineError, match="incidents_comment: number is str, and this is"):
        Gate(lambda: SETTINGS).carried_out(command, {"number": value}, who)
    with pytest.raises(LeaklineError, match="limit is int"):
        Gate(lambda: SETTINGS).carried_out(command, {"number": "inc-1", "limit": "many"}, who)
    assert Gate(lambda: SETTINGS).carried_out(command, {"number": "inc-1", "values": value}, who) == "inc-1"
