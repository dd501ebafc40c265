from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.store.contract.members import BATCH_STORES, STATES, StateHarness

MEMBERS = {cls.__name__: build for cls, build in (*STATES.items(), *BATCH_STORES.items())}


@pytest.fixture
def harness(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StateHarness]:
    """Of the member that the test is parametrized with, open."""
    build: Callable[[Path], StateHarness] = MEMBERS[request.param]
    harness = build(tmp_path / "state")
    harness.open()
    yield harness
    harness.close()
