"""Settings of an agent that tells people over two channels, and lets them acknowledge by links; incidents come over its listener."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.bench.inbound.listening_agent import free_port, token_file
from tests.chaos.receiving.receivers import Receivers

ORG, SENDER = "acme", "middleware"

RULE = """title: A job failed that must not
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f201
name: job_failed
level: high
logsource: {product: salesforce, service: inbound}
detection: {failed: {EventType: SyncFailure}, condition: failed}
leakline: {fold_by: [scope]}
"""

PEOPLE = [
    {"name": "ana", "channels": ["mail", "hook"]},
    {"name": "ben", "channels": ["mail", "hook"], "addresses": {"mail": "ben@example.com"}},
]
ON_CALL = {"rotations": [{"name": "primary", "people": ["ana"], "every": "7d", "handover": "Mon 09:00 Europe/Berlin"}]}


class ToldAgentSettings:
    """What is to be written into the settings file, and where the listener is."""

    def __init__(self, folder: Path, receivers: Receivers, **notice: Any) -> None:
        """`folder`: of the agent; its rules are written; `notice`: settings besides channels, people and who is on call."""
        (folder / "rules").mkdir(parents=True, exist_ok=True)
        (folder / "rules" / "failed.yml").write_text(RULE)
        token = {"file": str(token_file(folder))}
        self.listener = f"http://127.0.0.1:{free_port()}"
        sender = {"name": SENDER, "org": ORG, "authentication": {"bearer": token}, "requests_per_second": 1_000}
        auth = {"type": "client_credentials", "client_id": "nobody", "client_secret": token}
        # The org is away, and asked for once: incidents come of reports.
        source = {"type": "event_log_file", "every": "1h"}
        self.document: dict[str, Any] = {
            "orgs": [{"name": ORG, "url": "https://localhost:1", "auth": auth, "sources": [source]}],
            "destinations": [{"type": "file", "directory": str(folder / "out")}],
            "state": {"directory": str(folder / "state")},
            "rules": {"folders": [str(folder / "rules")], "shipped": False},
            "inbound": {
                "listen": self.listener.removeprefix("http://"),
                "public_url": self.listener,
                "senders": [sender],
            },
            "notice": {
                "zone": "Europe/Berlin",
                "jurisdictions": ["eu"],
                "people": PEOPLE,
                "on_call": ON_CALL,
                "channels": receivers.channels(),
                **notice,
            },
        }
