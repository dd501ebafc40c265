"""The daemon makes links that its own listener serves."""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from agent.config.settings import parse
from agent.daemon.daemon import Daemon
from agent.daemon.listening.inbound_listener import inbound_served
from agent.notice.incidents.book import INCIDENT
from agent.notice.incidents.incident import decode
from agent.notice.messages.message import Message, Target, message_id
from tests.daemon.links.linking import fields
from tests.notice.incidents.made_incident import NOW, incident
from tests.sources.inbound.listening import PATIENCE

URL = "http://127.0.0.1"


def test_a_link_of_the_daemon_acknowledges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any sender of reports."""
    monkeypatch.setenv("SECRET", "of-the-org")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    auth = {"type": "client_credentials", "client_id": "key", "client_secret": {"env": "SECRET"}}
    settings = parse(
        {
            "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": auth}],
            "destinations": [{"type": "file", "directory": str(tmp_path / "out")}],
            "state": {"directory": str(tmp_path / "state")},
            "inbound": {"listen": f"127.0.0.1:{port}", "public_url": f"{URL}:{port}"},
            "notice": {
                "people": [{"name": "ana", "channels": ["mail"]}],
                "channels": [{"name": "mail", "type": "smtp", "host": "localhost", "from": "leakline@example.com"}],
            },
        }
    )
    daemon = Daemon(settings, now=lambda: NOW + timedelta(minutes=1))
    opened, target = incident(), Target("mail", "ana@example.com", ("ana",))
    desk = daemon.node.shards["acme"].desk
    with desk.changing() as change:
        change.put(None, opened, "incident-opened", "opened", by="leakline", data={})
    number = message_id(opened.id)
    message = Message(number, "escalation", target, "high", "It waits.", NOW, NOW, NOW, incident=opened.id, links=True)
    parts = daemon.notice.links
    with inbound_served(settings.inbound, daemon.node, lambda: NOW, [], parts.acknowledgements):
        url = parts.links(message)
        form = fields(httpx.get(url, timeout=PATIENCE).text)
        answer = httpx.post(url, data={**form, "who": "ana"}, timeout=PATIENCE)
    assert "Acknowledged as ana" in answer.text
    assert decode(desk.recall(INCIDENT + opened.id) or b"").acknowledged_by == "ana"
    daemon.close()
