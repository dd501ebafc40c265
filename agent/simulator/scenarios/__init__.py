"""The leaks that can be planted: one module for each, named as it is."""

from __future__ import annotations

from collections.abc import Iterable

from agent.simulator.scenarios import (
    data_loader_pull,
    dormant_account_awakes,
    guest_scraping,
    impossible_travel,
    integration_new_network,
    leaver_export,
    list_view_scraping,
    login_as_export,
    mass_file_download,
    mass_report_export,
    password_spray_then_login,
    session_hijack,
    slow_drip,
    stolen_token,
    sync_failure,
    token_recon,
    voice_phished_app,
)
from agent.simulator.scenarios.campaigns import CAMPAIGNS
from agent.simulator.scenarios.configuration import CONFIGURATION
from agent.simulator.world.planted_event import PlantedEvent
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.sessions import Timetable
from agent.simulator.world.staff import Staff
from agent.simulator.world.stage import SetupChange, Stage

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        mass_report_export.SCENARIO,
        data_loader_pull.SCENARIO,
        stolen_token.SCENARIO,
        mass_file_download.SCENARIO,
        list_view_scraping.SCENARIO,
        guest_scraping.SCENARIO,
        login_as_export.SCENARIO,
        voice_phished_app.SCENARIO,
        token_recon.SCENARIO,
        integration_new_network.SCENARIO,
        leaver_export.SCENARIO,
        session_hijack.SCENARIO,
        impossible_travel.SCENARIO,
        password_spray_then_login.SCENARIO,
        dormant_account_awakes.SCENARIO,
        slow_drip.SCENARIO,
        sync_failure.SCENARIO,
    )
}
"""Name to scenario, in the order in which they are told about: what is planted unless scenarios are named."""

PLAYABLE = SCENARIOS | CAMPAIGNS | CONFIGURATION
"""The published campaigns and what happens in Setup, too, which are played by name."""


def play(
    names: Iterable[str], seed: int, staff: Staff, timetable: Timetable, window: tuple[int, int], *,
    volume: float = 1.0, pace: float = 1.0, disguised: bool = False,
) -> tuple[list[PlantedEvent], list[SetupChange]]:  # fmt: skip
    """What the scenarios leave in logs, all of it inside `window` (ms). Raises ValueError for one that there is not.

    Of a campaign: `volume`, the share of what was published that is taken; `pace`, 0.5 for half as fast;
    `disguised`, whether its addresses and programs are on no list.
    """
    stages = staged(names, seed, staff, timetable, window, volume=volume, pace=pace, disguised=disguised)
    return [event for stage in stages for event in stage.events], [
        change for stage in stages for change in stage.changes
    ]


def staged(
    names: Iterable[str], seed: int, staff: Staff, timetable: Timetable, window: tuple[int, int], *,
    volume: float = 1.0, pace: float = 1.0, disguised: bool = False,
) -> list[Stage]:  # fmt: skip
    """The same as the stages on which they were played, with the records that they leave, too."""
    stages = []
    for name in names:
        if name not in PLAYABLE:
            raise ValueError(f"there is no scenario {name!r}; there are {', '.join(PLAYABLE)}")
        stages.append(Stage(name, seed, staff, timetable, window, volume, 1 / pace, disguised))
        PLAYABLE[name].plant(stages[-1])
    return stages


def describe_scenarios() -> str:
    """A line for each: its name, what happens, and how much history it needs to be told from an ordinary day."""
    width = max(map(len, PLAYABLE))
    needs = {
        name: f" (after {scenario.history.days} days of history)" if scenario.history else ""
        for name, scenario in PLAYABLE.items()
    }
    lines = {name: f"{name:{width}}  {scenario.summary}{needs[name]}" for name, scenario in PLAYABLE.items()}
    return "\n".join(line + (" (by name only)" if name not in SCENARIOS else "") for name, line in lines.items())
