"""The whole table over a real control socket, by real users of this machine: what the kernel says of them decides."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.permissions.actions import ACTIONS
from agent.permissions.roles import Role
from tests.permissions.asked import Asked
from tests.permissions.expected import EXPECTED, LISTENER
from tests.permissions.users import STRANGER, USERS, ask_as, is_denied, needs_users

pytestmark = needs_users

SOCKET = sorted(set(ACTIONS) - LISTENER)


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    folder = Path(tempfile.mkdtemp())  # pytest's own folders are for this user alone
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LEAKLINE_TEST", "secret")
        found = Asked(folder)
        yield found
        found.close()
    shutil.rmtree(folder)


@pytest.mark.parametrize("role", sorted(USERS))
def test_each_role_may_what_the_table_says(asked: Asked, role: Role) -> None:
    """Every action without arguments, which no command but the harmless ones carries out: denied or not."""
    answers = ask_as(USERS[role], asked.socket, [{"command": action} for action in SOCKET])
    allowed = {action for action, answer in zip(SOCKET, answers, strict=True) if not is_denied(answer)}
    assert allowed == EXPECTED[role] - LISTENER


def test_who_is_in_no_group_may_do_nothing(asked: Asked) -> None:
    """Not even ask for the status."""
    answers = ask_as(STRANGER, asked.socket, [{"command": action} for action in SOCKET])
    assert all(is_denied(answer) and "no role" in answer["error"] for answer in answers)


def test_nobody_acts_in_another_name(asked: Asked) -> None:
    """The name that a request gives is not looked at."""
    request = {"command": "oncall_maintenance", "span": "1h", "reason": "works", "by": "root"}
    (answer,) = ask_as(USERS["responder"], asked.socket, [request])
    assert "error" not in answer, answer
    (shown,) = ask_as(USERS["auditor"], asked.socket, [{"command": "status"}])
    assert shown["result"]["maintenance"]["by"] == USERS["responder"]
    (refused,) = ask_as(
        USERS["admin"], asked.socket, [{"command": "changes_withdraw", "number": "CH-1", "caller": "x"}]
    )
    assert "is not an argument" in refused["error"]
