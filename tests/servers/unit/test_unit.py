"""The unit under systemd: a user that stays, a socket for its group, and the table of role and action by real users."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from agent.permissions.roles import PEOPLE, ROLES, Role
from tests.permissions.expected import EXPECTED, LISTENER
from tests.servers.process import ROOT
from tests.servers.unit.container import PYTHON, Container, properties

pytestmark = pytest.mark.container

UNIT = (ROOT / "packaging/leakline.service").read_text()
SECRET = "LoadCredential=client:/etc/leakline/secrets/client"
SETTINGS = """orgs:
  - name: acme
    url: https://localhost:9
    auth: {type: client_credentials, client_id: x, client_secret: {credential: client}}
destinations: [{type: file, directory: /var/lib/leakline/out}]
permissions:
  groups: {t-admin: admin, t-privacy: privacy, t-approver: approver, t-responder: responder, t-auditor: auditor, t-viewer: viewer}
"""
ACTIONS = sorted(
    {action for actions in EXPECTED.values() for action in actions} - LISTENER - {"reload", "changes_break_glass"}
)
"""All of the socket but those that would end what other tests look at when they are asked without arguments."""

CLIENT = """
import json, sys
from pathlib import Path
from agent.daemon.control.client import ask
from agent.errors import LeaklineError
found = {}
for action in json.loads(sys.argv[1]):
    try:
        ask(Path("/run/leakline/control.sock"), action)
        found[action] = ""
    except LeaklineError as error:
        found[action] = str(error)
print(json.dumps(found))
"""


def with_secret(unit: str) -> str:
    return unit.replace("[Service]\n", f"[Service]\n{SECRET}\n", 1)


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    container = Container(tmp_path_factory.mktemp("unit"), with_secret(UNIT), SETTINGS)
    for role in sorted(PEOPLE):
        container.add_user(f"u-{role}", ["leakline", f"t-{role}"])
    container.add_user("u-member", ["leakline"])
    container.add_user("u-stranger", [])
    try:
        container.boot()
        container.run("systemctl", "start", "leakline", timeout=90)
        yield container
    finally:
        container.close()


def test_it_runs_as_its_own_user(container: Container) -> None:
    """Started, ready, with the socket for its group and a state for itself alone."""
    assert properties(container, "ActiveState", "User", "DynamicUser") == {
        "ActiveState": "active",
        "User": "leakline",
        "DynamicUser": "no",
    }
    modes = container.run(
        "stat", "-c", "%a %U %G", "/run/leakline", "/run/leakline/control.sock", "/var/lib/leakline"
    ).stdout
    assert modes.split("\n")[:3] == ["750 leakline leakline", "660 leakline leakline", "700 leakline leakline"]


def test_it_is_shut_off_as_much_as_before(container: Container) -> None:
    """At most 1.5 by systemd's own measure, and without a word from its verification."""
    told = container.run("systemd-analyze", "security", "leakline", check=False).stdout
    exposure = float(re.findall(r"exposure level for leakline.service: ([\d.]+)", told)[0])
    assert exposure <= 1.5
    assert not container.run("systemd-analyze", "verify", "/etc/systemd/system/leakline.service").stderr.strip()


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_each_role_may_what_the_table_says(container: Container, role: Role) -> None:
    """Every action over the real socket, by a real user of a real group: denied or not, as it is written by role."""
    done = container.run_as(f"u-{role}", PYTHON, "-c", CLIENT, orjson.dumps(ACTIONS).decode(), check=True)
    answers = orjson.loads(done.stdout)
    allowed = {action for action, said in answers.items() if "may not do this" not in said}
    assert allowed == EXPECTED[role] & set(ACTIONS)


def test_who_is_in_no_mapped_group_may_do_nothing(container: Container) -> None:
    """A member of the socket's group is asked for a role; who is no member does not get that far."""
    member = container.leakline("u-member", "status")
    assert member.returncode == 3 and "u-member has no role" in member.stderr
    stranger = container.run_as("u-stranger", PYTHON, "-c", CLIENT, '["status"]', check=True)
    assert "this user may not connect" in stranger.stdout


def test_a_group_that_is_left_is_a_role_that_is_lost(container: Container) -> None:
    """At the next request, whatever session it comes from."""
    assert container.leakline("u-auditor", "incidents", "list").returncode == 0
    container.run("gpasswd", "-d", "u-auditor", "t-auditor")
    try:
        assert "has no role" in container.leakline("u-auditor", "incidents", "list").stderr
    finally:
        container.run("gpasswd", "-a", "u-auditor", "t-auditor")


