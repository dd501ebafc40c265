"""People are told in the order of the policy's steps, until somebody acknowledges."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agent.detection.sigma.rule import Level
from agent.notice.escalation.escalation import Escalation, newest_due, step_time
from agent.notice.incidents.incident import State
from tests.notice.clocks.life import BEGIN
from tests.notice.escalation.called import HOUR, MINUTE, POLICY, CalledLife, arranged


def test_each_tier_is_told_at_its_time_in_every_round(life: CalledLife) -> None:
    """Two rounds of three tiers; then the last tier once in each lease, and the problem stays open."""
    life.open()
    life.look()
    life.pass_by(12 * HOUR)
    rounds = [(0, 1), (15, 2), (45, 3), (60, 1), (75, 2), (105, 3)]
    assert life.tiers() == [*rounds, (345, 3), (585, 3)]
    assert [problem.kind for problem in life.problems.open()] == ["escalation-unanswered"]


def test_a_step_tells_all_its_people_over_all_their_channels_once(life: CalledLife) -> None:
    """People who share a place get one message there."""
    life.open()
    life.look()
    life.pass_by(45 * MINUTE)
    places = [sorted((m.target.channel, m.target.address, m.target.people) for m in life.messages() if m.tier == tier) for tier in (1, 2, 3)]  # fmt: skip
    assert places[0] == [("hook", "", ("ana",)), ("mail", "", ("ana",))]
    assert places[1] == [*places[0], ("mail", "ben", ("ben",))]
    assert places[2] == [("hook", "", ("ana",)), ("hook", "cleo", ("cleo",)), ("mail", "", ("ana",)), ("mail", "ben", ("ben",))]  # fmt: skip


def test_every_place_gets_the_same_words(life: CalledLife) -> None:
    """What is known of the incident is in each message of a step."""
    life.open()
    life.look()
    said = {tuple(message.lines) for message in life.messages()}
    assert len(life.messages()) == 2
    assert len(said) == 1
    assert any("leakline incidents acknowledge inc-1" in line for line in said.pop())


def test_who_acknowledges_ends_it_and_what_waits_is_withdrawn(life: CalledLife) -> None:
    """What was accepted stays accepted."""
    life.open()
    life.look()
    life.deliver(accepted=True, channels=["mail"])
    life.pass_by(5 * MINUTE)
    life.acknowledge()
    life.pass_by(3 * HOUR)
    assert life.tiers() == [(0, 1)]
    assert sorted((message.target.channel, message.state) for message in life.messages()) == [
        ("hook", "withdrawn"),
        ("mail", "accepted"),
    ]


def test_an_acknowledgement_without_anything_done_ends_and_the_next_tier_is_told(life: CalledLife) -> None:
    """Four hours after the last that a person did; the incident waits again."""
    life.open()
    life.look()
    life.pass_by(5 * MINUTE)
    life.acknowledge()
    life.pass_by(2 * HOUR)
    life.decide("suspected")
    life.pass_by(5 * HOUR)
    assert life.tiers() == [(0, 1), (365, 2), (395, 3), (410, 1), (425, 2)]
    incident = life.incident("inc-1")
    assert incident.acknowledged_at is None
    assert life.recorded("acknowledgement-lapsed") == 1


@pytest.mark.parametrize("state", ["contained", "notified", "closed", "not-a-breach", "not-notifiable", "merged"])
def test_what_waits_for_nobody_calls_nobody(life: CalledLife, state: State) -> None:
    """Also no acknowledgement lapses."""
    life.open()
    life.look()
    life.decide(state)
    life.pass_by(6 * HOUR, 10 * MINUTE)
    assert life.tiers() == [(0, 1)]
    assert all(message.state == "withdrawn" for message in life.messages())


@pytest.mark.parametrize("level", ["informational", "low", "medium"])
def test_a_level_without_a_policy_calls_nobody(life: CalledLife, level: Level) -> None:
    """Nothing is stored of it either."""
    life.open(level=level)
    life.look()
    life.pass_by(HOUR)
    assert life.messages() == []


def test_a_candidate_calls_once_it_is_more(life: CalledLife) -> None:
    """From then on its steps count."""
    life.open(state="candidate", has_clocks=False)
    life.look()
    life.pass_by(30 * MINUTE)
    assert life.messages() == []
    life.decide("triage")
    life.pass_by(20 * MINUTE)
    assert life.tiers() == [(30, 1), (45, 2)]


def test_a_level_that_rises_to_another_policy_begins_that_one(life: CalledLife) -> None:
    """The policy that ran is left where it was."""
    grave = POLICY.model_copy(update={"name": "grave", "levels": ["critical"]})
    usual = POLICY.model_copy(update={"levels": ["high"]})
    life.restart(arranged(grave, usual))
    life.open()
    life.look()
    life.pass_by(20 * MINUTE)
    life.change("inc-1", lambda found: replace(found, level="critical"))
    life.pass_by(20 * MINUTE)
    assert life.tiers() == [(0, 1), (15, 2), (20, 1), (35, 2)]
    assert life.escalation().policy.name == "grave"


def test_changed_settings_do_not_change_what_runs(life: CalledLife) -> None:
    """The policy is kept with the escalation."""
    life.open()
    life.look()
    life.restart(arranged(POLICY.model_copy(update={"steps": POLICY.steps[:1], "repeat": 0})))
    life.pass_by(50 * MINUTE)
    assert life.tiers() == [(0, 1), (15, 2), (45, 3)]


def test_incidents_of_before_there_were_policies_are_found_at_the_start(life: CalledLife) -> None:
    """They are told at once."""
    life.restart(arranged(POLICY.model_copy(update={"levels": ["low"]})))
    life.open()
    life.look()
    life.pass_by(2 * HOUR)
    assert life.messages() == []
    life.restart(arranged())
    assert life.tiers() == [(120, 1)]


def test_a_policy_is_for_the_orgs_that_it_names(life: CalledLife) -> None:
    """The shard is called acme."""
    life.restart(
        arranged(POLICY.model_copy(update={"orgs": ["other"]}), POLICY.model_copy(update={"name": "all", "repeat": 0}))
    )
    life.open()
    life.look()
    assert life.escalation().policy.name == "all"


def test_no_step_is_early_when_the_clock_goes_back(life: CalledLife) -> None:
    """And nothing is told twice."""
    life.open()
    life.look()
    life.pass_by(20 * MINUTE)
    life.now = BEGIN - timedelta(hours=1)
    life.pass_by(HOUR + 44 * MINUTE)
    assert len(life.messages()) == 5
    life.pass_by(MINUTE)
    assert max(message.tier for message in life.messages()) == 3


def test_an_acknowledgement_does_not_hold_for_a_graver_incident(life: CalledLife) -> None:
    """Where another policy is for its level, that one begins at once; where the same is, it holds."""
    grave = POLICY.model_copy(update={"name": "grave", "levels": ["critical"]})
    life.restart(arranged(grave, POLICY.model_copy(update={"levels": ["high"]})))
    life.open()
    life.look()
    life.acknowledge()
    life.pass_by(10 * MINUTE)
    life.change("inc-1", lambda found: replace(found, level="critical"))
    life.pass_by(MINUTE)
    assert life.tiers() == [(0, 1), (10, 1)]
    assert life.escalation().policy.name == "grave"
    assert life.incident("inc-1").acknowledged_at is None


def test_a_damaged_escalation_begins_again_with_other_names(life: CalledLife) -> None:
    """What was sent once is no reason to send nothing now."""
    life.open()
    life.look()
    life.deliver(accepted=True)
    with life.desk.changing() as change:
        change.apply({"escalation/inc-1": b"{", "escalate/inc-1": b""})
    life.pass_by(MINUTE)
    assert len(life.messages()) == 4
    assert len({message.id for message in life.messages()}) == 4


@pytest.mark.parametrize("first", [0, 2, 5, 6, 9])
def test_the_last_step_that_is_due_is_the_one_that_counting_finds(first: int) -> None:
    """Within the rounds, at their end, and long after them."""
    began = datetime(2026, 11, 27, tzinfo=UTC)
    escalation = Escalation("inc-1", POLICY, "high", "firing", began, next=first)
    for minutes in range(0, 4_000, 7):
        now = step_time(escalation, first) + timedelta(minutes=minutes)
        counted = first
        while step_time(escalation, counted + 1) <= now:
            counted += 1
        assert newest_due(escalation, first, now) == counted, minutes
    centuries = began + timedelta(days=200 * 365)
    assert step_time(escalation, newest_due(escalation, first, centuries)) <= centuries
