"""A receiver of messages, and drills that give up soon."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agent.demo.receiver import Receiver, receiver
from tests.drills.running.hasty import hurry


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
