"""jsforce from npm, on Node: the JavaScript client that Salesforce's own command line is built on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from agent.simulator.running import RunningOrg
from tests.clients.conftest import PAGE
from tests.servers.process import CACHE, need

pytestmark = pytest.mark.server

SESSION = Path(__file__).with_name("jsforce") / "session.js"
SECONDS = 60


@pytest.fixture(scope="module")
def seen(org: RunningOrg) -> dict[str, Any]:
    """What one session saw."""
    modules, node = CACHE / "jsforce/node_modules", shutil.which("node")
    need(node is not None and modules.is_dir(), "jsforce")
    settings = {
        "url": org.url, "clientId": org.client_id, "clientSecret": org.client_secret_file.read_text(), "username": org.username,
        "key": str(org.jwt_key_file), "exp": int(time.time()) + 120, "refreshToken": org.refresh_token_file.read_text(),
    }  # fmt: skip
    surroundings = {**os.environ, "NODE_PATH": str(modules), "NODE_EXTRA_CA_CERTS": str(org.ca)}
    session = subprocess.run(
        [str(node), str(SESSION), json.dumps(settings)],
        env=surroundings,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert session.returncode == 0, session.stderr
    answer: dict[str, Any] = json.loads(session.stdout)
    return answer


def test_it_signs_in(seen: dict[str, Any], org: RunningOrg) -> None:
    """By an assertion, by client credentials, and by a refresh token once its access token is void."""
    assert seen["user"]["organizationId"] == org.org.id
    assert seen["identity"] == org.username
    assert seen["refreshed"] == len(org.org.staff.users)


def test_it_turns_pages(seen: dict[str, Any], org: RunningOrg) -> None:
    """By itself, and one by one."""
    users = org.org.staff.users
    assert sorted(seen["users"]) == sorted(user.username for user in users)
    assert seen["pages"] == {"total": len(users), "done": False, "next": min(PAGE, len(users) - PAGE)}


def test_it_reads_descriptions_and_limits(seen: dict[str, Any]) -> None:
    """Fields, objects, the allowance, and the header that counts it."""
    assert {"EventType", "LogFile", "Interval"} <= set(seen["fields"])
    assert {"EventLogFile", "User"} <= set(seen["objects"])
    assert seen["limits"]["Max"] == seen["usage"]["limit"] == 100_000


def test_it_downloads_a_log_file(seen: dict[str, Any]) -> None:
    """Whole."""
    assert seen["file"]["bytes"] == seen["file"]["length"] > 0


def test_it_is_refused_in_words_it_understands(seen: dict[str, Any]) -> None:
    """A wrong query, a SOAP login, a retired version."""
    assert seen["badQuery"]["code"] == "INVALID_FIELD"
    assert "ERROR at Row:1:Column:12" in seen["badQuery"]["message"]
    assert seen["soap"]["message"].startswith("INVALID_OPERATION: SOAP API login() is disabled")
    assert seen["afterLogout"]["code"] == "GONE"
