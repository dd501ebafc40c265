from __future__ import annotations

import itertools
from collections import Counter
from datetime import date, timedelta

import polars as pl
import pytest

from agent.simulator.habits import habits
from agent.simulator.log_files.traffic import Traffic
from agent.simulator.rows.block import Tenant
from agent.simulator.world.activity import closes_month
from agent.simulator.world.networks import networks_of
from agent.simulator.world.planted_event import PlantedEvent
from agent.simulator.world.record_id import short_id
from agent.simulator.world.sessions import DAY, Timetable, UserSession, midnight
from agent.simulator.world.staff import Staff

MONDAY = date(2026, 6, 1)
STAFF = Staff(7, 200)
TIMETABLE = Timetable(7, STAFF)
DAYS = [MONDAY + timedelta(days=number) for number in range(30)]


@pytest.fixture(scope="module")
def month() -> dict[date, list[PlantedEvent]]:
    return {day: habits(7, STAFF, TIMETABLE, 20_000, day) for day in DAYS}


@pytest.fixture(scope="module")
def sessions() -> list[UserSession]:
    return [session for day in DAYS for session in TIMETABLE.sessions(day)]


def test_habits_belong_to_no_scenario(month: dict[date, list[PlantedEvent]]) -> None:
    """Their rows have no label, and lie within their day."""
    for day, events in month.items():
        assert {event.scenario for event in events} == {""}
        assert all(0 <= event.time - midnight(day) < DAY for event in events)
    traffic = Traffic(7, 2_000, Tenant(short_id("Organization", 1), "trading.example", STAFF), awkward_content=False)
    frame = traffic.rows("RestApi", (midnight(MONDAY), midnight(MONDAY) + DAY))
    assert frame["_scenario"].null_count() == frame.height
    assert frame["_id"].n_unique() == frame.height
    assert frame["URI"].str.ends_with("/describe").sum() >= 40


def test_reports_are_exported_by_the_week_and_by_the_month(month: dict[date, list[PlantedEvent]]) -> None:
    """More than five by one person on Mondays, tens of thousands of rows when books are closed."""
    most = Counter(
        event.session.user for event in month[MONDAY + timedelta(days=7)] if event.event_type == "ReportExport"
    )
    assert max(most.values()) >= 4
    rows = [int(event.cells["ROW_COUNT"]) for day in DAYS if closes_month(day) for event in month[day] if event.event_type == "Report"]  # fmt: skip
    assert max(rows) > 20_000


def test_administrators_and_programs_read_in_bulk(month: dict[date, list[PlantedEvent]]) -> None:
    """Extracts every night, some of them whole; a Data Loader in an administrator's hands; jobs that fail."""
    jobs = [job for events in month.values() for job in events if job.event_type == "BulkApi2"]
    kinds = {job.session.kind for job in jobs}
    assert kinds == {"integration", "admin"}
    assert {"complete", "deleted", "failed"} <= {job.cells["JOB_STATUS"] for job in jobs}
    assert max(int(job.cells["RECORDS_PROCESSED"]) for job in jobs) > 100_000


def test_books_are_closed_around_the_turn_of_a_month() -> None:
    """On its last two working days and the first of the next."""
    days = [day for day in (date(2026, 5, 1) + timedelta(days=number) for number in range(61)) if closes_month(day)]
    assert [day.isoformat() for day in days] == [
        "2026-05-01", "2026-05-28", "2026-05-29", "2026-06-01", "2026-06-29", "2026-06-30",
    ]  # fmt: skip


def test_addresses_change_within_a_session(sessions: list[UserSession]) -> None:
    """Telephones and tunnels: one login, the same keys, one address after another."""
    legs = [leg for leg in sessions if leg.legs > 1]
    assert {leg.leg for leg in legs} >= {0, 1}
    by_key: dict[str, list[UserSession]] = {}
    for leg in legs:
        by_key.setdefault(leg.session_key, []).append(leg)
    for session_legs in by_key.values():
        assert [leg.leg for leg in session_legs] == list(range(session_legs[0].legs))
        assert all(leg.end == other.start for leg, other in itertools.pairwise(session_legs))
    assert len(legs) > 100


def test_people_travel_take_holidays_and_work_at_night(sessions: list[UserSession]) -> None:
    """Some log in from other countries, some not for two weeks, some between midnight and morning at home."""
    visiting = {network.cidr.split(".")[0] + "." + network.cidr.split(".")[1] for network in networks_of("visitor")}
    persons = [session for session in sessions if session.kind == "person"]
    assert sum(session.ip.rsplit(".", 2)[0] in visiting for session in persons) > 10
    seen: dict[str, set[int]] = {}
    for session in persons:
        seen.setdefault(session.user, set()).add(session.start // DAY)
    gaps = [max(b - a for a, b in zip(sorted(days), sorted(days)[1:], strict=False)) for days in seen.values() if len(days) > 1]  # fmt: skip
    assert max(gaps) >= 14
    hours = {user.id: user.offset_hours for user in STAFF.users}
    at_home = [(session.start // 3_600_000 + hours[session.user]) % 24 for session in persons]
    assert sum(hour < 4 for hour in at_home) > 5


def test_nobody_uses_a_dormant_account(sessions: list[UserSession]) -> None:
    """And those who leave still work."""
    users = {session.user for session in sessions}
    assert STAFF.dormant
    assert not users & {user.id for user in STAFF.dormant}
    assert STAFF.leaving
    assert users >= {user.id for user in STAFF.leaving}
    assert Staff(7, 20).dormant
    assert Staff(7, 20).leaving


def test_passwords_are_forgotten() -> None:
    """Some try three times and more; nothing of it has a session."""
    traffic = Traffic(7, 2_000, Tenant(short_id("Organization", 1), "trading.example", STAFF), awkward_content=False)
    frame = traffic.rows("Login", (midnight(MONDAY), midnight(MONDAY) + DAY))
    failed = frame.filter(pl.col("LOGIN_STATUS") != "LOGIN_NO_ERROR")
    assert (failed["SESSION_KEY"] == "").all()
    assert max(failed["USER_ID"].value_counts()["count"].to_list()) >= 3
