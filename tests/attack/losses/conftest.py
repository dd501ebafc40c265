"""The parts of a daemon, closed when a test is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.attack.losses.reloaded import LocalDaemon


@pytest.fixture
def single_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each batch commits by itself, however many wait: as many files as batches."""
    monkeypatch.setattr("agent.pipeline.read_ahead.batch_group.MOST_BATCHES", 1)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., LocalDaemon]]:
    made: list[LocalDaemon] = []

    def start(**keys: Any) -> LocalDaemon:
        made.append(LocalDaemon(tmp_path, keys))
        return made[-1]

    yield start
    for daemon in made:
        daemon.close()
