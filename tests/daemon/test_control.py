"""The control socket."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.daemon.control import server as server_module
from agent.daemon.control.client import ask
from agent.daemon.control.command import ControlCommand
from agent.daemon.control.server import ControlServer
from agent.errors import LeaklineError
from tests.end_to_end.agent_process import PATIENCE


def refuse() -> None:
    raise LeaklineError("not now", hint="later")


def command(name: str, run: Callable[..., Any]) -> ControlCommand:
    return ControlCommand(name, run, changes=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


def test_a_command_is_answered(path: Path) -> None:
    """Arguments go in by name, the result comes back; the group may speak, others may not."""
    server = ControlServer(path, [command("double", lambda number: number * 2)])
    assert ask(path, "double", number=21) == 42
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    server.close()
    assert ask(path, "double", number=21) is None


def test_refusals_come_back_in_words(path: Path) -> None:
    """An unknown command, wrong arguments and a command's own refusal are errors with a text."""
    server = ControlServer(path, [command("refuse", refuse)])
    with pytest.raises(LeaklineError, match="not now: later"):
        ask(path, "refuse")
    with pytest.raises(LeaklineError, match="write one of refuse"):
        ask(path, "dance")
    with pytest.raises(LeaklineError, match="argument"):
        ask(path, "refuse", loudly=True)
    server.close()


def test_a_socket_left_by_a_killed_daemon_is_replaced(path: Path) -> None:
    """A stale socket answers nobody and hinders nobody."""
    import socket

    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    assert ask(path, "status") is None
    server = ControlServer(path, [command("status", dict)])
    assert ask(path, "status") == {}
    server.close()


def test_a_command_in_hand_is_waited_for_when_the_daemon_stops(path: Path) -> None:
    """Whoever replays dead letters is answered, and the state is not closed under the command."""
    begun, release, answers = threading.Event(), threading.Event(), []

    def wait() -> str:
        begun.set()
        release.wait(PATIENCE)
        return "done"

    server = ControlServer(path, [command("wait", wait)])
    asking = threading.Thread(target=lambda: answers.append(ask(path, "wait", timeout=PATIENCE)))
    asking.start()
    assert begun.wait(PATIENCE)
    closing = threading.Thread(target=server.close)
    closing.start()
    release.set()
    closing.join(PATIENCE)
    asking.join(PATIENCE)
    assert answers == ["done"]


def test_a_command_that_does_not_end_does_not_hold_up_the_stop(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing gives up on it after a while."""
    monkeypatch.setattr(server_module, "COMMANDS_END_WITHIN", 0.01)
    begun, release = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        release.wait(PATIENCE)

    server = ControlServer(path, [command("wait", wait)])
    asking = threading.Thread(target=lambda: ask(path, "wait", timeout=PATIENCE))
    asking.start()
    assert begun.wait(PATIENCE)
    server.close()
    assert asking.is_alive()
    release.set()
    asking.join(PATIENCE)
