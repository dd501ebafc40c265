"""Deadlines that come near are told at set parts of their time, whoever has acknowledged."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.notice.clocks.life import BEGIN
from tests.notice.escalation.called import HOUR, MINUTE, CalledLife, arranged


@pytest.fixture
def german(tmp_path: Path) -> Iterator[CalledLife]:
    """The GDPR binds."""
    made = CalledLife(tmp_path / "state", arranged(jurisdictions=["eu"]))
    yield made
    made.close()


def hours(life: CalledLife) -> list[tuple[float, int]]:
    """Hours since the begin, and the tier, of each occasion on which an alarm was told."""
    told = {(message.created_at, message.tier) for message in life.messages("alarm")}
    return [((at - BEGIN) / HOUR, tier) for at, tier in sorted(told)]


def test_an_alarm_is_told_at_each_part_of_a_clocks_time_one_tier_higher(german: CalledLife) -> None:
    """72 hours of Art. 33 from the detection, beside what the policy asks for: 36, 54, 64.8 and 72."""
    german.open()
    german.look()
    german.acknowledge()
    german.pass_by(73 * HOUR, 6 * MINUTE)
    for at, tier in [(36.0, 1), (54.0, 2), (64.8, 3), (72.0, 3)]:
        assert (at, tier) in hours(german)


def test_neither_acknowledgement_nor_snooze_nor_maintenance_keeps_an_alarm(german: CalledLife) -> None:
    """A clock runs on, and so do its alarms."""
    german.window = BEGIN + 100 * HOUR
    german.open(acknowledged_by="ana", acknowledged_at=BEGIN, snoozed_until=BEGIN + 100 * HOUR)
    german.look()
    german.pass_by(37 * HOUR, 30 * MINUTE)
    assert (36.0, 1) in hours(german)


def test_alarms_that_fall_due_while_leakline_is_down_are_told_once_and_late(german: CalledLife) -> None:
    """All clocks of the incident in one message to each place."""
    german.open()
    german.look()
    before = len(german.messages("alarm"))
    german.now += timedelta(hours=60)
    german.restart()
    new = german.messages("alarm")[before:]
    assert len(new) == len({message.target for message in new})
    assert all("Leakline was not running" in message.summary for message in new)
    assert any("eu-gdpr-33 sa" in line for line in new[0].lines)
    german.restart()
    assert len(german.messages("alarm")) == before + len(new)


def test_what_is_sent_or_need_not_be_has_no_more_alarms(german: CalledLife) -> None:
    """The others go on."""
    german.open()
    german.look()
    german.pass_by(40 * HOUR, HOUR)
    german.send("eu-gdpr-33/sa")
    count = len([line for message in german.messages("alarm") for line in message.lines if "eu-gdpr-33 sa" in line])
    german.pass_by(40 * HOUR, HOUR)
    after = [line for message in german.messages("alarm") for line in message.lines if "eu-gdpr-33 sa" in line and "To ack" not in line]  # fmt: skip
    assert len(after) == count


def test_a_date_that_comes_nearer_is_told_when_more_of_its_time_has_passed(german: CalledLife) -> None:
    """Awareness declared earlier than the detection."""
    german.open()
    german.look()
    german.pass_by(10 * HOUR, HOUR)
    count = len(hours(german))
    german.declare("aware", BEGIN - 60 * HOUR)
    german.pass_by(MINUTE)
    assert len(hours(german)) == count + 1
    newest = german.messages("alarm")[-1]
    assert newest.tier == 3
    german.pass_by(HOUR)
    assert german.messages("alarm")[-1] == newest


def test_a_drill_says_so(german: CalledLife) -> None:
    """Whatever is told of it."""
    german.open(origin="drill")
    german.look()
    german.pass_by(37 * HOUR, HOUR)
    assert german.messages("alarm")
    assert all(message.is_drill and message.summary.startswith("[DRILL] ") for message in german.messages())


def test_an_incident_without_a_policy_of_its_own_has_alarms_too(german: CalledLife) -> None:
    """By the last of the policies."""
    german.open(level="low")
    german.look()
    german.pass_by(37 * HOUR, HOUR)
    assert german.messages("escalation") == []
    assert (36.0, 1) in hours(german)


def test_no_message_names_whom_it_is_about(german: CalledLife) -> None:
    """Neither the title nor the person nor what the alerts mention."""
    german.open(title="Mass export (SECRET-title)", actor="SECRET-actor", traces={"user": ("SECRET-trace",)}, links=("user:SECRET-link",))  # fmt: skip
    german.look()
    german.change("inc-1", lambda found: replace(found, assignee="SECRET-assignee"))
    german.pass_by(40 * HOUR, HOUR)
    assert german.messages("alarm") and german.messages("escalation")
    assert "SECRET" not in repr(german.messages())


def test_an_alarm_that_found_nobody_is_told_once_there_is_somebody(german: CalledLife) -> None:
    """Meanwhile it is a problem, said once."""
    german.open(acknowledged_by="ana", acknowledged_at=BEGIN, state="contained")
    german.look()
    german.roster.there = []
    german.pass_by(40 * HOUR, HOUR)
    german.pass_by(5 * MINUTE)
    assert [problem.kind for problem in german.problems.open()] == ["no-person-notified"]
    assert german.messages("alarm") == []
    records = german.recorded("deadline-alarm")
    german.roster.there = ["ana"]
    german.pass_by(2 * MINUTE)
    assert german.messages("alarm")
    assert german.problems.open() == []
    assert german.recorded("deadline-alarm") == records + 1
