from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.simulator.api.catalogue import tables
from agent.simulator.api.query import run
from agent.simulator.api.soql_parser import parse
from agent.simulator.org.simulated_org import SimulatedOrg
from agent.simulator.scenarios.configuration import CONFIGURATION
from agent.simulator.world.faults import Faults
from tests.simulator.conftest import AT_ONCE, WEDNESDAY, settings

Row = dict[str, Any]


class RecordOrg:
    """An org whose records are asked for as a client would, and whose clock a test moves."""

    def __init__(self, folder: Path, **values: Any) -> None:
        self.now = WEDNESDAY
        small: dict[str, Any] = {
            "event_types": ["Login"], "history": timedelta(hours=24), "daily_files": False, "delay": AT_ONCE,
            "rows_per_day": 2000, "now": lambda: self.now,
        }  # fmt: skip
        self.org = SimulatedOrg(settings(folder, **(small | values)))

    def move(self, **span: float) -> None:
        self.now += timedelta(**span)

    def ask(self, text: str, *, all_rows: bool = False) -> list[Row]:
        tree = parse(text, self.org.now())
        return run(tree, tables(self.org, "66.0")[tree.entity.lower()], "66.0", all_rows=all_rows)[1]

    def ids(self, entity: str, *, all_rows: bool = False) -> set[str]:
        return {row["Id"] for row in self.ask(f"SELECT Id FROM {entity}", all_rows=all_rows)}  # noqa: S608

    def fault(self, **values: Any) -> None:
        self.org.change_faults(**values)


MakeOrg = Callable[..., RecordOrg]


@pytest.fixture
def make(tmp_path: Path) -> MakeOrg:
    return lambda **values: RecordOrg(tmp_path / values.pop("name", "org"), **values)


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> RecordOrg:
    """A day without scenarios that no test changes."""
    return RecordOrg(tmp_path_factory.mktemp("plain") / "org", people=60)


@pytest.fixture(scope="session")
def eventful_setup(tmp_path_factory: pytest.TempPathFactory) -> RecordOrg:
    """A day with every scenario of Setup, that no test changes."""
    folder = tmp_path_factory.mktemp("setup") / "org"
    return RecordOrg(
        folder, people=60, event_types=["Login", "PermissionUpdate", "BulkApi2"], scenarios=list(CONFIGURATION)
    )


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")


NO_FAULTS = Faults()
