"""A secret that is missing is the trouble of the org or destination it belongs to; the others go on."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.assembly.node import build_node
from agent.assembly.shard import StopEvent
from agent.config.settings import Settings
from agent.errors import NotReady, SettingsError, SourceError
from agent.sources.event_log_file.probe import probe
from agent.status_document import decode
from tests.attack.four_places import assert_told_everywhere, problems_of, status_of
from tests.attack.hostile_org import HostileOrg, document_of, file_of
from tests.end_to_end.agent_process import PATIENCE, AgentProcess


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def built(document: dict[str, Any]) -> Any:
    node = build_node(Settings.model_validate(document), now=now, stop=StopEvent())
    try:
        return node.own_problems.open()
    finally:
        node.close()


@pytest.mark.parametrize("missing", ["secret", "certificate", "proxy password"])
def test_an_org_without_its_secret_is_a_failing_source(hostile: HostileOrg, missing: str) -> None:
    """Secret, authority and proxy password alike: it is told by name, and works as soon as the file is there."""
    session = hostile.session(**_without(hostile, missing))
    with pytest.raises(NotReady, match=r"acme: .*absent"):
        session.limits()
    assert issubclass(NotReady, SourceError)
    (finding,) = probe(session, now=hostile.clock)
    assert not finding.ok
    assert "absent" in finding.message
    if missing == "secret":
        (hostile.folder / "absent").write_text(hostile.secret.read_text())
        assert session.limits()


def _without(hostile: HostileOrg, missing: str) -> dict[str, Any]:
    absent = str(hostile.folder / "absent")
    settings: dict[str, dict[str, Any]] = {
        "secret": {
            "auth": {
                "type": "client_credentials",
                "client_id": hostile.server.client_id,
                "client_secret": {"file": absent},
            }
        },
        "certificate": {"tls": {"ca": absent}},
        "proxy password": {"proxy": {"url": "http://localhost:1", "username": "u", "password": {"file": absent}}},
    }
    return settings[missing]


def test_one_destination_without_its_secret_is_unavailable(hostile: HostileOrg, tmp_path: Path) -> None:
    """It is told at the start, before anything is sent."""
    document = document_of(tmp_path, hostile.settings())
    document["destinations"].append({"type": "splunk", "url": "https://localhost:1", "token": {"file": "/absent"}})
    (problem,) = built(document)
    assert (problem.kind, problem.subject) == ("destination-unavailable", "splunk")
    assert "/absent" in problem.message


def test_the_path_of_a_missing_secret_is_named_once(hostile: HostileOrg, tmp_path: Path) -> None:
    """Without the interpreter's own words for it."""
    document = document_of(tmp_path, hostile.settings())
    document["destinations"].append({"type": "splunk", "url": "https://localhost:1", "token": {"file": "/absent"}})
    (problem,) = built(document)
    assert problem.message.count("/absent") == 1
    assert "Errno" not in problem.message


@pytest.mark.parametrize("what", ["org", "destination"])
def test_nothing_that_can_run_is_wrong_configuration(hostile: HostileOrg, tmp_path: Path, what: str) -> None:
    """Exit status 78 and every reason, and no state that waits for it."""
    two = hostile.settings("two", url="https://localhost:2")
    document = document_of(tmp_path, hostile.settings("one"), two)
    if what == "org":
        for org in document["orgs"]:
            org["auth"] = {**org["auth"], "client_secret": {"file": f"/absent/{org['name']}"}}
    else:
        tokens = ({"name": name, "token": {"file": f"/absent/{name}"}} for name in ("one", "two"))
        document["destinations"] = [{"type": "splunk", "url": "https://localhost:1", **token} for token in tokens]
    with pytest.raises(SettingsError, match=r"/absent/one.*/absent/two"):
        built(document)
    settings = tmp_path / "leakline.yaml"
    settings.write_text(yaml.safe_dump(document))
    command = [sys.executable, "-m", "agent", "run", "-c", str(settings)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 78
    assert "/absent/one" in ended.stdout + ended.stderr


@pytest.mark.attack
def test_the_other_org_is_read_and_the_first_one_once_its_secret_is_there(
    orgs: tuple[HostileOrg, HostileOrg], tmp_path: Path
) -> None:
    """A daemon with one org's secret missing delivers the other's rows, says what is missing, and recovers by itself."""
    bad, good = orgs
    bad.org.files = [file_of(1, "bad", at=now())]
    good.org.files = [file_of(2, "good", at=now())]
    secret = bad.secret.read_text()
    bad.secret.unlink()
    agent = AgentProcess(tmp_path, document_of(tmp_path, bad.settings("bad"), good.settings("good")))
    agent.start()
    events = tmp_path / "out" / "events.ndjson"
    agent.wait_for(lambda: events.exists() and "good" in events.read_text())
    assert_told_everywhere(agent, "source-failed", tmp_path / "out")
    status = status_of(agent.settings)
    assert status.returncode == 1
    assert str(bad.secret) in status.stdout.replace("\n", "")
    command = [sys.executable, "-m", "agent", "check", "-c", str(agent.settings)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert f"the secret in {bad.secret} cannot be read" in checked.stdout
    bad.secret.write_text(secret)
    agent.wait_for(lambda: len(events.read_text().splitlines()) == 2)
    agent.wait_for(lambda: not problems_of(agent, "source-failed"))
    agent.wait_for(lambda: decode(agent.status()).is_well)
    assert agent.stop() == 0
