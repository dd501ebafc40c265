"""Turns change when clocks in the handover's zone show its time, whatever else clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.notice.arrangements.people import RotationSettings
from agent.notice.counting.wall_clock import beginning, end
from agent.notice.on_call.rotation import OnCallRotation
from tests.notice.on_call.naive_rotation import STEP, WEEK, crossings, is_within, person

ZONES = sorted(available_timezones())
CHANGING = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "America/Sao_Paulo",
    "Africa/Cairo",
]
DAYS = st.dates(date(2001, 1, 1), date(2060, 1, 1))
CLOCKS = st.integers(0, 24 * 12 - 1).map(lambda number: (datetime(2000, 1, 1) + number * STEP).time())
ZONE = st.sampled_from(CHANGING) | st.sampled_from(ZONES)


def settings(**values: object) -> RotationSettings:
    of = {"name": "primary", "people": ["ana", "ben"], "every": "7d", "handover": "Mon 09:00 Europe/Berlin", **values}
    return RotationSettings.model_validate(of)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("handover", "day", "instant"),
    [
        ("02:30 Europe/Berlin", date(2026, 3, 29), "2026-03-29T01:00Z"),  # left out: at 3:00 summer time
        ("02:30 Europe/Berlin", date(2026, 10, 25), "2026-10-25T00:30Z"),  # twice: the first
        ("09:00 Europe/Berlin", date(2026, 3, 28), "2026-03-28T08:00Z"),
        ("09:00 Europe/Berlin", date(2026, 3, 29), "2026-03-29T07:00Z"),  # a day of 23 hours
        ("09:00 Europe/Berlin", date(2026, 10, 25), "2026-10-25T08:00Z"),  # one of 25
        ("02:15 America/New_York", date(2026, 3, 8), "2026-03-08T07:00Z"),
        ("01:30 America/New_York", date(2026, 11, 1), "2026-11-01T05:30Z"),
        ("02:10 Australia/Lord_Howe", date(2026, 10, 4), "2026-10-03T15:30Z"),  # half an hour is left out
        ("01:45 Australia/Lord_Howe", date(2026, 4, 5), "2026-04-04T14:45Z"),  # half an hour comes twice
        ("02:00 Pacific/Auckland", date(2026, 9, 27), "2026-09-26T14:00Z"),
        ("02:59 Pacific/Auckland", date(2026, 4, 5), "2026-04-04T13:59Z"),
        ("00:00 America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00Z"),  # no midnight
        ("12:00 Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00Z"),  # no such day
    ],
)
def test_a_handover_on_a_day_of_change(handover: str, day: date, instant: str) -> None:
    """One that clocks leave out is where they go on; of two it is the first."""
    rotation = OnCallRotation(settings(handover=handover, every="1d", begins=f"{day - timedelta(days=4)}"))
    expected = at(instant)
    assert rotation.next_handover(expected - timedelta(microseconds=1)) == expected
    assert rotation.turn(expected) != rotation.turn(expected - timedelta(microseconds=1))


@given(DAYS, CLOCKS, ZONE)
def test_clocks_are_read_as_by_going_through_time(day: date, clock: time, name: str) -> None:
    """The first crossing begins something, the last one ends it."""
    found = crossings(day, clock, ZoneInfo(name))
    assert (beginning(day, clock, ZoneInfo(name)), end(day, clock, ZoneInfo(name))) == (found[0], found[-1])


@given(
    DAYS,
    CLOCKS,
    ZONE,
    st.sampled_from(["1d", "2d", "7d", "13h", "36h", "1h"]),
    st.integers(0, 12 * 24 * 12),
    st.integers(1, 5),
)
def test_turns_are_those_of_a_naive_count(
    day: date, clock: time, zone: str, every: str, steps: int, number: int
) -> None:
    """For whole days by clocks, for other spans by elapsed time, in all zones."""
    people = [f"person-{place}" for place in range(number)]
    made = settings(every=every, handover=f"{clock:%H:%M} {zone}", begins=str(day), people=people)
    when = crossings(day, clock, ZoneInfo(zone))[0] + steps * STEP
    turns = 14 if made.every >= timedelta(days=1) else 12 * 24 + 2
    assert OnCallRotation(made).turn(when) == person(made, when, turns)


@given(st.integers(0, 6), CLOCKS, CLOCKS, ZONE, DAYS, st.integers(0, 9 * 24 * 12))
def test_hours_are_those_of_going_through_time(
    weekday: int, begins: time, ends: time, zone: str, day: date, steps: int
) -> None:
    """Over midnight too, and on days of change."""
    if begins == ends:
        return
    made = settings(hours=[f"{WEEK[weekday]} {begins:%H:%M}-{ends:%H:%M}"], handover=f"09:00 {zone}")
    when = datetime(day.year, day.month, day.day, tzinfo=UTC) + steps * STEP
    assert (OnCallRotation(made).turn(when) is not None) == is_within((weekday, begins, ends), when, ZoneInfo(zone))


@given(
    st.integers(0, 40_000),
    ZONE,
    st.sampled_from(["1d", "7d", "9h"]),
    st.sampled_from([[], ["Mon-Fri 08:00-18:00", "22:00-06:00"]]),
)
def test_shifts_and_turns_agree(steps: int, zone: str, every: str, hours: list[str]) -> None:
    """At any time the shift that holds it has the person whose turn it is, and shifts do not depend on what is asked for."""
    rotation = OnCallRotation(settings(every=every, handover=f"09:00 {zone}", hours=hours, holidays="DE-BY"))
    when = at("2025-12-20T00:00Z") + steps * STEP
    wide = list(rotation.shifts(when - timedelta(days=9), when + timedelta(days=9)))
    assert [shift.person for shift in wide if shift.holds(when)] == [
        person for person in [rotation.turn(when)] if person
    ]
    narrow = list(rotation.shifts(when, when + timedelta(days=2)))
    assert narrow == [shift for shift in wide if shift.ends > when and shift.begins < when + timedelta(days=2)]


def test_turns_of_weeks_go_over_a_leap_day() -> None:
    """The 29 February is a day like any other."""
    rotation = OnCallRotation(
        settings(every="1d", handover="09:00 Europe/Berlin", begins="2028-02-27", people=["a", "b", "c"])
    )
    days = ["2028-02-27", "2028-02-28", "2028-02-29", "2028-03-01"]
    assert [rotation.turn(at(f"{day}T12:00Z")) for day in days] == ["a", "b", "c", "a"]


def test_before_the_first_handover_turns_are_counted_back() -> None:
    """The person before the first one is the last one."""
    rotation = OnCallRotation(settings(begins="2026-11-25"))
    assert rotation.turn(at("2026-11-30T08:00Z")) == "ana"
    assert rotation.turn(at("2026-11-30T07:59Z")) == "ben"


def test_unless_said_turns_are_counted_from_2024() -> None:
    """From its first handover: a Monday."""
    rotation = OnCallRotation(settings())
    assert [rotation.turn(at(f"2024-01-{day:02}T12:00Z")) for day in (1, 8, 15)] == ["ana", "ben", "ana"]
    assert OnCallRotation(settings(handover="Tue 09:00 UTC")).turn(at("2024-01-02T09:00Z")) == "ana"


def test_holidays_have_nobody() -> None:
    """From midnight to midnight where the rotation is, for hours over midnight too."""
    rotation = OnCallRotation(settings(holidays="DE-BY", hours=["22:00-06:00"]))
    assert rotation.turn(at("2026-12-25T04:30:00+01:00")) is None
    assert rotation.turn(at("2026-12-24T23:30:00+01:00")) is not None
    assert rotation.turn(at("2026-12-25T23:30:00+01:00")) is None
    assert rotation.turn(at("2026-12-27T01:00:00+01:00")) is not None
    assert OnCallRotation(settings(holidays="DE-BY")).turn(at("2026-01-06T12:00Z")) is None, (
        "a holiday of Bavaria alone"
    )
    assert OnCallRotation(settings(holidays="DE")).turn(at("2026-01-06T12:00Z")) is not None


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"handover": "Mon 09:00 Europe/Berlinn"}, "is not a zone; write a name such as Europe/Berlin"),
        ({"handover": "Mon 09:00 ../etc/passwd"}, "handover"),
        ({"hours": ["08:00-25:00"]}, "are not hours; write such as"),
        ({"hours": ["Montag 08:00-18:00"]}, "are not hours"),
        ({"hours": ["Mon 08:00-08:00"]}, "begin and end at the same time"),
        ({"holidays": "XX"}, "the holidays of XX are not known"),
        ({"holidays": "DE-ZZ"}, "the holidays of DE-ZZ are not known"),
        ({"begins": "2026-02-30"}, "is not a day of the calendar"),
        ({"begins": "0001-01-01"}, "is too far away"),
        ({"every": "10m"}, "at least an hour"),
        ({"every": "3000d"}, "too long"),
    ],
)
def test_what_cannot_be_a_rotation_is_refused(values: dict[str, object], says: str) -> None:
    """With what to write."""
    with pytest.raises(ValueError, match=says):
        settings(**values)


def test_hours_know_days_and_midnight() -> None:
    """Ranges of days go round the week, and 24:00 is the end of a day."""
    rotation = OnCallRotation(settings(handover="09:00 UTC", hours=["Sat-Mon 20:00-24:00", "Wed,Fri 00:00-01:00"]))
    on = [day for day in range(2, 9) if rotation.turn(at(f"2026-11-{day:02}T23:59Z"))]  # the 2nd is a Monday
    assert on == [2, 7, 8]
    assert [day for day in range(2, 9) if rotation.turn(at(f"2026-11-{day:02}T00:30Z"))] == [4, 6]
