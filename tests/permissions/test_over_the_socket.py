"""The whole table over a real control socket, by real users of this machine: what the kernel says of them decides."""

from __future__ import annotations

import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.daemon.control.server import CONNECTIONS_OF_ONE
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


_HOLDING = """
import socket, sys
path, number = sys.argv[1], int(sys.argv[2])
held, refused = [], []
for _ in range(number):
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    connection.settimeout(0.5)
    try:
        refused.append(connection.recv(65536).decode())
    except TimeoutError:
        held.append(connection)
print(len(held), refused, flush=True)
sys.stdin.read()
"""


def test_nobody_keeps_the_others_out(asked: Asked) -> None:
    """Who holds as many connections as one may is told so, and others are answered meanwhile."""
    user = pwd.getpwnam(USERS["viewer"])
    command = ["/usr/bin/python3", "-I", "-c", _HOLDING, str(asked.socket), str(CONNECTIONS_OF_ONE + 1)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd="/", user=user.pw_uid, group=user.pw_gid, extra_groups=[], **pipes) as holding:
        assert holding.stdout is not None
        said = holding.stdout.readline()
        assert said.startswith(f"{CONNECTIONS_OF_ONE} ") and "requests in progress" in said, said
        (answer,) = ask_as(USERS["auditor"], asked.socket, [{"command": "status"}])
        assert "result" in answer
        holding.communicate()
    (answer,) = ask_as(USERS["viewer"], asked.socket, [{"command": "status"}])
    assert "result" in answer


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
