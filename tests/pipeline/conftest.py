from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.fakes import Loops
from tests.store.one_shard import OneShard


@pytest.fixture
def loops(tmp_path: Path) -> Iterator[Loops]:
    loops = Loops(OneShard(tmp_path / "state"))
    yield loops
    loops.state.close()
