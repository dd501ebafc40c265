"""Starts an agent again whenever it ends, as the service's manager does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

RESTART_AFTER = 5.0
"""Seconds: `RestartSec` of packaging/leakline.service."""


class Supervisor:
    """To be closed."""

    def __init__(self, settings: Path, log: Path) -> None:
        """`settings`: the settings file; `log`: where the agent's words go, of all its lives."""
        self._settings = settings
        self._log = log
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._killed: set[int] = set()
        self.ended_otherwise: list[int] = []
        """Exit statuses of the lives that nobody ended."""
        self.starts = 0
        self._thread = threading.Thread(target=self._run, name="supervisor")
        self._thread.start()

    def kill(self) -> bool:
        """`kill -9`; whether there was one to kill."""
        with self._lock:
            process = self._process
            if process is None or process.poll() is not None:
                return False
            self._killed.add(process.pid)
            process.send_signal(signal.SIGKILL)
            return True

    def close(self) -> int:
        """SIGTERM, and no further start; the exit status."""
        self._stop.set()
        status = 0
        with self._lock:
            process = self._process
        if process is not None:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            status = process.wait(timeout=120)
        self._thread.join()
        return status

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._lock, self._log.open("ab") as log:
                command = [sys.executable, "-m", "agent", "run", "-c", str(self._settings)]
                self._process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ)
                self.starts += 1
            while self._process.poll() is None:
                time.sleep(0.05)
            if not self._stop.is_set() and self._process.pid not in self._killed:
                self.ended_otherwise.append(self._process.returncode)
            self._stop.wait(RESTART_AFTER)
