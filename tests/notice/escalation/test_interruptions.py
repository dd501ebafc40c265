"""Snoozes, maintenance, restarts and jumping clocks: nobody is told too early, too often or not at all."""

from dataclasses import replace
from datetime import timedelta

from tests.notice.clocks.life import BEGIN
from tests.notice.escalation.called import HOUR, MINUTE, CalledLife, arranged


def test_six_hours_without_leakline_are_told_once_with_their_cause(life: CalledLife) -> None:
    """The newest step that fell due, to all that were to be told, in one message to each place."""
    life.open()
    life.look()
    life.now += timedelta(hours=6)
    life.restart()
    late = [message for message in life.messages() if message.created_at == life.now]
    assert sorted((message.target.channel, message.target.address) for message in late) == [
        ("hook", ""),
        ("hook", "cleo"),
        ("mail", ""),
        ("mail", "ben"),
    ]
    assert {message.tier for message in late} == {3}
    assert all(
        "this is late by" in message.summary and "Leakline was not running" in message.summary for message in late
    )
    life.pass_by(30 * MINUTE)
    assert len(life.messages()) == len(late) + 2


def test_a_snooze_holds_the_steps_to_its_end(life: CalledLife) -> None:
    """Then what was held is told once."""
    life.open()
    life.look()
    life.change("inc-1", lambda found: replace(found, snoozed_until=BEGIN + 2 * HOUR))
    life.pass_by(3 * HOUR)
    assert life.tiers() == [(0, 1), (120, 2), (150, 3), (165, 1), (180, 2)]
    assert any("held until" in message.summary for message in life.messages())
    assert life.recorded("escalation-held") == 1


def test_nothing_holds_a_critical_incident(life: CalledLife) -> None:
    """Neither a snooze nor maintenance."""
    life.window = BEGIN + 3 * HOUR
    life.open(level="critical", snoozed_until=BEGIN + 2 * HOUR)
    life.look()
    life.pass_by(20 * MINUTE)
    assert life.tiers() == [(0, 1), (15, 2)]


def test_maintenance_holds_the_first_step_too_and_its_early_end_counts(life: CalledLife) -> None:
    """Within a minute of it."""
    life.window = BEGIN + 3 * HOUR
    life.open()
    life.look()
    life.pass_by(20 * MINUTE)
    assert life.tiers() == []
    life.window = None
    life.pass_by(2 * MINUTE)
    assert life.tiers() == [(21, 1)]


def test_a_storm_of_restarts_tells_each_step_once(life: CalledLife) -> None:
    """A restart before and after every look."""
    life.open()
    for _ in range(120):
        life.restart()
        life.now += MINUTE
    life.restart()
    assert [tier for _, tier in life.tiers()] == [1, 2, 3, 1, 2, 3]


def test_nobody_on_call_brings_the_next_step_at_once(life: CalledLife) -> None:
    """And it is said."""
    life.roster.on_call = []
    life.open()
    life.look()
    assert life.tiers() == [(0, 2)]
    assert {message.target.people for message in life.messages()} == {("ben",)}
    assert life.recorded("no-notification-sent") == 1


def test_nobody_at_all_is_a_problem_until_somebody_is_told(life: CalledLife) -> None:
    """It ends with the first message that is accepted."""
    life.roster.there = []
    life.open()
    life.look()
    assert [problem.kind for problem in life.problems.open()] == ["no-person-notified"]
    life.roster.there = ["ana"]
    life.pass_by(MINUTE)
    assert life.deliver(accepted=True) == 2
    assert life.problems.open() == []


def test_a_step_whose_channels_all_fail_brings_the_next_at_once(life: CalledLife) -> None:
    """One that is accepted is enough; after the last tier everyone is told, once."""
    life.open()
    life.look()
    life.deliver(accepted=False, channels=["mail"])
    assert life.tiers() == [(0, 1)]
    life.deliver(accepted=False, channels=["hook"])
    assert life.tiers() == [(0, 1), (0, 2)]
    life.deliver(accepted=False)
    life.deliver(accepted=False)
    assert life.tiers() == [(0, 1), (0, 2), (0, 3)]
    assert [problem.kind for problem in life.problems.open()] == ["no-person-notified"]
    for _ in range(5):
        life.deliver(accepted=False)
    assert life.tiers() == [(0, 1), (0, 2), (0, 3)]


def test_a_newer_step_takes_the_place_of_what_waits_for_the_same_place(life: CalledLife) -> None:
    """So that a channel that comes back does not tell the same thing three times."""
    life.open()
    life.look()
    life.pass_by(50 * MINUTE)
    waiting = [message for message in life.messages() if not message.has_ended]
    assert {message.tier for message in waiting} == {3}
    assert len(waiting) == 4


def test_policies_of_one_step_repeat_it(life: CalledLife) -> None:
    """After `repeat_after`."""
    single = arranged().policies[0]
    life.restart(arranged(single.model_copy(update={"steps": single.steps[:1], "repeat": 2})))
    life.open()
    life.look()
    life.pass_by(HOUR)
    assert life.tiers() == [(0, 1), (15, 1), (30, 1)]


def test_what_is_held_is_held_where_channels_fail_too(life: CalledLife) -> None:
    """The next step waits for the end of the snooze."""
    life.open()
    life.look()
    life.change("inc-1", lambda found: replace(found, snoozed_until=BEGIN + HOUR))
    life.deliver(accepted=False)
    life.pass_by(30 * MINUTE)
    assert life.tiers() == [(0, 1)]
    life.pass_by(40 * MINUTE)
    assert [tier for _, tier in life.tiers()][:2] == [1, 2]


def test_what_is_held_is_held_where_somebody_comes_back_too(life: CalledLife) -> None:
    """Nobody was there for the first step; whoever comes during the snooze is told after it."""
    life.roster.there = []
    life.open()
    life.look()
    life.change("inc-1", lambda found: replace(found, snoozed_until=BEGIN + HOUR))
    life.roster.there = ["ana"]
    life.pass_by(50 * MINUTE)
    assert life.tiers() == []
    life.pass_by(15 * MINUTE)
    assert {at for at, _ in life.tiers()} == {60}
