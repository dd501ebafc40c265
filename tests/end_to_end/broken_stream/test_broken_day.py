"""A day with a broken stream: nothing is lost beyond the gap that is told, and nothing is taken twice."""

from __future__ import annotations

import os
import random
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.sources.real_time.catalogue import catalogue
from agent.sources.real_time.channel_openings import PUBLISHED_WITHIN
from tests.end_to_end.broken_stream.broken_day import BEGIN, BrokenDay
from tests.end_to_end.broken_stream.stream_judge import StreamVerdict, expected_events
from tests.end_to_end.broken_stream.troubles import TROUBLES, UNSTORED, outage, unreachable

SOME_TYPES = ("Login", "Logout", "Report", "RestApi")
RETENTION, OUTAGE = timedelta(hours=72), timedelta(hours=80)
KILLS = 5
TOLD_IN = 1_000
"""Milliseconds: an event about several gaps has their bounds in whole seconds."""


@pytest.mark.timeout(600)
def test_each_trouble_once(tmp_path: Path) -> None:
    """Kills, an expired token, cuts, refused replay ids, duplicates, silence and an outage beyond the retention."""
    with closing(BrokenDay(tmp_path, rows_per_day=2_000, event_types=SOME_TYPES)) as day:
        day.settle()
        chance = random.Random(3)
        for trouble in TROUBLES:
            trouble(day, chance)
        outage(day)
        assert_told(day, hours=len(TROUBLES))


@pytest.mark.skipif("LEAKLINE_ATTACK" not in os.environ, reason="a day takes minutes: `make attack` runs it")
@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_day_of_all_events(tmp_path: Path) -> None:
    """24 hours of troubles in any order, with all events there are, before the outage."""
    with closing(BrokenDay(tmp_path, rows_per_day=6_000, event_types=None)) as day:
        day.settle()
        chance = random.Random(5)
        troubles = [*TROUBLES, *TROUBLES, *TROUBLES[:-1], unreachable]
        chance.shuffle(troubles)
        for trouble in troubles:
            trouble(day, chance)
        outage(day)
        assert_told(day, hours=len(troubles))


def assert_told(day: BrokenDay, hours: int) -> None:
    """What is missing is within gaps that are no longer than they must be, and the agent's own figures are balanced."""
    day.agent.wait_for(day.agent.drained)
    status = day.agent.status()
    day.stop()
    verdict = day.verdict()
    print(summary(day, verdict))
    assert status["balanced"]
    assert day.kills >= KILLS
    assert (verdict.lost, verdict.doubled, verdict.unknown) == ([], [], [])
    unstored = {event.name for event in catalogue().values() if event.stored is None}
    assert {event for event, _, _ in verdict.missing_in_gaps} - unstored == {UNSTORED}
    away = milliseconds(BEGIN + timedelta(hours=hours))
    known = expected_events(day.org.id, day.org.stream_truth.path).values()
    last = max(time for event, time in known if event == UNSTORED and time < away)
    ends = milliseconds(BEGIN + timedelta(hours=hours + 1) + OUTAGE - RETENTION)
    (gap,) = [gap for gap in verdict.gaps if gap.event == UNSTORED]
    assert last - PUBLISHED_WITHIN - TOLD_IN < gap.begin < gap.end < ends + TOLD_IN


def milliseconds(moment: datetime) -> int:
    """Since 1970."""
    return round(moment.timestamp() * 1000)


def summary(day: BrokenDay, verdict: StreamVerdict) -> str:
    return (
        f"{verdict.expected} events, {day.kills} kills: {len(verdict.lost)} lost beyond the gaps, "
        f"{len(verdict.missing_in_gaps)} within {len(verdict.gaps)}, {len(verdict.doubled)} taken twice, "
        f"{verdict.sent_again} lines sent again after a kill"
    )
