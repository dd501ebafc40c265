"""Three minutes of `make chaos`: whatever is killed and whichever receiver is down, each canary and each incident comes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chaos.figures import section
from tests.chaos.havoc import MINUTES
from tests.chaos.run import run_chaos

LEAST = 40
"""Canaries that are judged: two of the three minutes, each 2 s, less what a slow machine takes."""


@pytest.mark.long
@pytest.mark.skipif(not os.environ.get("LEAKLINE_ATTACK"), reason="minutes long: .ci/run runs it")
@pytest.mark.timeout(1200)
def test_nothing_is_lost_in_three_minutes_of_chaos(tmp_path: Path) -> None:
    """Every canary and every incident's first tier is received; no occasion has two ids; nobody is told after the acknowledgement."""
    result = run_chaos(tmp_path, 3.0, 2.0, MINUTES, seed=19)
    print(section(result))
    assert result.kills >= 3
    assert sum(result.downs.values()) >= 5
    assert result.canaries.planned >= LEAST
    assert result.canaries.lost == 0
    assert result.canaries.two_ids == 0
    assert result.incidents.opened >= 3
    assert result.incidents.is_kept
    assert result.ended_otherwise == []
    assert result.unsigned == 0
