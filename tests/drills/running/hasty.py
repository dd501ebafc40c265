"""Drills that give up soon, so that one which fails takes seconds and not minutes; all else of the daemon is as it runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from agent.daemon.drills import drill_runner, notified_stage
from agent.daemon.drills.drill_run import DrillRun
from agent.daemon.drills.stage_checks import CHECKS

SOON = timedelta(seconds=4)


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """No stage is waited for longer than `SOON`, and a tier is late after as much."""
    monkeypatch.setattr(notified_stage, "IN_TIME", SOON)
    checks = [check if check.name == "notified" else replace(check, patience=lambda _: SOON) for check in CHECKS]
    monkeypatch.setattr(drill_runner, "DrillRun", partial(DrillRun, checks=checks))
