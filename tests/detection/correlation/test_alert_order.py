"""In which order the alerts of a batch are told."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from agent.detection.detector import Detector
from agent.detection.load import load
from tests.detection.correlation.cases import BASES, CASES
from tests.detection.correlation.events import FILES, NOW, Event, frame

USERS = ("D", "B", "E", "A", "C", "F")


def test_alerts_of_a_rule_stand_by_their_first_rows(tmp_path: Path) -> None:
    """Whatever the order in which the rows of their groups came, and whatever order a set of texts has."""
    events: list[Event] = [
        (user, "192.0.2.1", "a", place + minute, 1) for place, user in enumerate(USERS) for minute in range(3)
    ]
    (tmp_path / "rules.yml").write_text(BASES + CASES["count gte"][0])
    rules, orders = load([tmp_path / "rules.yml"]), []
    for rows in (list(enumerate(events)), list(enumerate(events))[::-1]):
        alerts = Detector(rules).detect(frame(rows), FILES, NOW).alerts
        alerts = alerts.filter(pl.col("rule.name") == "Tried")
        assert alerts.height == len(USERS)
        assert alerts["event.start"].is_sorted()
        orders.append(alerts["leakline.correlation.group"].to_list())
    assert orders[0] == orders[1] == [f"USER_ID={user}" for user in USERS]
