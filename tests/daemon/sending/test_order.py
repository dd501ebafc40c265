"""What is sent first, over a channel that is slow, and on a machine whose clock was set back."""

from datetime import timedelta

from agent.notice.channels.channel import NotAccepted
from agent.notice.messages.message import Message
from tests.daemon.sending.scripted_channel import SendingLife
from tests.notice.clocks.life import BEGIN


def test_over_a_slow_channel_the_gravest_is_next_whenever_it_comes(life: SendingLife) -> None:
    """And not after all that waited when the sender looked last."""
    for number in range(8):
        life.open(f"inc-{number}", links=(f"user:{number}",))
    life.look()
    mail = life.channels["mail"]

    def slow(_: Message) -> None:
        life.steady += 15
        life.now += timedelta(seconds=15)
        if len(mail.sent) == 1:
            life.open("inc-grave", level="critical", links=("user:grave",))
            life.look()

    mail.before = slow
    life.send_all("mail")
    incidents = [message.incident for message, _ in mail.sent]
    assert incidents[1] == "inc-grave"
    assert len(incidents) == len(set(incidents)) == 9


def test_what_was_stored_while_the_clock_was_ahead_is_sent(life: SendingLife) -> None:
    """It was set back before anybody looked, with a restart or without."""
    life.now = BEGIN + timedelta(days=1)
    life.open()
    life.look()
    life.now = BEGIN
    life.senders["mail"].turn()
    life.restart()
    life.senders["hook"].turn()
    assert [len(channel.sent) for channel in life.channels.values()] == [1, 1]


def test_a_clock_set_back_between_two_attempts_keeps_no_message(life: SendingLife) -> None:
    """The sender had reckoned with another time."""
    life.now = BEGIN + timedelta(days=1)
    life.channels["mail"].answers = [NotAccepted("down")]
    life.open()
    life.look()
    for _ in range(3):
        life.senders["mail"].turn()
    assert len(life.channels["mail"].sent) == 1
    life.now = BEGIN
    life.senders["mail"].turn()
    assert len(life.channels["mail"].sent) == 2
