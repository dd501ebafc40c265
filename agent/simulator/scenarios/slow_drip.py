"""An insider takes a few lists a day for a week, each too small for any threshold."""

from __future__ import annotations

from datetime import timedelta

from agent.simulator.world.actions import export_report
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.sessions import DAY, HOUR
from agent.simulator.world.stage import Stage

HOURS = (8, 9, 11, 13, 15)


def plant(stage: Stage) -> None:
    """Five exports a working day, at most 1,900 rows each, from the office. A day's history has one day of it."""
    insider = stage.person("Standard User", "DE")
    for day in stage.days():
        for number, hour in enumerate(HOURS):
            start = day + hour * HOUR + stage.number(0, 40, "minute", day, number) * 60_000
            session = stage.session(insider, start, 15, stage.own_address(insider), label=f"{day} {number}")
            if not stage.inside(session):
                continue
            stage.login(session)
            rows = stage.number(900, 1_900, "rows", day, number)
            export_report(stage, session, 120, 520_000 + day // DAY % 97 * 10 + number, rows)


SCENARIO = Scenario(
    "slow_drip",
    "an insider exports five small reports a day for a week, every one under the thresholds",
    plant,
    signals=(),
    patterns=("far more exported in a week than the same person exported in the weeks before",),
    history=timedelta(days=14),
)
