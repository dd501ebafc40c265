from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.store.state import State
from tests.pipeline.fakes import Loops


@pytest.fixture
def loops(tmp_path: Path) -> Iterator[Loops]:
    loops = Loops(State(tmp_path / "state"))
    yield loops
    loops.state.close()
