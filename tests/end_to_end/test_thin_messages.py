"""Nothing that an event or a person brought is in a message: on no channel, and not on the page to acknowledge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.daemon.control.client import ask
from tests.certificates import make_certificates
from tests.chaos.receiving.receivers import Receivers
from tests.chaos.reports import acknowledge, report_until_taken, shown
from tests.chaos.told_agent import ORG, ToldAgentSettings
from tests.destinations.http_server import HttpServer, ReceivedRequest, Reply
from tests.end_to_end.agent_process import AgentProcess
from tests.end_to_end.planted_events import MARK, PlantedOrg, found_in, planted_report

RULE = """title: Anything at all
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f301
name: anything
level: critical
logsource: {product: salesforce, service: event_log_file}
detection: {all: {EVENT_TYPE|exists: true}, condition: all}
---
title: One of them again and again
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f302
name: again
level: critical
correlation: {type: event_count, rules: [anything], group-by: [EVENT_TYPE], timespan: 1h, condition: {gte: 1}, generate: true}
"""
SERVICES = ("slack", "teams", "pagerduty", "service")


class Services:
    """What stands for Slack, Teams, PagerDuty and a service of apprise: takes all, and keeps what came, by the channel's name."""

    def __init__(self, folder: Path) -> None:
        certificates = make_certificates(folder)
        self.ca = certificates.ca
        self.came: dict[str, list[str]] = {name: [] for name in SERVICES}
        self.server = HttpServer(self._answer, certificates.server_context())
        self.plain = HttpServer(self._answer)
        for name, secret in (("slack", "xoxb-1"), ("teams", f"{self.server.url}/teams"), ("pagerduty", "R0UTING")):
            (folder / name).write_text(secret)
        (folder / "service").write_text(f"json://{self.plain.url.removeprefix('http://')}/service")
        self._folder = folder

    def settings(self) -> list[dict[str, Any]]:
        tls, secret = {"ca": str(self.ca)}, {name: {"file": str(self._folder / name)} for name in SERVICES}
        slack = {"name": "slack", "type": "slack", "token": secret["slack"], "channel": "#security"}
        pager = {"name": "pagerduty", "type": "pagerduty", "routing_key": secret["pagerduty"]}
        return [
            {**slack, "url": self.server.url, "tls": tls},
            {"name": "teams", "type": "teams", "url": secret["teams"], "tls": tls},
            {**pager, "url": self.server.url, "tls": tls},
            {"name": "service", "type": "apprise", "url": secret["service"]},
            {"name": "siem", "type": "destination", "destination": "file"},
        ]

    def close(self) -> None:
        self.server.stop()
        self.plain.stop()

    def _answer(self, request: ReceivedRequest) -> Reply:
        name = next((name for name in ("teams", "service") if name in request.path), "")
        name = name or ("slack" if "chat.postMessage" in request.path else "pagerduty")
        self.came[name].append(f"{request.path} {dict(request.headers)} {request.body.decode()}")
        if name == "slack":
            return Reply.json(200, {"ok": True, "channel": "C1", "ts": "1.2"})
        return Reply.json(202, {"status": "success", "message": "Event processed", "dedup_key": "key"})


@pytest.fixture
def receivers(tmp_path: Path) -> Iterator[Receivers]:
    receivers = Receivers(tmp_path / "outside")
    yield receivers
    receivers.close()


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    (tmp_path / "services").mkdir()
    services = Services(tmp_path / "services")
    yield services
    services.close()


@pytest.fixture
def org(tmp_path: Path) -> Iterator[PlantedOrg]:
    org = PlantedOrg(tmp_path / "org")
    yield org
    org.close()


@pytest.mark.timeout(900)
def test_messages_have_nothing_of_any_event(
    receivers: Receivers, services: Services, org: PlantedOrg, tmp_path: Path
) -> None:
    """Of a row of every event type, a report with every field, and of what people wrote; over seven kinds of channels."""
    agent, listener = told_agent(tmp_path / "agent", receivers, services, org)
    agent.start()
    try:
        for number in range(3):
            report_until_taken(listener, f"{MARK}-{number}", **planted_report(number))
        agent.wait_for(lambda: len(agent_incidents(agent)) > len(org.types) // 2)
        write_about(agent, tmp_path)
        agent.wait_for(lambda: {"escalation", "alarm"} <= {message.kind for message in receivers.received()})
        agent.wait_for(lambda: all(services.came.values()) and siem(tmp_path))
        agent.wait_for(lambda: not agent.status()["telling"]["channels"][0]["waiting"])
        pages = [shown(message.link) for message in receivers.received() if message.link]
        assert pages
        link = next(message.link for message in receivers.received() if message.link)
        pages.append(acknowledge(link, "ana"))
    finally:
        status = agent.stop()
    assert status == 0
    sent = [message.raw for message in receivers.received()]
    everything = [*sent, *(text for came in services.came.values() for text in came), *siem(tmp_path), *pages]
    assert [shown_of for text in everything for shown_of in found_in(text)] == []
    # They were there to be shown: what is delivered has them.
    assert MARK in "".join(path.read_text() for path in (tmp_path / "agent" / "out").glob("alerts*"))
    assert any("Anything at all" in text for text in sent)


def told_agent(folder: Path, receivers: Receivers, services: Services, org: PlantedOrg) -> tuple[AgentProcess, str]:
    """With all channels; and its listener."""
    channels = [*receivers.channels(), *services.settings()]
    people = [{"name": "ana", "channels": [channel["name"] for channel in channels]}]
    step = {"notify": ["everyone"]}
    policy = {"name": "default", "levels": ["high", "critical"], "steps": [step]}
    settings = ToldAgentSettings(folder, receivers, people=people, policies=[policy], channels=channels)
    (folder / "rules" / "anything.yml").write_text(RULE)
    settings.document["orgs"] = [org.settings(ORG)]
    return AgentProcess(folder, settings.document), settings.listener


def agent_incidents(agent: AgentProcess) -> list[str]:
    """Ids of the open incidents."""
    return [row["id"] for row in told(agent, "incidents_list", limit=200)["incidents"]]


def write_about(agent: AgentProcess, folder: Path) -> None:
    """What people say of an incident; its clock has run for so long that an alarm is due."""
    number = agent_incidents(agent)[0]
    since = (datetime.now(UTC) - timedelta(hours=70)).isoformat()
    told(agent, "incidents_comment", number=number, text=f"{MARK} comment", by="ana")
    told(agent, "incidents_assign", number=number, person=f"{MARK}.assigned", by="ana")
    told(agent, "incidents_anchor", number=number, anchors=[f"aware={since}"], by="ana", basis=f"{MARK} basis")


def told(agent: AgentProcess, command: str, **arguments: Any) -> Any:
    answer = ask(Path(agent.settings.parent / "state" / "control.sock"), command, **arguments)
    assert answer is not None
    return answer


def siem(folder: Path) -> list[str]:
    """Messages of the channel `siem`, as the destination has them."""
    lines = [
        line
        for path in (folder / "agent" / "out").glob("alerts*")
        for line in path.read_text().splitlines(keepends=True)
        if line.endswith("\n")
    ]
    return [line for line in lines if json.loads(line)["event"]["action"] == "escalation-message"]
