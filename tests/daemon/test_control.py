"""The control socket."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.daemon.control.client import ask
from agent.daemon.control.command import ControlCommand
from agent.daemon.control.server import ControlServer
from agent.errors import LeaklineError


def refuse() -> None:
    raise LeaklineError("not now", hint="later")


def command(name: str, run: Callable[..., Any]) -> ControlCommand:
    return ControlCommand(name, "viewer", run, changes=False)


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
    with pytest.raises(LeaklineError, match="it knows refuse"):
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
