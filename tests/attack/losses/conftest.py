"""The parts of a daemon, closed when a test is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.attack.losses.reloaded import LocalDaemon


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., LocalDaemon]]:
    made: list[LocalDaemon] = []

    def start(**keys: Any) -> LocalDaemon:
        made.append(LocalDaemon(tmp_path, keys))
        return made[-1]

    yield start
    for daemon in made:
        daemon.close()
