"""Periods are those of an independent reckoning that goes through time step by step, in all zones."""

import ast
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

import agent.notice
from agent.notice.counting import periods

ZONES = sorted(available_timezones())
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
STEP = timedelta(minutes=15)
"""Since 2000 the offsets of all zones are multiples of it, and the moments of their changes too."""


def first_instant_after(day: date, zone: ZoneInfo) -> datetime:
    """Go back from well within the day after next until clocks show `day` or one before it: no arithmetic on local times."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=3)
    while at.astimezone(zone).date() > day:
        at -= STEP
    return at + STEP


def months_later(day: date, number: int) -> date:
    """Day by day: the same number in the month that is so many later, or that month's last day."""
    at, passed = day, 0
    while passed < number:
        at += timedelta(days=1)
        passed += at.day == 1
    last = at
    while (last + timedelta(days=1)).month == at.month:
        last += timedelta(days=1)
    return min(at + timedelta(days=day.day - 1), last)


@given(TIMES, st.sampled_from(ZONES), st.integers(1, 120))
def test_days_end_where_the_recipients_clocks_say_so(anchor: datetime, name: str, number: int) -> None:
    """Also where a day has 23, 25 or no hours, or no midnight."""
    zone = ZoneInfo(name)
    last = anchor.astimezone(zone).date()
    for _ in range(number):
        last += timedelta(days=1)
    assert periods.calendar_days(anchor, number, zone) == first_instant_after(last, zone)


@given(TIMES, st.sampled_from(ZONES), st.integers(1, 15))
def test_months_end_with_the_day_of_the_same_number_or_the_last(anchor: datetime, name: str, number: int) -> None:
    """Also from the last of January and over leap days."""
    zone = ZoneInfo(name)
    last = months_later(anchor.astimezone(zone).date(), number)
    assert periods.months(anchor, number, zone) == first_instant_after(last, zone)


@given(TIMES, st.sampled_from(ZONES), st.integers(1, 120))
def test_days_after_the_years_end_begin_with_the_first_of_january(anchor: datetime, name: str, number: int) -> None:
    """Whatever the day in the year was, where the recipient is."""
    zone = ZoneInfo(name)
    last = date(anchor.astimezone(zone).year + 1, 1, 1) + timedelta(days=number - 1)
    assert periods.days_after_year_end(anchor, number, zone) == first_instant_after(last, zone)


@given(TIMES, st.sampled_from(ZONES), st.integers(1, 120))
def test_a_later_reading_is_at_most_an_hour_later_and_at_a_full_hour(anchor: datetime, name: str, number: int) -> None:
    """In zones with half an hour and three quarters too."""
    zone = ZoneInfo(name)
    strict, later = periods.hours(anchor, number), periods.eu_hours(anchor, number, zone)
    assert strict < later <= strict + timedelta(hours=1)
    begun = (later - timedelta(hours=number)).astimezone(zone)
    assert begun.minute % 15 == begun.second == begun.microsecond == 0


NO_MIDNIGHT = [
    ("America/Sao_Paulo", date(2017, 10, 14), "2017-10-15T03:00:00Z"),  # clocks went from 0:00 to 1:00
    ("Asia/Beirut", date(2021, 3, 27), "2021-03-27T22:00:00Z"),
    ("Africa/Cairo", date(2023, 4, 27), "2023-04-27T22:00:00Z"),
    ("America/Havana", date(2021, 3, 13), "2021-03-14T05:00:00Z"),
    ("America/Sao_Paulo", date(2018, 2, 17), "2018-02-18T03:00:00Z"),  # its last hour came twice
    ("Pacific/Apia", date(2011, 12, 29), "2011-12-30T10:00:00Z"),  # the 30th was left out
    ("Asia/Kathmandu", date(2024, 2, 29), "2024-02-29T18:15:00Z"),
    ("Australia/Lord_Howe", date(2026, 4, 4), "2026-04-04T13:00:00Z"),
]


