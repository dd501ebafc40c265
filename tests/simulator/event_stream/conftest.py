from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.simulator.event_stream.happenings import Happenings, RealTimeRow
from agent.simulator.log_files.traffic import Traffic
from agent.simulator.org.simulated_org import HOST, SimulatedOrg
from agent.simulator.rows.block import Tenant
from agent.simulator.scenarios import PLAYABLE, play
from agent.simulator.world.record_id import short_id
from agent.simulator.world.sessions import HOUR, Timetable
from agent.simulator.world.simulator_settings import SimulatorSettings
from agent.simulator.world.staff import Staff
from tests.simulator.conftest import WEDNESDAY, settings

END = int(WEDNESDAY.timestamp() * 1000) // HOUR * HOUR
DAY_WINDOW = (END - 24 * HOUR, END)


class MovingClock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = WEDNESDAY

    def __call__(self) -> Any:
        return self.now

    def move(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture(scope="session")
def traffic() -> Traffic:
    """A small org's day with every scenario and campaign in it, and content that breaks careless readers."""
    staff = Staff(7, 80)
    planted, _ = play(PLAYABLE, 7, staff, Timetable(7, staff), DAY_WINDOW)
    tenant = Tenant(short_id("Organization", 1), HOST, staff)
    return Traffic(7, 3000, tenant, awkward_content=True, planted_events=planted)


@pytest.fixture(scope="session")
def happenings(traffic: Traffic) -> Happenings:
    return Happenings(7, traffic)


@pytest.fixture(scope="session")
def day(happenings: Happenings) -> list[RealTimeRow]:
    """All of its events."""
    return happenings.between(DAY_WINDOW)


@pytest.fixture
def eventful(tmp_path: Path, clock: MovingClock) -> Callable[..., SimulatedOrg]:
    """Makes orgs with logins and reports, on a clock that tests move."""

    def make(**values: Any) -> SimulatedOrg:
        small: dict[str, Any] = {
            "event_types": ["Login", "Report"],
            "history": timedelta(hours=3),
            "daily_files": False,
        }
        made: SimulatorSettings = settings(
            tmp_path / "eventful", **(small | {"now": clock, "delay": (timedelta(0),) * 2} | values)
        )
        return SimulatedOrg(made)

    return make
