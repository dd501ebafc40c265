"""An incident that could not be read is told of once it can be read, without a restart."""

from agent.notice.escalation.escalation import TIMERS
from agent.notice.incidents.book import INCIDENT
from tests.notice.escalation.called import HOUR, MINUTE, CalledLife


def store(life: CalledLife, value: bytes | None) -> None:
    with life.desk.changing() as change:
        change.apply({INCIDENT + "inc-1": value})
    life.book.forget()


def test_one_that_an_alert_opens_again_is_told_of(life: CalledLife) -> None:
    """Under the same id, as the alert that opened it makes it."""
    life.open()
    store(life, b"{")
    life.escalations.turn(life.now)
    assert life.messages() == []
    store(life, None)
    life.open()
    life.pass_by(MINUTE)
    assert len(life.messages()) == 2


def test_its_escalation_goes_on_where_it_was(life: CalledLife) -> None:
    """And no timer of before is left."""
    life.open()
    life.look()
    whole = life.recall(INCIDENT + "inc-1")
    store(life, b"{")
    life.now += 20 * MINUTE
    life.escalations.turn(life.now)
    assert life.tiers() == [(0, 1)]
    store(life, whole)
    life.pass_by(2 * MINUTE)
    assert life.tiers() == [(0, 1), (21, 2)]
    assert [TIMERS.read(key)[0] for key in life.recall.keys(TIMERS.prefix)] == ["inc-1"]


def test_one_that_stays_damaged_is_said_once(life: CalledLife) -> None:
    """However often it is looked at."""
    life.open()
    store(life, b"{")
    for _ in range(3):
        life.now += HOUR
        life.book.settle()
        life.escalations.turn(life.now)
    assert [problem.kind for problem in life.problems.open()] == ["incident-damaged"]
    assert life.messages() == []