@pytest.mark.parametrize("name, day, end", NO_MIDNIGHT)
def test_a_day_without_a_midnight_ends_with_its_last_instant(name: str, day: date, end: str) -> None:
    """The first instant of the next day is the one that clocks show first."""
    assert periods.end_of(day, ZoneInfo(name)) == datetime.fromisoformat(end)


NUMBERS_OF_CODE = {
    # What settings are unless given, between which bounds they lie, and ports:
    "arrangements/channels.py": {1, 2, 15, 65535},
    "arrangements/known_names.py": {0, 1},
    "arrangements/people.py": {0, 1, 2, 60, 366, 2000, 2100},
    "arrangements/policies.py": {0, 0.1, 0.25, 0.5, 0.75, 0.9, 1, 2, 4, 6, 15, 20, 45},
    "arrangements/self_watch.py": {1, 15, 60},
    # Digits of digests and keys, characters of an answer:
    "messages/message.py": {0, 10, 500},
    "messages/outbox.py": {300, 1000},
    "messages/targets.py": {2},
    # Characters of ids and parts of a signed link, seconds that a date can have; days and hours that a link works are settings:
    "links/token.py": {1, 11, 12, 16, 17, 22, 31, 40, 72, 9999},
    "links/link_key.py": {32},
    "links/link.py": {300},
    "links/incident_page.py": {0, 1, 200, 400},
    "clocks/basis.py": {16},
    "clocks/lateness.py": {1},
    "clocks/reckon.py": {0},
    "clocks/shelf.py": {8, 300},
    "clocks/timers.py": {0, 1, 8, 300},
    "clocks/turns.py": {1, 40},
    "clocks/upkeep.py": {1},
    "counting/periods.py": {1, 2, 12, 31},
    "counting/wall_clock.py": {1, 2},
    "counting/week_hours.py": {1, 60},
    "counting/working_days.py": {1, 5, 64},
    "deadlines.py": {1},
    "declared.py": {0, 1, 3, 40, 60, 2000, 2100},
    "incidents/alert_places.py": {0, 1, 2, 16, 35, 50, 1000},
    "incidents/book.py": {0, 1, 4, 16, 300, 1000, 2000, 20000},
    "incidents/desk.py": {1},
    "incidents/grouping.py": {0, 1, 6, 10, 1000},
    "incidents/growth.py": {0, 1, 50},
    "incidents/incident.py": {0, 50, 200},
    "incidents/incident_alert.py": {1, 8, 300},
    "incidents/incident_event.py": {0, 1, 16, 20},
    "incidents/responder.py": {0, 1, 2, 4},
    # Indices, versions from 1 on, names that are near, how many rules are named, and sizes of fields, notices, ids and keys:
    "drafts/catalogue.py": {0, 1, 60},
    "drafts/drafting.py": {0, 1, 3, 60},
    "drafts/known.py": {2, 10, 5000},
    "drafts/notice.py": {0, 1, 6, 100000},
    # Indices, and the days of the shortest month:
    "floors/premises.py": {0},
    "floors/spans.py": {0},
    "floors/telling.py": {0},
    "floors/terms.py": {28},
    "regimes/binding.py": {1},
    "regimes/choice.py": {0},
    "regimes/doubtful_names.py": {0, 1, 4},
    "regimes/kept_pack.py": {1, 2},
    "incidents/changes/anchoring.py": {5},
    "incidents/changes/closing.py": {5},
    "incidents/changes/deciding.py": {1},
    "incidents/changes/fact_values.py": {3, 40, 60, 10000000000},
    "incidents/changes/free_text.py": {200, 4000},
    "incidents/changes/joining.py": {0, 1},
    "incidents/changes/settling.py": {1, 3, 5, 80},
    "incidents/changes/splitting.py": {0, 1, 5, 6, 60},
    "incidents/next_steps.py": {0, 1, 5},
    "regimes/model.py": {0, 1, 2, 60},
    "regimes/pack.py": {0, 1, 2, 4, 20, 300},
    "settings.py": {0, 1, 4, 7, 24, 30, 60, 200, 8784},
    # Who is on call: the first Monday that turns are counted from and the years in which they may begin, how long turns and overrides are,
    # what is read of a calendar's file and how often, digits of keys, and how many are kept:
    "maintenance/window.py": {1, 300},
    "on_call/calendar_events.py": {0, 1, 2, 100, 200, 20000, 5000000},
    "on_call/calendar_file.py": {0, 1, 5.0, 7, 8, 13, 20.0},
    "on_call/calendar_output.py": {16},
    "on_call/on_call_roster.py": {0},
    "on_call/overrides.py": {0, 1, 4, 31, 200, 300},
    "on_call/rotation.py": {0, 1, 2024},
    "on_call/shift.py": {0, 1},
    # Points of scores, steps of rows and how many values are kept:
    "incidents/estimates.py": {0, 1},
    "incidents/evidence.py": {0, 20, 1000, 10000, 100000, 1000000},
    "incidents/score.py": {0, 2, 3, 5, 8, 10, 15, 20, 25, 40, 50, 100},
    "incidents/triage.py": {1, 25, 300},
    "incidents/rule_verdict.py": {0, 1},
    # Statuses and codes of HTTP and SMTP, ports, and what the other side of a channel takes at most:
    "channels/apprise_service.py": {0},
    "channels/http_client.py": {0, 1, 20, 300, 400, 408, 409, 425, 429, 500, 2000, 3600.0},
    "channels/mail.py": {0, 2, 200},
    "channels/pagerduty.py": {202, 400, 1024},
    "channels/pagerduty_read_back.py": {0.0, 60, 100, 200, 401, 403},
    "channels/slack.py": {0, 1, 200, 3000},
    "channels/smtp.py": {0, 1, 25, 250, 251, 421, 465, 500, 530, 534, 535, 587, 600},
    "channels/smtp_session.py": {0, 1.0, 220},
    "channels/teams.py": {0, 1, 28, 200, 202, 401, 403, 404, 410, 512, 1024, 2000},
    "channels/webhook.py": {16, 24, 64, 200, 300, 410},
    "escalation/alarm_messages.py": {1},
    "escalation/alarms.py": {0, 1},
    "escalation/audit.py": {2, 5, 60},
    "escalation/cycles.py": {0, 1},
    "escalation/escalation.py": {0, 1},
    "escalation/escalation_event.py": {1},
    "escalation/keeper.py": {0, 1, 300},
    "escalation/next_look.py": {1},
    "escalation/outcome.py": {0},
    "escalation/shard_escalations.py": {0, 1, 8, 300},
    "escalation/step_messages.py": {0, 1},
    "messages/text.py": {0, 1, 3, 10, 60},
    "sending/bundles.py": {0, 1, 10, 20, 100},
    "sending/message_event.py": {0.0, 3, 300},
    "sending/message_record.py": {0.0},
    "sending/results.py": {0, 1, 5, 10, 15, 24},
    "sending/unknown_channels.py": {0, 1, 50},
    "timer_keys.py": {0, 1, 14},
}
"""Digits of digests and keys, how many a message lists, a transaction looks at and memory keeps, the minute from which something is
late, the minutes by which clocks may be apart and the millisecond of a timer, severities; indices and groups, names that are shown,
Saturday, 31 December and the twelve months, the two working days of Art. 3(5), years that are taken, lengths of messages, and sizes;
of settings, what they are unless given and between which bounds they lie."""


def test_no_duration_of_a_law_stands_in_the_code() -> None:
    """The pack alone has them: whoever writes another number into the code of notices has to say here what it is."""
    folder = Path(agent.notice.__file__).parent
    found: dict[str, set[float]] = {}
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, int | float)
                and node.value is not True
                and node.value is not False
            ):
                found.setdefault(str(path.relative_to(folder)), set()).add(float(node.value))
    assert found == NUMBERS_OF_CODE
