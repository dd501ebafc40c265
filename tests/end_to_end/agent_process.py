"""`leakline run` in a process of its own, started and killed as a test wants."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import yaml

from agent.daemon.control.client import ask

PATIENCE = 300.0
"""Seconds until a test gives up waiting; never a measure of speed."""


class AgentProcess:
    """One daemon over one settings file; start it again after each end."""

    def __init__(
        self,
        folder: Path,
        document: dict[str, Any],
        *,
        module: str = "agent",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """`module`: what runs in place of `python -m agent`; `environment`: what it finds there beside our own."""
        self._module = module
        self._environment = {"PYTHONUNBUFFERED": "1", **(environment or {})}
        self.settings = folder / "leakline.yaml"
        self.settings.write_text(yaml.safe_dump(document))
        self.log = folder / "leakline.log"
        self._socket = Path(document["state"]["directory"]) / "control.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it watches."""
        began = self.log.stat().st_size if self.log.exists() else 0
        self._launch()
        self.wait_for(lambda: b'"started"' in self.log.read_bytes()[began:])

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def has_ended(self) -> bool:
        """By itself."""
        assert self._process is not None
        return self._process.poll() is not None

    def kill(self) -> None:
        """`kill -9`."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        return self._end(signal.SIGTERM)

    def tell(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def status(self) -> dict[str, Any]:
        answer = ask(self._socket, "status")
        assert answer is not None, self.words()
        document: dict[str, Any] = orjson.loads(orjson.dumps(answer))
        return document

    def wait_for(self, condition: Any) -> None:
        """Until `condition()`; fails with the log if the process ends, and with what it says of itself if it takes too long."""
        until = time.monotonic() + PATIENCE
        while not condition():
            assert not self.has_ended(), self.words()
            assert time.monotonic() < until, f"{self.words()}\n{orjson.dumps(ask(self._socket, 'status')).decode()}"
            time.sleep(0.05)

    def drained(self) -> bool:
        """Whether everything read is delivered."""
        lanes = [lane for destination in self.status()["destinations"] for lane in destination["lanes"].values()]
        return all(lane["pending"] == 0 for lane in lanes)

    def peak_mb(self) -> float:
        """The most memory it had so far (VmHWM)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def words(self) -> str:
        return self.log.read_text()[-3000:]

    def _launch(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", self._module, "run", "-c", str(self.settings)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | self._environment)

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(timeout=PATIENCE)
