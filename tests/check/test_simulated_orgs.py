"""What `leakline check` says of four simulated orgs: the whole of it, in tests/check/orgs/."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.simulator.running import RunningOrg
from tests.check.simulated_orgs import ORGS, TEXTS, said, small_org


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningOrg]:
    with small_org(tmp_path_factory.mktemp("org")) as org:
        yield org


@pytest.mark.parametrize("name", ORGS)
def test_all_that_is_said_of_an_org(running: RunningOrg, tmp_path: Path, name: str) -> None:
    """Each source that it cannot give, why, what to do, which rules that silences, and what a day costs."""
    assert said(running, tmp_path, ORGS[name]) == (TEXTS / f"{name}.txt").read_text(encoding="utf-8")


def test_every_text_is_of_an_org() -> None:
    """None is left behind."""
    assert {path.stem for path in TEXTS.iterdir()} == ORGS.keys()
