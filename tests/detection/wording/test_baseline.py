"""What alerts of baselines say was unusual, by kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.detection.baseline.alert import frames
from agent.detection.baseline.baseline import Baseline
from agent.detection.baseline.open_alert import AlertChange, OpenAlert
from agent.detection.condition.tree import Constant
from agent.detection.sigma.log_source import LogSource
from agent.detection.sigma.rule import Rule
from agent.detection.wording.baseline import BaselineWording
from tests.detection.correlation.two_rules import NOW

DAY = timedelta(days=1)
TITLES = {"one": "Report exported", "two": "File downloaded"}


def baseline(kind: str, **given: object) -> Baseline:
    """Over two rules, by user."""
    rule = Rule("0", "Past", Constant(True), LogSource("salesforce"), Path("past.yml"), 1)
    group: tuple[tuple[str, dict[str, str]], ...] = (("user.id", {}),)
    return replace(Baseline(rule, kind, ("one", "two"), group, DAY, DAY, 28 * DAY, 7 * DAY), **given)  # type: ignore[arg-type]


def alert(measured: float, numbers: dict[str, float], texts: dict[str, str], count: int = 12) -> OpenAlert:
    """Of one user, who has a name."""
    mark = f"{0:015}{'0' * 32}"
    return OpenAlert("a" * 32, "user.id=005A", 0, mark, mark, count, measured, 1.0, numbers=numbers, texts=texts)


@pytest.mark.parametrize(
    ("changed", "raised", "said"),
    [
        (
            baseline("volume"),
            alert(12, {"expected": 3}, {"compared_with": "own"}),
            '"Report exported" or "File downloaded" 12 times within 1 day, where 3 is usual, for user 005A',
        ),
        (
            baseline("volume", field="leakline.rows", span=timedelta(hours=1), bases=("one",)),
            alert(60_000, {"expected": 2.5}, {"compared_with": "peers"}),
            'rows adding up to 60,000 in "Report exported" within 1 hour, where 2.5 is usual for others, for user 005A, 12 events',
        ),
        (
            baseline("first_seen", field="leakline.client_kind", bases=("one",)),
            alert(1.2, {}, {"value": "script"}),
            'client kind script for the first time in 1 day, in "Report exported", for user 005A, 12 events',
        ),
        (
            baseline("travel", bases=("one",)),
            alert(2228, {"distance_km": 5570.2, "hours": 2.5}, {"from": "London, GB", "to": "New York, US"}),
            '5,570 km in 2.5 hours, from London, GB to New York, US, in "Report exported", for user 005A, 12 events',
        ),
        (
            baseline("silence", bases=("one",)),
            alert(26, {"expected": 1.0}, {"silence": "lasting"}, 0),
            'no "Report exported" for 26 hours so far, where the longest pause was 1 hour, for user 005A',
        ),
        (
            baseline("silence", bases=("one",)),
            alert(26.04, {"expected": 0.0}, {"silence": "over"}, 0),
            'no "Report exported" for 26 hours, and again now, for user 005A',
        ),
        (
            baseline("idle", bases=("one",)),
            alert(120, {}, {}, 1),
            '"Report exported" again after 120 days without any, for user 005A',
        ),
    ],
)
def test_each_kind_says_what_was_unusual(changed: Baseline, raised: OpenAlert, said: str) -> None:
    """With the titles of its rules, what was measured, and what is usual."""
    change = AlertChange(changed, raised, "00D")
    (frame,) = frames([change], NOW, BaselineWording(TITLES))
    assert frame["message"].to_list() == [f"Past: {said}"]


def test_a_user_who_has_a_name_is_called_by_it() -> None:
    """And the id that the baseline groups by is not told beside it."""
    raised = replace(alert(120, {}, {}, 1), users=["ann@example.com"], addresses=["192.0.2.7"])
    change = AlertChange(baseline("idle", bases=("one",)), raised, "00D")
    (frame,) = frames([change], NOW, BaselineWording(TITLES))
    assert frame["message"].to_list() == [
        'Past: "Report exported" again after 120 days without any, by ann@example.com, from 192.0.2.7'
    ]
