"""An administrator's account changes in one sitting what opens the org and what hides the traces, and takes data with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from agent.simulator.scenarios.configuration.admin_session import AdminSession
from agent.simulator.world.actions import export_report, query_job
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage
from agent.simulator.world.users import User

PAUSE = 11.0
"""Seconds between two changes: all of them are made within three quarters of an hour."""


def plant(stage: Stage) -> None:
    """Every step of `setup_sweep.yaml`; then a report, a bulk query, and a change by somebody who leaves."""
    admin, person = AdminSession.at(stage, 19, 100), stage.person("Finance", "US")
    rows = list(_rows("steps", person))
    for number, row in enumerate(rows):
        admin.change(30 + number * PAUSE, *row)
    after = 30 + len(rows) * PAUSE
    for place, (action, section, display) in enumerate(_rows("of_salesforce", person)):
        stage.change(after + place, admin.session.start, None, action, section, display)
    export_report(stage, admin.session, after + 60, 41, 900)
    query_job(stage, admin.session, after + 120, 834_000 + stage.seed % 50, "Account", 18_000)
    leaver = stage.staff.leaving[0]
    stage.change(after + 90, admin.session.start, leaver, "insertApplication", "Connected Apps", "Installed connected app Data Helper")  # fmt: skip


def _rows(name: str, person: User) -> Iterator[tuple[str, str, str]]:
    """Action, Section and Display of each change."""
    words = {"person": person.name, "uid": person.id, "username": person.username}
    for action, section, display, *times in _document()[name]:
        for number in range(1, (times[0] if times else 1) + 1):
            yield action, section, display.format_map({**words, "n": number})


@cache
def _document() -> dict[str, Sequence[Any]]:
    document: dict[str, Sequence[Any]] = yaml.load(
        Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"), yaml.CSafeLoader
    )
    return document


SCENARIO = Scenario(
    "setup_sweep",
    "an administrator's account opens everything that Setup can open, then exports",
    plant,
    signals=(
        "SetupAuditTrail: some sixty different actions within an hour",
        "ReportExport, BulkApi2: by the same account",
    ),
    patterns=("grants, guards taken down and exports of one account in one sitting",),
)
