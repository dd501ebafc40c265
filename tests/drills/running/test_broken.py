"""What is broken fails the stage that shows it, and names what is broken."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.demo.receiver import Receiver, free_port
from agent.drills.planting.catalogue import SCENARIOS
from tests.destinations.bulk_server import PASSWORD, USER, BulkServer
from tests.destinations.http_server import HttpServer
from tests.drills.asking.drilled_daemon import drilled
from tests.drills.drilled_agent import settings

SCENARIO, FASTEST = "mass_report_export", 3600.0
RULE = "d141c1c0-7092-5131-bb8c-0fd7328c999a"
"""One of the two that find the scenario."""


pytestmark = pytest.mark.usefixtures("hasty")


def _ended(folder: Path, document: Mapping[str, Any]) -> dict[str, Any]:
    with drilled(folder, **document) as daemon:
        return daemon.ended(daemon.run(SCENARIO, speed=FASTEST))


def _failed(drill: Mapping[str, Any]) -> dict[str, str]:
    """Stages that failed, with what they say."""
    return {stage["name"]: stage["sentence"] for stage in drill["stages"] if stage["verdict"] == "failed"}


def test_where_nothing_is_broken_every_stage_passes(tmp_path: Path, hook: Receiver) -> None:
    """Both tiers are notified, and each message says that it is a drill."""
    drill = _ended(tmp_path, settings(tmp_path, [hook.url]))
    assert {stage["verdict"] for stage in drill["stages"]} == {"passed"}, drill
    of_drill = [message for message in hook.received if message.get("incident") in drill["incidents"]]
    assert {message["tier"] for message in of_drill} == {1, 2}
    assert all("[DRILL]" in repr(message) for message in of_drill), of_drill


def test_a_rule_that_does_not_run_fails_detected(tmp_path: Path, hook: Receiver) -> None:
    """Although another rule finds the leak too: of a rule among several that is off, no other stage would know."""
    assert RULE in SCENARIOS[SCENARIO].rules
    document = settings(tmp_path, [hook.url]) | {"rules": {"disabled": [RULE]}}
    drill = _ended(tmp_path, document)
    failed = _failed(drill)
    assert set(failed) == {"detected"}, drill
    assert RULE in failed["detected"]


def test_a_channel_that_is_down_fails_notified(tmp_path: Path, hook: Receiver) -> None:
    """It is named, and the other channel has every message all the same."""
    drill = _ended(tmp_path, settings(tmp_path, [hook.url, f"http://127.0.0.1:{free_port()}/"]))
    failed = _failed(drill)
    assert set(failed) == {"notified"}, drill
    assert "hook2 accepts nothing" in failed["notified"]
    assert "hook1" not in failed["notified"]
    reached = {message["tier"] for message in hook.received if message.get("incident") in drill["incidents"]}
    assert reached == {1, 2}


def test_a_destination_that_is_down_fails_delivered(tmp_path: Path, hook: Receiver) -> None:
    """It is named, and the one that accepts is not."""
    document = settings(tmp_path, [hook.url])
    down = {"name": "far", "type": "syslog", "host": "127.0.0.1", "port": free_port(), "transport": "tcp"}
    document["destinations"] = [document["destinations"][0], down]
    drill = _ended(tmp_path, document)
    failed = _failed(drill)
    assert set(failed) == {"delivered"}, failed
    assert "far" in failed["delivered"]
    assert "ecs" not in failed["delivered"]


class RefusingServer(BulkServer):
    """Refuses every document of a rule for good, as for a field of another type."""

    def __init__(self, rule: str) -> None:
        super().__init__()
        self._rule = rule.encode()

    def _create(self, index: str, event_id: str, document: bytes) -> dict[str, Any]:
        if self._rule in document:
            self.refuse[event_id] = (400, "mapper_parsing_exception")
        return super()._create(index, event_id, document)


def test_a_destination_that_refuses_an_alert_fails_delivered(tmp_path: Path, hook: Receiver) -> None:
    """A dead letter is settled, so that nothing waits for it; the SIEM has not got it all the same."""
    server = HttpServer(RefusingServer(RULE))
    try:
        document = settings(tmp_path, [hook.url])
        (tmp_path / "password").write_text(PASSWORD)
        secret = {"file": str(tmp_path / "password")}
        refusing = {"name": "siem", "type": "elastic", "url": server.url, "username": USER, "password": secret}
        document["destinations"] = [document["destinations"][0], refusing]
        with drilled(tmp_path, **document) as daemon:
            drill = daemon.ended(daemon.run(SCENARIO, speed=FASTEST))
            again = daemon.ended(daemon.run("mass_file_download", speed=FASTEST))
    finally:
        server.stop()
    failed = _failed(drill)
    assert set(failed) == {"delivered"}, failed
    assert "siem refused 1 row of it" in failed["delivered"]
    assert again["verdict"] == "passed", "what another drill lacks is not this one's"
