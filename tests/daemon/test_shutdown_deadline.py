"""A stop that ends in time: what hangs is cut, or left behind with a name, and the next start says so."""

from __future__ import annotations

import configparser
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.daemon.shutdown_deadline import (
    LOG_WITHIN,
    MARK,
    POLLS_END_WITHIN,
    STOP_WITHIN,
    ShutdownDeadline,
    announce_late_stop,
)
from agent.exit_status import FAILED, FINE
from tests.end_to_end.agent_process import PATIENCE
from tests.pipeline.fakes import Loops
from tests.store.one_shard import OneShard

ROOT = Path(__file__).parent.parent.parent

PROGRAM = """
import sys
from pathlib import Path
from agent.config.settings_files import load
from agent.daemon.daemon import Daemon
from agent.daemon.logs import set_up
settings = load(Path(sys.argv[1]))
set_up(settings.log)
daemon = Daemon(settings)
daemon.stop_within = float(sys.argv[2])
sys.exit(daemon.run(control=settings.state.socket()))
"""
"""`leakline run` with a deadline of the test's."""


class SilentServer:
    """Takes connections and what is said to it, and answers nothing, ever."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.asked = threading.Event()
        self.sought = b""
        """What the request has that sets it."""
        """Set once something has been said to it."""
        self._held: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._held:
            connection.close()

    def _accept(self) -> None:
        try:
            while True:
                connection, _ = self._listener.accept()
                self._held.append(connection)
                if self.sought in connection.recv(1 << 16):
                    self.asked.set()
        except OSError:
            pass


@pytest.fixture
def silent() -> Iterator[SilentServer]:
    server = SilentServer()
    yield server
    server.close()


def settings(folder: Path, *, org: str, siem: dict[str, Any]) -> Path:
    (folder / "secret").write_text("nobody's")
    auth = {"type": "client_credentials", "client_id": "x", "client_secret": {"file": str(folder / "secret")}}
    source = {"type": "event_log_file", "event_types": ["Login"], "every": "5s"}
    document = {
        "orgs": [{"name": "acme", "url": org, "auth": auth, "timeout": "1h", "sources": [source]}],
        "destinations": [siem],
        "state": {"directory": str(folder / "state"), "control_socket": str(folder / "s")},
        "rules": {"shipped": False},
    }
    path = folder / "leakline.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


@contextmanager
def running(path: Path, stop_within: float) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", PROGRAM, str(path), str(stop_within)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)


def told(log: str) -> dict[str, Any]:
    """The line about what did not stop."""
    (line,) = [line for line in log.splitlines() if '"did not stop in time"' in line]
    document: dict[str, Any] = json.loads(line)
    return document


def test_a_send_that_hangs_does_not_hold_up_the_stop(tmp_path: Path, silent: SilentServer) -> None:
    """The SIEM takes the request and answers nothing for an hour: the process ends with status 3, the log names the
    destination's thread and has the stacks, and the next run tells it in an event.
    """
    siem = {"type": "elastic", "name": "siem", "url": f"http://127.0.0.1:{silent.port}", "timeout": "1h"}
    silent.sought = b"/_bulk"  # the trail asks it for checkpoints before
    path = settings(tmp_path, org="https://127.0.0.1:1", siem=siem)
    with running(path, 2.0) as process:
        assert silent.asked.wait(PATIENCE)
        process.send_signal(signal.SIGTERM)
        log = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == FAILED, log
    assert not any(thread.startswith("trail at ") for thread in told(log)["threads"])  # it waits for an answer too
    assert any(thread.startswith("forward siem at ") for thread in told(log)["threads"])
    assert '"stack"' in log
    assert "Traceback" not in log

    loops = Loops(OneShard(tmp_path / "state"))
    announce_late_stop(loops.state.whole.directory, loops.problems)
    announce_late_stop(loops.state.whole.directory, loops.problems)
    (event,) = [batch.frame for batch in loops.problems.events() if "stopped-late" in batch.frame["event.action"]]
    assert "forward siem at " in event["message"][0]
    assert not (loops.state.whole.directory / MARK).exists()
    loops.state.close()


def test_an_org_that_hangs_does_not_hold_up_the_stop(tmp_path: Path, silent: SilentServer) -> None:
    """Signing in would wait for an hour: it is cut, long before the deadline, and the stop is a good one."""
    siem = {"type": "file", "name": "siem", "directory": str(tmp_path / "out")}
    path = settings(tmp_path, org=f"https://127.0.0.1:{silent.port}", siem=siem)
    with running(path, PATIENCE) as process:
        assert silent.asked.wait(PATIENCE)
        process.send_signal(signal.SIGTERM)
        log = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == FINE, log
    assert not (tmp_path / "state" / MARK).exists()


def test_a_mark_that_was_cut_short_is_told_all_the_same(loops: Loops) -> None:
    """A full disk leaves half of it."""
    (loops.state.whole.directory / MARK).write_bytes(b'{"time": "2026-')
    announce_late_stop(loops.state.whole.directory, loops.problems)
    assert loops.event_actions() == ["stopped-late"]


def test_the_deadline_is_not_missed_by_what_has_ended() -> None:
    """Neither by a run that ended before it was told to, nor by one that ended in time."""
    for told_to_stop in (False, True):
        stop, missed = threading.Event(), threading.Event()
        with ShutdownDeadline(stop, missed.set, seconds=PATIENCE) as deadline:
            if told_to_stop:
                stop.set()
        deadline.join(PATIENCE)
        assert not missed.is_set()


def test_the_deadline_counts_from_the_order_to_stop() -> None:
    """Before it, nothing hurries; after it, it is missed by what goes on, even by the main thread."""
    stop, missed = threading.Event(), threading.Event()
    with ShutdownDeadline(stop, missed.set, seconds=0.0):
        assert not missed.is_set()
        stop.set()
        assert missed.wait(PATIENCE)


def test_the_process_ends_before_systemd_kills_it() -> None:
    """The last words included; and polls are cut long before that."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[method-assign,assignment]  # systemd's names have capitals
    unit.read(ROOT / "packaging" / "leakline.service")
    assert POLLS_END_WITHIN + LOG_WITHIN < STOP_WITHIN
    assert float(unit["Service"]["TimeoutStopSec"]) > STOP_WITHIN + LOG_WITHIN
