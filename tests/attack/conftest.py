"""The faults: which tests need real processes, and the table of them all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.demo.org_process import simulated_org
from tests.attack.fault_table import FaultRow, rows_of, write
from tests.end_to_end.org_settings import document_for
from tests.pipeline.fakes import Loops
from tests.store.one_shard import OneShard

ROWS = 5_000


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make attack` runs faults with real processes; `make test` leaves them out."""
    if os.environ.get("LEAKLINE_ATTACK"):
        return
    for item in items:
        if item.get_closest_marker("attack"):
            item.add_marker(pytest.mark.skip(reason="real processes, minutes long: `make attack` runs it"))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table: item, result, seconds, test; into the page that is named, too."""
    rows: list[FaultRow] = rows_of(terminalreporter.stats)
    if not rows or not os.environ.get("LEAKLINE_ATTACK"):
        return
    terminalreporter.section("faults")
    for row in rows:
        name = row.test.split("/")[-1].replace(".py::", " ")
        terminalreporter.write_line(f"{row.item:>3}  {row.result:<8} {row.seconds:6.1f} s  {name}")
    if os.environ.get("LEAKLINE_FAULTS_PAGE"):
        write(Path(os.environ["LEAKLINE_FAULTS_PAGE"]), rows)


@pytest.fixture(scope="session")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A simulated org with a small day that is all there at once: what it says of itself."""
    with simulated_org(tmp_path_factory.mktemp("org") / "org", seed=3, rows=ROWS) as facts:
        yield facts


@pytest.fixture
def document(org: dict[str, str], tmp_path: Path) -> dict[str, Any]:
    """Settings for that org and a file destination, to be changed by the test."""
    return document_for(org, tmp_path)


@pytest.fixture
def loops(tmp_path: Path) -> Iterator[Loops]:
    """State, spool and dead letters, and both loops to be run by hand."""
    loops = Loops(OneShard(tmp_path / "state"))
    yield loops
    loops.state.close()
