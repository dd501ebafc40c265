"""Receivers in a process of their own, as a test sees them."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from tests.chaos.receiving.mode import Mode
from tests.chaos.receiving.received import Received, ReceivedLog

SECRET, MESSAGES, HEARTBEATS = "hook-secret", "received.ndjson", "heartbeats"
"""Files of the folder."""
CHANNELS = ("mail", "hook")


class Receivers:
    """To be closed. Safe for threads."""

    def __init__(self, folder: Path, *, any_time: bool = False) -> None:
        """`folder`: is made; `any_time`: the agent's clock is moved."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.secret = folder / SECRET
        self.secret.write_text(f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}")
        self.ca = folder / "ca.pem"
        self.modes: dict[str, Mode] = dict.fromkeys(CHANNELS, "up")
        self._log = ReceivedLog(folder / MESSAGES)
        self._lock = threading.Lock()
        options = ["--any-time"] if any_time else []
        with (folder / "receivers.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.receiving", str(folder), *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.ports: dict[str, Any] = self._answer()

    def close(self) -> None:
        """They end without another word: what hangs is cut."""
        self._process.kill()
        self._process.communicate(timeout=60)

    def set(self, channel: str, mode: Mode) -> None:
        with self._lock:
            assert self._process.stdin is not None
            self._process.stdin.write(f"{channel} {mode}\n")
            self._process.stdin.flush()
            self._answer()
            self.modes[channel] = mode

    def received(self, kind: str = "") -> list[Received]:
        """So far, in the order in which they came; of one kind."""
        return [received for received in self._log.read() if not kind or received.kind == kind]

    def heartbeats(self) -> list[float]:
        """When the monitor heard one, in seconds since 1970."""
        path = self.folder / HEARTBEATS
        return [float(line) for line in path.read_text().split()] if path.exists() else []

    def channels(self) -> list[dict[str, Any]]:
        """Settings of the two channels, `mail` and `hook`."""
        tls = {"ca": str(self.ca)}
        mail = {"name": "mail", "type": "smtp", "host": "localhost", "port": self.ports["mail"]}
        hook = {"name": "hook", "type": "webhook", "url": f"{self.ports['hook']}/hook"}
        return [
            {**mail, "starttls": True, "from": "leakline@example.com", "to": ["watch@example.com"], "tls": tls},
            {**hook, "secret": {"file": str(self.secret)}, "tls": tls},
        ]

    def heartbeat(self, every: str) -> dict[str, Any]:
        """Settings."""
        return {"url": f"{self.ports['monitor']}/ping", "every": every, "tls": {"ca": str(self.ca)}}

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, (self.folder / "receivers.log").read_text()
        return json.loads(line)
