"""Whether one cron expression fires as often as another: compared with the scheduler that runs them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.changes.classes.change_class import ChangeClass
from agent.changes.classes.cron import cron_change, cron_times
from agent.changes.classes.directions import ValueChange

BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 10, tzinfo=UTC)

FIELDS = (
    st.sampled_from(["0", "30", "0,30", "*/30", "15/20"]),
    st.sampled_from(["9", "8-10", "*/12", "9,18"]),
    st.sampled_from(["*", "1", "1,15", "1-7", "*/10"]),
    st.sampled_from(["*", "1", "jan-mar", "2,3", "*/2"]),
    st.sampled_from(["*", "mon", "mon-fri", "0", "5,6"]),
)
EXPRESSIONS = st.tuples(*FIELDS).map(" ".join)


def fired(expression: str) -> Iterator[datetime]:
    """When the scheduler runs it."""
    trigger, at = CronTrigger.from_crontab(expression, timezone=UTC), BEGIN
    while (found := trigger.get_next_fire_time(None, at)) is not None and found < END:
        yield found
        at = found + timedelta(seconds=1)


@settings(max_examples=150, deadline=None)
@given(EXPRESSIONS, EXPRESSIONS)
def test_what_is_not_weaker_fires_on_the_same_days_as_often(before: str, after: str) -> None:
    """By the scheduler's own reckoning, over ten weeks."""
    judged = cron_change(ValueChange(before, after))
    old, new = [list(fired(expression)) for expression in (before, after)]
    if judged != "weaken":
        assert len(new) >= len(old)
        assert {at.date() for at in old} <= {at.date() for at in new}
    if judged == "neutral":
        assert len(new) == len(old)
    if set(old) > set(new):
        assert judged == "weaken"


@settings(max_examples=60, deadline=None)
@given(EXPRESSIONS)
def test_the_fields_are_read_as_the_scheduler_does(expression: str) -> None:
    """Each minute at which it runs is one of the numbers."""
    times = cron_times(expression)
    assert times is not None
    for at in fired(expression):
        assert all(
            number in field
            for number, field in zip((at.minute, at.hour, at.day, at.month, at.weekday()), times, strict=True)
        )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("0 9 1 * *", "0 9 1 * *", "neutral"),
        ("0 9 1 * *", "00 9 01 * 0-6", "neutral"),
        ("0 9 1 * *", "0 9 1,15 * *", "strengthen"),
        ("0 9 1 * *", "0 9 * * *", "strengthen"),
        ("0 9 * * MON", "0 9 * * mon,thu", "strengthen"),
        ("0 9 1 * *", "0 9 1 1-11 *", "weaken"),
        ("0 9 1 * *", "0 9 31 2 *", "weaken"),
        ("0 9 1 * *", "0 9 2 * *", "weaken"),
        ("0 9 1 * *", "0,30 18 1 * *", "strengthen"),
        ("0,30 9 1 * *", "0 9 1 * *", "weaken"),
    ],
)
def test_schedules_compare(before: str, after: str, expected: ChangeClass) -> None:
    """More times, as many at another hour, or fewer."""
    assert cron_change(ValueChange(before, after)) == expected


@pytest.mark.parametrize(
    "text",
    [
        None,
        5,
        "",
        "@daily",
        "0 9 1 *",
        "0 9 1 * * *",
        "60 9 1 * *",
        "5-1 * * * *",
        "*/0 * * * *",
        "0 9 last * *",
        "a * * * *",
    ],
)
def test_what_is_no_schedule_cannot_be_compared(text: object) -> None:
    """Whatever it was before, it may never fire now."""
    assert cron_times(text) is None
    assert cron_change(ValueChange("0 9 1 * *", text)) == "weaken"
