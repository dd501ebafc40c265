"""Messages are sent once they are stored, again under the same id until the other side has them, and what it answered is kept."""

import itertools
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.errors import StateError
from agent.notice.channels.channel import NotAccepted
from agent.notice.messages import outbox
from agent.notice.messages.message import Message, Target
from agent.notice.sending.bundles import bundles
from tests.daemon.sending.scripted_channel import SendingLife
from tests.notice.escalation.called import HOUR, MINUTE

DOWN = "the connection was refused"


def test_what_the_other_side_answered_is_kept_with_its_receipt(life: SendingLife) -> None:
    """In the message, in the trail and in an event."""
    life.open()
    life.look()
    life.send_all()
    assert [(message.state, message.answer, message.receipt, message.attempts) for message in life.messages()] == [
        ("accepted", "250 ok", "receipt-1", 1),
        ("accepted", "250 ok", "receipt-1", 1),
    ]
    assert life.recorded("message-accepted") == 2
    assert len(life.events("message-accepted")) == 2


def test_a_message_is_sent_again_under_its_id_ever_later(life: SendingLife) -> None:
    """After 5, 10, 20, … seconds, at most five minutes; failures are told when they have doubled."""
    life.channels["mail"].answers = [NotAccepted(DOWN) for _ in range(8)]
    life.open(acknowledged_at=None)
    life.look()
    times = []
    for _ in range(1500):
        before = len(life.channels["mail"].sent)
        life.senders["mail"].turn()
        if len(life.channels["mail"].sent) > before:
            times.append(life.now)
        life.now += timedelta(seconds=1)
    pauses = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(times)]
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300]
    assert len({message.id for message, _ in life.channels["mail"].sent if message.kind == "escalation"}) == 1
    assert life.recorded("message-failed") == 4


def test_a_pause_that_the_other_side_asks_for_is_kept_within_bounds(life: SendingLife) -> None:
    """A minute is granted, a day is not."""
    life.channels["mail"].answers = [NotAccepted("busy", retry_after=60.0), NotAccepted("busy", retry_after=86_400.0)]
    life.open()
    life.look()
    life.senders["mail"].turn()
    assert life.messages()[0].next_at or life.messages()[1].next_at
    mail = next(message for message in life.messages() if message.target.channel == "mail")
    assert mail.next_at == life.now + timedelta(minutes=1)
    life.now += timedelta(minutes=1)
    life.senders["mail"].turn()
    mail = next(message for message in life.messages() if message.target.channel == "mail")
    assert mail.next_at == life.now + timedelta(minutes=15)


def test_what_is_refused_for_good_is_given_up_and_said(life: SendingLife) -> None:
    """The step's other message is enough."""
    life.channels["mail"].answers = [NotAccepted("550 no such user", for_good=True)]
    life.open()
    life.look()
    life.send_all()
    states = {message.target.channel: message.state for message in life.messages()}
    assert states == {"mail": "given-up", "hook": "accepted"}
    assert life.recorded("message-given-up") == 1


def test_a_channel_that_fails_is_told_over_the_other_at_once_and_once(life: SendingLife) -> None:
    """It is a problem until it accepts again."""
    life.channels["mail"].answers = [NotAccepted(DOWN)] * 3
    life.open()
    life.look()
    life.send_all()
    trouble = [message for message, _ in life.channels["hook"].sent if message.kind == "trouble"]
    assert len(trouble) == 1
    assert DOWN in trouble[0].lines[0]
    assert [problem.kind for problem in life.problems.open()] == ["channel-failed"]
    life.now += timedelta(minutes=1)
    life.send_all()
    life.now += timedelta(minutes=1)
    life.send_all()
    life.now += timedelta(minutes=1)
    life.send_all()
    assert life.problems.open() == []
    assert len([message for message, _ in life.channels["hook"].sent if message.kind == "trouble"]) == 1


def test_a_step_whose_channels_all_fail_tells_the_next_within_a_look(life: SendingLife) -> None:
    """Nobody waits for retries."""
    for channel in life.channels.values():
        channel.answers = [NotAccepted(DOWN)]
    life.open()
    life.look()
    life.send_all()
    assert life.tiers() == [(0, 1), (0, 2)]


def test_what_somebody_acknowledged_meanwhile_is_not_sent_again(life: SendingLife) -> None:
    """Not even when its pause is over."""
    life.channels["mail"].answers = [NotAccepted(DOWN)]
    life.open()
    life.look()
    life.send_all("mail")
    life.acknowledge()
    life.look()
    life.now += HOUR
    life.send_all("mail")
    assert len([message for message, _ in life.channels["mail"].sent if message.kind == "escalation"]) == 1


def test_an_acknowledgement_while_a_message_is_on_its_way_is_no_fault(life: SendingLife) -> None:
    """It was sent, and says so."""
    life.channels["mail"].before = lambda _: life.acknowledge()
    life.open()
    life.look()
    life.senders["mail"].turn()
    mail = next(message for message in life.messages() if message.target.channel == "mail")
    assert mail.state == "accepted"


def test_a_kill_between_sending_and_storing_sends_the_same_id_again(life: SendingLife) -> None:
    """And never another one."""
    life.open()
    life.look()

    def dies(_: object) -> None:
        raise KeyboardInterrupt

    life.channels["mail"].before = dies
    with pytest.raises(KeyboardInterrupt):
        life.senders["mail"].turn()
    life.channels["mail"].before = lambda _: None
    life.restart()
    life.send_all("mail")
    assert len(life.channels["mail"].sent) == 2
    assert len(set(life.channels["mail"].ids)) == 1


