"""Requests over a control socket in the name of other users of this machine: each in a process of that user."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.permissions.roles import Role

USERS: Mapping[Role, str] = {
    "admin": "www-data",
    "privacy": "mail",
    "approver": "news",
    "responder": "games",
    "auditor": "man",
    "viewer": "lp",
}
"""Users that every Debian has, each with a group of its name."""

STRANGER = "irc"
"""One in none of these groups."""

_CLIENT = """
import json, socket, sys
path, requests = json.load(sys.stdin)
answers = []
for request in requests:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(path)
        connection.sendall(json.dumps(request).encode() + b"\\n")
        received = b""
        while not received.endswith(b"\\n"):
            piece = connection.recv(65536)
            if not piece:
                break
            received += piece
        answers.append(json.loads(received))
print(json.dumps(answers))
"""


def missing() -> str:
    """Why this machine cannot play other users; empty where it can."""
    if os.geteuid() != 0:
        return "needs root, to make requests as other users; `.ci/run` has it"
    names = [*USERS.values(), STRANGER]
    known = {user.pw_name for user in pwd.getpwall()} & {group.gr_name for group in grp.getgrall()}
    return "" if set(names) <= known else "needs the users that Debian has"


needs_users = pytest.mark.skipif(bool(missing()), reason=missing() or "-")


def ask_as(user: str, socket: Path, requests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What each is answered: `{"result": …}` or `{"error": …}`."""
    entry = pwd.getpwnam(user)
    return ask_by(entry.pw_uid, entry.pw_gid, os.getgrouplist(user, entry.pw_gid), socket, requests)


def ask_by(
    uid: int, gid: int, groups: Sequence[int], socket: Path, requests: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The same of a process with these ids, whether the system knows them or not."""
    python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
    done = subprocess.run(
        [python, "-I", "-c", _CLIENT],
        input=orjson.dumps([str(socket), list(requests)]),
        capture_output=True,
        check=True,
        cwd="/",
        user=uid,
        group=gid,
        extra_groups=list(groups),
        timeout=120,
    )
    answers: list[dict[str, Any]] = orjson.loads(done.stdout)
    return answers


def is_denied(answer: Mapping[str, Any]) -> bool:
    return "may not do this" in str(answer.get("error", ""))
