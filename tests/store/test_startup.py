"""What a daemon's start does with the state before it works on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.errors import DiskFull
from tests.pipeline.fakes import Loops
from tests.store.one_shard import OneShard


def test_a_start_on_a_full_disk_gives_up_the_ballast(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that cannot start delivers nothing, and only delivery makes room again."""
    loops = Loops(OneShard(tmp_path / "state"))
    ballast, transact = tmp_path / "state" / "ballast", loops.state.transact

    def full(wait: float | None = None) -> Any:
        if ballast.exists():
            raise DiskFull("no room")
        return transact(wait)

    monkeypatch.setattr(loops.state, "transact", full)
    loops.begin()
    assert loops.state.whole.identity.generation == 1
    loops.state.close()
