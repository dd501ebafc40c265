from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.isolation.observed_daemon import Changes, MovedClock, ObservedHec


@pytest.fixture
def changes() -> Changes:
    return Changes()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def hec(changes: Changes) -> Iterator[ObservedHec]:
    """A destination over HTTP."""
    observed = ObservedHec(changes)
    yield observed
    observed.server.stop()
