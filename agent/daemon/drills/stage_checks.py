"""The stages of a drill in their order, and how long each may take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from agent.daemon.drills.detection_stages import clocks, delivered, detected, grouped
from agent.daemon.drills.drill_view import DrillView
from agent.daemon.drills.finding import StageCheck
from agent.daemon.drills.notified_stage import notified, tiers_end
from agent.daemon.drills.response_stages import drafted, trail

SOON, MINUTE = timedelta(seconds=30), timedelta(seconds=60)


def _within(span: timedelta) -> Callable[[DrillView], timedelta]:
    return lambda _: span


CHECKS: Sequence[StageCheck] = (
    StageCheck("detected", detected, _within(MINUTE)),
    StageCheck("grouped", grouped, _within(SOON)),
    StageCheck("clocks", clocks, _within(SOON)),
    StageCheck("delivered", delivered, _within(MINUTE)),
    StageCheck("notified", notified, tiers_end),
    StageCheck("drafted", drafted, _within(SOON)),
    StageCheck("trail", trail, _within(MINUTE)),
)
"""After `planted`, which is not waited for."""
