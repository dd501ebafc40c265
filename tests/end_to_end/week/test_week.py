"""All sources on, on a moving clock, with everything that goes wrong: nothing is lost, nothing doubled, and it says so itself."""

from __future__ import annotations

import os
import random
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.week.simulated_week import SimulatedWeek
from tests.end_to_end.week.week_judge import WeekVerdict
from tests.end_to_end.week.week_troubles import TROUBLES, WeekPlay, nothing

BEGIN = datetime(2026, 11, 18, 20, 10, tzinfo=UTC)
"""A Wednesday: the first whole day is one with a change set, of which 14 rows have one second."""
SOME_TYPES = ("Login", "Report", "RestApi", "PermissionSetAssignment")
KILLS, DAYS = 5, 7
TIES = 14
"""Rows of a change set."""
HEADERS = 3
"""That Login files have had over the years."""
SERVICES = {
    "event_log_file",
    "event_log_object",
    "login_history",
    "object",
    "provisioning",
    "real_time_event_monitoring",
    "sessions",
    "setup_audit_trail",
}


@pytest.mark.timeout(600)
def test_two_days_with_each_trouble_once(tmp_path: Path) -> None:
    """From the evening before a day until its daily files are there."""
    with closing(SimulatedWeek(tmp_path, BEGIN, rows_per_day=1_000, event_types=SOME_TYPES)) as week:
        play = WeekPlay(week, 5, random.Random(3))
        play.settle()
        for trouble in TROUBLES:
            trouble(play)
        nothing(play)
        assert_whole(play, tmp_path)


@pytest.mark.skipif("LEAKLINE_WEEK" not in os.environ, reason="a week takes a quarter of an hour: `make week` runs it")
@pytest.mark.timeout(7200)
def test_a_week(tmp_path: Path) -> None:
    """Each trouble in any order and then what chance brings, with all event types."""
    with closing(SimulatedWeek(tmp_path, BEGIN, rows_per_day=2_500, event_types=None)) as week:
        play, chance = WeekPlay(week, 6, random.Random(5)), random.Random(7)
        play.settle()
        first = chance.sample(TROUBLES, len(TROUBLES))
        for trouble in chain(first, iter(lambda: chance.choice((*TROUBLES, nothing)), None)):
            if week.org.now() >= BEGIN + timedelta(days=DAYS):
                break
            trouble(play)
        assert_whole(play, tmp_path)


def assert_whole(play: WeekPlay, folder: Path) -> None:
    """By the org's truth, and by what the agent says of itself."""
    week = play.week
    week.agent.wait_for(week.agent.drained)
    status = week.agent.status()
    week.stop()
    verdict = play.judge.verdict(folder)
    print(summary(verdict, week.kills, status["completeness"]))
    assert (verdict.lost, verdict.doubled) == ([], [])
    assert status["balanced"]
    assert_says_so_by_itself(status["completeness"])
    assert_had_trouble(play, verdict)


def assert_says_so_by_itself(completeness: list[dict[str, Any]]) -> None:
    """Of both sources that are compared, days are complete, and nothing of any day is missing."""
    complete = [day for day in completeness if day["state"] == "complete"]
    assert {day["source"] for day in complete} == {"acme/event_log_file", "acme/stored_events"}
    assert all(day["expected"] for day in complete)
    assert {(day["share"], day["never"], day["state"] == "incomplete") for day in completeness} == {(1.0, 0, False)}


def assert_had_trouble(play: WeekPlay, verdict: WeekVerdict) -> None:
    """What was promised did happen: a judge of nothing finds nothing."""
    files = play.week.org.all_files()
    assert play.week.kills >= KILLS
    assert set(verdict.services) == SERVICES
    assert set(verdict.differences) >= {"granted", "revoked"}
    assert verdict.ties >= TIES
    assert any(file.sequence > 1 for file in files)
    assert any(file.interval == "Daily" for file in files)
    assert len({len(file.layout.names) for file in files if file.event_type == "Login"}) == HEADERS


def summary(verdict: WeekVerdict, kills: int, completeness: list[dict[str, Any]]) -> str:
    days = [
        f"{day['source']} {day['day']} is {day['state']}: of {day['expected']} rows {day['in_time']} came in time, "
        f"{day['late']} late, {day['never']} never"
        for day in completeness
    ]
    events = ", ".join(f"{count} of {service}" for service, count in sorted(verdict.services.items()))
    return "\n".join(
        (
            f"{kills} kills: {len(verdict.lost)} lost, {len(verdict.doubled)} doubled, {verdict.sent_again} lines sent again",
            f"{sum(verdict.services.values())} events: {events}",
            *days,
        )
    )
