"""A daemon whose sender reports failures, each of which is an alert and opens an incident."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from tests.bench.inbound.listening_agent import ORG, TOKEN, ListeningAgent
from tests.end_to_end.agent_process import PATIENCE
from tests.notice.kept.incident_judge import KeptIncidents, SentRow, differences, trail_findings

NOTICE = {"zone": "Europe/Berlin", "jurisdictions": ["eu"], "roles": ["controller"], "clocks_from": "low"}


class FailureReports:
    """To be closed; its agent is to be started."""

    def __init__(self, folder: Path, state: Path | None = None) -> None:
        self.state = state or folder / "state"
        self._out = folder / "out"
        self.kept: KeptIncidents | None = None
        """What `differences` found in the state."""
        self.agent = ListeningAgent(
            folder,
            senders=1,
            notice=NOTICE,
            trail={"checkpoint_every": "200ms"},
            state={"directory": str(self.state)},
        )

    def send(self, first: int, end: int) -> list[int]:
        """Reports of these numbers, one by one; the statuses of the answers."""
        return [self._post(number) for number in range(first, end)]

    def alerts(self) -> set[str]:
        return {row.id for row in self.rows() if row.is_alert}

    def wait_for_alerts(self, count: int) -> None:
        """Until the destination has so many of failed synchronisations."""
        self.agent.wait_for(lambda: len(self._failures()) >= count)

    def rows(self) -> list[SentRow]:
        return [SentRow.of_document(document) for document in self._documents()]

    def differences(self) -> list[str]:
        """Ends the daemon; what incidents, alerts, events and records say differently. Of the trail only that it differs."""
        self.agent.wait_for(self.agent.drained)
        assert self.agent.stop() == 0
        directory = StateDirectory(self.state)
        try:
            self.kept = KeptIncidents.of(directory.shard(ORG))
            found = trail_findings({name: directory.shard(name) for name in (keys.PROCESS, ORG)})
        finally:
            directory.close()
        return [*differences(self.rows(), self.kept), *(["the trail"] if found else [])]

    def close(self) -> None:
        if not self.agent.has_ended():
            self.agent.kill()

    def _failures(self) -> set[str]:
        return {
            document["event"]["id"]
            for document in self._documents()
            if document.get("rule", {}).get("name") == "A synchronisation failed"
        }

    def _documents(self) -> list[dict[str, Any]]:
        lines = [line for path in sorted(self._out.glob("alerts*")) for line in path.read_bytes().splitlines()]
        return [json.loads(line) for line in lines if line.endswith(b"}")]

    def _post(self, number: int) -> int:
        report = {
            "type": "sync_failure",
            "id": str(number),
            "time": "2026-07-01T10:00:00Z",
            "integration": f"nightly {number}",
            "object": f"Account {number}",
            "error_code": "UNABLE_TO_LOCK_ROW",
        }
        url = f"http://127.0.0.1:{self.agent.port}/v1/reports/middleware_0"
        header = {"authorization": f"Bearer {TOKEN}"}
        return httpx.post(url, json=report, headers=header, timeout=PATIENCE).status_code