def test_a_shard_that_may_not_be_worked_on_has_its_message_sent_again(life: SendingLife) -> None:
    """What came of it could not be stored."""
    life.open()
    life.look()
    life.entered = lambda _: nullcontext(False)
    life.senders["mail"].turn()
    assert next(message for message in life.messages() if message.target.channel == "mail").state == "waiting"
    life.entered = lambda _: nullcontext(True)
    life.send_all("mail")
    assert len(set(life.channels["mail"].ids)) == 1


def test_many_messages_to_one_place_are_sent_as_one(life: SendingLife) -> None:
    """Each of them is recorded with the id of the one that was sent."""
    for number in range(12):
        life.open(f"inc-{number}")
    life.look()
    life.look()
    life.send_all("mail")
    bundles = [message for message, _ in life.channels["mail"].sent]
    assert (
        sum(
            message.summary.startswith("12 incidents wait") or "incidents wait for" in message.summary
            for message in bundles
        )
        == 1
    )
    assert len(bundles) == 1
    assert life.recorded("message-accepted") == 12


def test_the_gravest_goes_first(life: SendingLife) -> None:
    """Whatever was stored first."""
    for number, level in enumerate(["high", "critical", "high"]):
        life.open(f"inc-{number}", level=level)
    life.look()
    life.send_all("mail")
    assert [message.level for message, _ in life.channels["mail"].sent] == ["critical", "high", "high"]


def test_what_was_due_while_leakline_was_down_says_how_late_it_is(life: SendingLife) -> None:
    """In its event too."""
    life.open()
    life.look()
    life.now += 6 * HOUR
    life.restart()
    life.send_all()
    late = [said for _, said in life.events("message-accepted")]
    assert late
    assert all("; this is late by " in said for said in late)
    assert any(said.endswith("Leakline was not running") for _, said in life.events("escalation-step"))


def test_what_a_channel_did_not_take_says_so_when_it_does(life: SendingLife) -> None:
    """How late it is, how often it was tried, and what the other side said last; and not that the machine was busy."""
    life.open()
    life.look()
    life.channels["mail"].answers = [NotAccepted("it is full") for _ in range(4)]
    for _ in range(20):
        life.send_all("mail")
        life.now += timedelta(seconds=10)
    ((_, said),) = life.events("message-accepted")
    assert "; this is late by 1 minute: 4 attempts failed before, the last one: it is full" in said


def test_a_fault_of_a_channel_is_its_own(life: SendingLife) -> None:
    """It ends no thread, and what it says is not lost."""
    life.channels["mail"].answers = [ZeroDivisionError("a fault of ours")]
    life.open()
    life.look()
    life.senders["mail"].turn()
    mail = next(message for message in life.messages() if message.target.channel == "mail")
    assert "ZeroDivisionError" in mail.answer
    assert mail.state == "waiting"


def test_a_message_is_given_up_after_a_day(life: SendingLife) -> None:
    """By then its incident was told again many times."""
    life.open()
    life.look()
    mail = next(message for message in life.messages() if message.target.channel == "mail")
    with life.desk.changing() as change:
        outbox.keep(change, mail, replace(mail, due=life.now - 25 * HOUR))
    life.channels["mail"].answers = [NotAccepted(DOWN)]
    life.senders["mail"].turn()
    assert next(message for message in life.messages() if message.target.channel == "mail").state == "given-up"


def test_links_lead_from_messages_about_what_waits_alone(life: SendingLife) -> None:
    """A bundle and a trouble have none."""
    life.channels["mail"].answers = [NotAccepted(DOWN)]
    life.open()
    life.look()
    life.send_all()
    links = {message.kind: link for message, link in life.channels["hook"].sent}
    assert links["escalation"].startswith("https://leakline.example.com/msg-")
    assert links["trouble"] == ""


def test_nothing_is_read_while_nothing_is_due(life: SendingLife, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look costs no look into the state."""
    life.open()
    life.look()
    life.send_all()
    life.send_all()

    def reads(*_: object) -> None:
        raise StateError("read")

    monkeypatch.setattr(outbox, "waiting", reads)
    life.now += MINUTE / 2
    assert life.senders["mail"].turn() == 0


def test_a_channel_that_is_down_is_not_asked_for_each_message(life: SendingLife) -> None:
    """After two failures the others count as failed, so that their next steps do not wait; all are tried later."""
    life.channels["mail"].answers = [NotAccepted(DOWN)] * 2
    for number in range(6):
        life.open(f"inc-{number}")
    life.look()
    life.senders["mail"].turn()
    assert len(life.channels["mail"].sent) == 2
    waiting = [message for number in range(6) for message in life.messages(number=f"inc-{number}")]
    assert all(message.attempts == 1 for message in waiting if message.target.channel == "mail")
    life.now += timedelta(seconds=5)
    life.senders["mail"].turn()
    accepted = [message for number in range(6) for message in life.messages(number=f"inc-{number}")]
    assert sum(message.state == "accepted" for message in accepted if message.target.channel == "mail") == 6


def test_a_storm_is_sent_in_bundles_of_a_hundred(life: SendingLife) -> None:
    """Each in a transaction of its own."""
    messages = [
        Message(f"msg-{number}", "escalation", Target("mail"), "high", f"{number}", life.now, life.now, life.now)
        for number in range(250)
    ]
    assert [len(bundle) for bundle in bundles(messages)] == [100, 100, 50]
