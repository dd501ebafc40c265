"""Starting a server for tests, and saying how to get it where it is not."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CACHE = Path(os.environ.get("CACHE_DIR", ROOT / ".cache"))
INSTALL = "tests/servers/install.sh installs it"


def need(found: bool, what: str, how: str = INSTALL) -> None:
    """Skip the test where `what` is missing; where CI_SERVERS=1, fail."""
    if not found:
        (pytest.fail if os.environ.get("CI_SERVERS") == "1" else pytest.skip)(f"{what} is not here: {how}")


def free_port(among: Iterable[int] = (0,)) -> int:
    """A port of 127.0.0.1 that nobody listens on; by default any."""
    for port in among:
        try:
            with socket.create_server(("127.0.0.1", port)) as listener:
                return int(listener.getsockname()[1])
        except OSError:
            continue
    raise AssertionError("none of the ports is free")


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
    """Looks every 50 ms; an AssertionError says what did not happen."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        pause.wait(0.05)
    raise AssertionError(f"{what}: not within {seconds:g} s")


class Process:
    """A child process with its output in `log`; ended by `stop`."""

    def __init__(
        self, command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
            )

    def wait_for_port(self, port: int) -> None:
        def ready() -> bool:
            assert self._process.poll() is None, self.log.read_text()[-2000:]
            return listens(port)

        try:
            wait_until(ready, f"port {port} is listened on")
        except AssertionError:
            self.kill()
            raise

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
