"""A state with a change desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.changes.change_state import ChangeState


@pytest.fixture
def state(tmp_path: Path) -> Iterator[ChangeState]:
    state = ChangeState(tmp_path)
    yield state
    state.close()
