"""What a kill, a busy state or a shard that is built anew does to sending: nothing is lost, or sent under two ids."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.daemon.sending.channel_health import deaf
from agent.errors import Busy
from agent.notice.channels.channel import NotAccepted
from agent.notice.incidents.book import IncidentBook
from agent.notice.incidents.desk import IncidentChange, IncidentDesk
from agent.store import keys
from agent.store.state import StateRecall
from tests.daemon.sending.scripted_channel import SendingLife

DOWN = "the connection was refused"


def trouble(life: SendingLife) -> list[str]:
    return [message.id for message in life.all_messages() if message.kind == "trouble"]


def test_a_failure_that_could_not_be_told_is_told_once_it_can(
    life: SendingLife, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state was busy just then."""
    life.channels["mail"].answers = [NotAccepted(DOWN)] * 4
    life.open()
    life.look()
    report = life.problems.report

    def busy(*_: object, **__: object) -> None:
        raise Busy("the state is busy")

    monkeypatch.setattr(life.problems, "report", busy)
    life.senders["mail"].turn()
    monkeypatch.setattr(life.problems, "report", report)
    assert trouble(life) == []
    life.now += timedelta(seconds=5)
    life.senders["mail"].turn()
    assert len(trouble(life)) == 1


def test_an_end_that_could_not_be_told_is_told_once_it_can(life: SendingLife, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a channel that works is said to fail until the next start."""
    health = life.health["mail"]
    health.note(NotAccepted(DOWN))
    over = life.problems.over

    def busy(*_: object, **__: object) -> None:
        raise Busy("the state is busy")

    monkeypatch.setattr(life.problems, "over", busy)
    with pytest.raises(Busy):
        health.note(None)
    monkeypatch.setattr(life.problems, "over", over)
    health.note(None)
    assert life.problems.open() == []


def test_a_channel_that_comes_and_goes_is_told_once_an_hour(life: SendingLife) -> None:
    """Whichever hour of the day it is."""
    health = life.health["mail"]
    life.now = life.now.replace(minute=59)
    for _ in range(5):
        health.note(NotAccepted(DOWN))
        health.note(None)
        life.now += timedelta(minutes=1)
    assert len(trouble(life)) == 1


def test_what_was_answered_while_a_shard_was_built_anew_is_stored_in_the_new_one(life: SendingLife) -> None:
    """The old desk's memory is nobody's any more."""
    life.open()
    life.look()
    old = life.desk
    used: list[IncidentDesk] = []
    changing = old.changing

    @contextmanager
    def noted() -> Iterator[IncidentChange]:
        used.append(old)
        with changing() as change:
            yield change

    old.changing = noted  # type: ignore[method-assign]

    def anew(_: object) -> None:
        life.book = IncidentBook(StateRecall(life.state, keys.RESPONSE.prefix))
        life.desk = IncidentDesk(
            life.state, life.problems, life.book, nullcontext, old._record, life.settings, lambda: life.now
        )
        life.channels["mail"].before = lambda _: None

    life.channels["mail"].before = anew
    life.senders["mail"].turn()
    life.senders["mail"].turn()
    assert used == []
    mail = [message for message in life.messages() if message.target.channel == "mail"]
    assert [message.state for message in mail] == ["accepted"]
    assert len(life.channels["mail"].ids) == 1


def test_nothing_is_heard_outside_while_no_channel_accepts_anything(life: SendingLife) -> None:
    """One that works, or was not used yet, is enough."""
    health = list(life.health.values())
    health[0].note(NotAccepted(DOWN))
    assert list(deaf(health)) == []
    health[1].note(NotAccepted(DOWN))
    assert list(deaf(health)) == ["no channel accepts messages"]
    health[0].note(None)
    assert list(deaf(health)) == []


def storm(life: SendingLife) -> list[str]:
    """Twelve messages whose bundle was not accepted; the ids that were sent."""
    life.channels["mail"].answers = [NotAccepted("nobody knows")]
    for number in range(12):
        life.open(f"inc-{number}")
    life.look()
    life.look()
    life.senders["mail"].turn()
    life.now += timedelta(seconds=6)
    return list(life.channels["mail"].ids)


def test_a_bundle_is_sent_again_as_it_was(life: SendingLife) -> None:
    """It may have arrived: a graver message that came since is sent by itself, and before it."""
    (first,) = storm(life)
    life.open("inc-99", level="critical")
    life.look()
    life.look()
    life.senders["mail"].turn()
    graver, again = (message for message, _ in life.channels["mail"].sent[1:])
    assert (graver.incident, again.id) == ("inc-99", first)
    assert again.summary.startswith("12 incidents wait")
    assert life.recorded("message-accepted") == 13


def test_a_bundle_keeps_its_id_without_the_message_that_has_it(life: SendingLife) -> None:
    """Somebody acknowledged that one, and another one; the ten that are left would be sent one by one had they never been a bundle."""
    (first,) = storm(life)
    life.restart()
    gone = next(message.incident for message in life.all_messages() if message.id == first)
    for number in (gone, next(f"inc-{number}" for number in range(12) if f"inc-{number}" != gone)):
        life.change(number, lambda found: replace(found, acknowledged_by="ana", acknowledged_at=life.now))
    life.look()
    life.senders["mail"].turn()
    (again,) = (message for message, _ in life.channels["mail"].sent[1:])
    assert again.id == first
    assert again.summary.startswith("10 incidents wait")
