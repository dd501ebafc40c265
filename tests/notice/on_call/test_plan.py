"""Overrides take the place of rotations, and hours with nobody are found."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.notice.arrangements.people import OnCallSettings, PersonSettings, RotationSettings
from agent.notice.on_call import overrides, plan
from agent.notice.on_call.coverage import gaps, total
from agent.notice.on_call.on_call_roster import OnCallRoster
from agent.notice.on_call.overrides import OnCallOverride, OverrideRefused
from agent.notice.on_call.rotation import OnCallRotation

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
PRIMARY = RotationSettings(name="primary", people=["ana", "ben"], every="7d", handover="Mon 09:00 UTC")  # type: ignore[arg-type]
OFFICE = RotationSettings(
    name="office",
    people=["cem"],
    every="7d",  # type: ignore[arg-type]
    handover="Mon 09:00 UTC",
    hours=["Mon-Fri 08:00-18:00"],
)
PEOPLE = [PersonSettings(name=name, channels=["mail"], roles=roles) for name, roles in
          [("ana", []), ("ben", ["lead"]), ("cem", ["lead"]), ("dia", [])]]  # fmt: skip


def override(person: str, begins: float, ends: float, rotation: str = "primary", made: float = -1.0) -> OnCallOverride:
    """Times: hours after NOW."""
    return overrides.made(
        person, rotation, NOW + begins * HOUR, NOW + ends * HOUR, reason="ill", by="eva", now=NOW + made * HOUR
    )


def on_call(found: list[OnCallOverride], at: datetime, *rotations: RotationSettings) -> list[str]:
    people = [person.name for person in PEOPLE]
    shifts = plan.at([OnCallRotation(settings) for settings in rotations or (PRIMARY,)], found, [], people, at)
    return [shift.person for shift in shifts]


def test_an_override_takes_a_rotations_place() -> None:
    """From its beginning to its end, to the instant, and also outside the rotation's hours."""
    found = [override("dia", 1, 3)]
    times = [NOW + hours * HOUR for hours in (0.99, 1, 2.99, 3)]
    assert [on_call(found, at) for at in times] == [["ben"], ["dia"], ["dia"], ["ben"]]
    night = [override("dia", 10, 11, "office")]
    assert on_call(night, NOW + 10 * HOUR, OFFICE) == ["dia"]
    assert on_call(night, NOW + 9 * HOUR, OFFICE) == []


def test_of_two_overrides_the_later_one_counts() -> None:
    """Where they overlap; around it the older one holds."""
    found = [override("dia", 0, 10, made=-2), override("cem", 2, 4, made=-1)]
    assert [on_call(found, NOW + hours * HOUR) for hours in (1, 3, 5, 11)] == [["dia"], ["cem"], ["dia"], ["ben"]]
    assert [on_call(found[::-1], NOW + 3 * HOUR)] == [["dia"]], "the order is that in which they were made"


def test_without_a_rotation_somebody_is_on_call_besides() -> None:
    """Also where the rotation is not in the settings any more: rather one more than one less."""
    assert sorted(on_call([override("dia", 0, 1, "")], NOW)) == ["ben", "dia"]
    assert sorted(on_call([override("dia", 0, 1, "old")], NOW)) == ["ben", "dia"]


def test_an_override_of_a_person_who_left_counts_for_nothing() -> None:
    """The rotation keeps whom it has."""
    assert on_call([override("gone", 0, 1)], NOW) == ["ben"]


def test_an_override_ends_early() -> None:
    """One that had not begun never was."""
    running, coming = override("dia", 0, 9), override("cem", 5, 9)
    ended = [overrides.ended(known, by="eva", now=NOW + 2 * HOUR) for known in (running, coming)]
    assert [on_call(ended, NOW + hours * HOUR) for hours in (1, 2, 6)] == [["dia"], ["ben"], ["ben"]]
    with pytest.raises(OverrideRefused, match="has ended already"):
        overrides.ended(ended[0], by="eva", now=NOW + 3 * HOUR)


@pytest.mark.parametrize(("begins", "ends"), [(1, 1), (2, 1), (-3, -1), (0, 31 * 24 + 0.1)])
def test_overrides_are_bounded(begins: float, ends: float) -> None:
    """They end, after they begin, in the future, and within 31 days."""
    with pytest.raises(OverrideRefused):
        override("dia", begins, ends, made=0)


def test_the_past_cannot_be_overridden() -> None:
    """An override begins when it is made at the earliest."""
    assert override("dia", -5, 1, made=0).begins == NOW


HOURS = st.integers(0, 200)


@given(
    st.lists(
        st.tuples(st.sampled_from(["ana", "cem", "dia"]), HOURS, HOURS, st.sampled_from(["primary", "office"])),
        max_size=6,
    ),
    HOURS,
)
def test_shifts_are_those_of_each_hour_by_itself(rows: list[tuple[str, int, int, str]], hour: int) -> None:
    """However overrides overlap: the last one made that holds the hour, else the rotation; gaps are the hours of nobody."""
    found = [override(name, begins, ends, rotation) for name, begins, ends, rotation in rows if begins < ends]
    rotations = [OnCallRotation(PRIMARY), OnCallRotation(OFFICE)]
    at = NOW + hour * HOUR
    expected = []
    for rotation in rotations:
        holding = [known for known in found if known.rotation == rotation.name and known.begins <= at < known.ends]
        person = holding[-1].person if holding else rotation.turn(at)
        expected += [(rotation.name, person)] if person else []
    shifts = plan.shifts(rotations, found, [], ["ana", "ben", "cem", "dia"], NOW, NOW + 220 * HOUR)
    assert sorted((shift.rotation, shift.person) for shift in shifts if shift.holds(at)) == sorted(expected)
    office = [shift for shift in shifts if shift.rotation == "office"]
    holes = gaps(office, NOW, NOW + 220 * HOUR)
    assert any(begins <= at < ends for begins, ends in holes) == ("office" not in dict(expected))


def test_hours_with_nobody_are_found() -> None:
    """Nights and the weekend, from Friday noon to Monday noon."""
    shifts = plan.shifts([OnCallRotation(OFFICE)], [], [], ["cem"], NOW, NOW + 72 * HOUR)
    holes = gaps(shifts, NOW, NOW + 72 * HOUR)
    assert holes == [(NOW + 6 * HOUR, NOW + 68 * HOUR)]
    assert total(holes) == 62 * HOUR


def test_words_mean_people() -> None:
    """Each once, in the order in which they are named; what the settings do not have means nobody."""
    roster = OnCallRoster(PEOPLE, OnCallSettings(rotations=[PRIMARY, OFFICE]), lambda: [override("dia", 0, 1)])

    def names(*words: str, at: datetime = NOW) -> list[str]:
        return [person.name for person in roster.people(words, at)]

    assert sorted(names("on_call")) == ["cem", "dia"]
    assert names("on_call:primary") == ["dia"]
    assert names("on_call:office", at=NOW + 20 * HOUR) == [], "it is Saturday"
    assert names("ana", "lead", "cem") == ["ana", "ben", "cem"]
    assert names("everyone") == ["ana", "ben", "cem", "dia"]
    assert names("on_call:old", "nobody-known") == []