def test_it_reloads_and_stops(container: Container) -> None:
    """The reload is a request of the service's own user; a stop is clean."""
    container.run("systemctl", "reload", "leakline", timeout=60)
    container.run("systemctl", "restart", "leakline", timeout=120)
    assert properties(container, "ActiveState", "Result", "NRestarts") == {
        "ActiveState": "active",
        "Result": "success",
        "NRestarts": "0",
    }


def test_the_file_changed_by_root_changes_nothing(container: Container) -> None:
    """It is a problem that people see, and the approved settings stay in force over a restart."""
    container.write("/etc/leakline/leakline.yaml", SETTINGS.replace("t-viewer: viewer", "t-viewer: admin"))
    try:
        container.run("systemctl", "restart", "leakline", timeout=120)
        status = wait_for(container, "settings-drift")
        assert "permissions.groups" in status
        assert "has viewer" in container.leakline("u-viewer", "reload").stderr
    finally:
        container.write("/etc/leakline/leakline.yaml", SETTINGS)


def test_a_change_that_is_approved_is_in_force_without_systemd_seeing_an_end(
    container: Container, tmp_path: Path
) -> None:
    """The daemon restarts itself in its process: systemd counts no restart, and the new settings hold."""
    before = properties(container, "MainPID", "NRestarts")
    container.write("/etc/leakline/new.yaml", SETTINGS + "trail: {checkpoint_every: 30s}\n")
    container.run("chgrp", "leakline", "/etc/leakline/new.yaml")
    proposed = container.leakline(
        "u-admin", "changes", "propose", "--reason", "sooner", "--from", "/etc/leakline/new.yaml", "--json"
    )
    change = orjson.loads(proposed.stdout)
    approved = container.leakline("u-approver", "changes", "approve", change["number"], "--outcome", change["outcome"])
    assert approved.returncode == 0, approved.stderr
    wait_for(container, "trail.checkpoint_every")  # the file is as it was: that is drift now
    assert properties(container, "MainPID", "NRestarts") == before
    assert properties(container, "ActiveState")["ActiveState"] == "active"


def test_the_state_of_the_unit_before_is_taken_over(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Where the old unit kept it for a user that systemd made up: it is moved and belongs to the new one."""
    old = UNIT.replace("User=leakline\nGroup=leakline\n", "DynamicUser=yes\nPrivateUsers=yes\n")
    assert old != UNIT
    without = SETTINGS.partition("permissions:")[0]
    container = Container(tmp_path_factory.mktemp("old"), with_secret(old), without)
    try:
        container.chroot("chgrp", "root", "/etc/leakline/leakline.yaml")
        container.chroot("chmod", "644", "/etc/leakline/leakline.yaml")
        container.chroot("userdel", "leakline")
        container.boot()
        container.run("systemctl", "start", "leakline", timeout=90)
        before = state_id(container)
        container.run("systemctl", "stop", "leakline", timeout=90)
        container.run("systemd-sysusers")
        container.put_unit(with_secret(UNIT))
        container.run("systemctl", "daemon-reload")
        container.run("systemctl", "start", "leakline", timeout=90)
        assert state_id(container) == before
        assert container.run("stat", "-c", "%U", "/var/lib/leakline/database").stdout.strip() == "leakline"
    finally:
        container.close()


def state_id(container: Container) -> str:
    about = container.run(
        "/opt/leakline/bin/leakline", "trail", "checkpoint", "-c", "/etc/leakline/leakline.yaml", check=False
    )
    return str(re.findall(r"leakline/\w+/trail", about.stdout + about.stderr)[0])


def wait_for(container: Container, what: str, seconds: float = 90) -> str:
    """The status, once it has this."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        status = container.leakline("u-admin", "status").stdout
        if what in status:
            return status
        time.sleep(1)
    raise AssertionError(f"{what} is not in:\n{status}")


def test_every_action_of_the_socket_is_tried() -> None:
    """But those that the tests above name, which other tests try."""
    tried = {*ACTIONS, *LISTENER, "reload", "changes_break_glass"}
    assert tried == {action for role in ROLES for action in EXPECTED[role]}
