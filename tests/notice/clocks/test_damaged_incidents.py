"""What cannot be read of one incident is a problem of that incident, and the clocks of the others go on."""

from pathlib import Path

from agent.notice.clock import TIMER
from agent.notice.incidents.book import DAMAGED, INCIDENT, RECKON
from agent.notice.settings import NoticeSettings
from agent.store import keys
from tests.notice.clocks.life import Life

SETTINGS = NoticeSettings(zone="Europe/Berlin", jurisdictions=["eu"])


def stored(life: Life, key: str, value: bytes | None) -> None:
    with life.state.transact() as transaction:
        transaction.apply(keys.RESPONSE.prefix, {key: value})


def problems(life: Life) -> list[str]:
    return [problem.subject for problem in life.problems.open() if problem.kind == "incident-damaged"]


def test_a_damaged_incident_is_a_problem_until_it_can_be_read(tmp_path: Path) -> None:
    """Its timer and marks stay for then; the next incident has its clocks."""
    life = Life(tmp_path, SETTINGS)
    life.open("inc-1")
    life.look()
    data = life.desk.recall(INCIDENT + "inc-1")
    timers = list(life.desk.recall.keys(TIMER))
    stored(life, INCIDENT + "inc-1", b"{")
    stored(life, RECKON + "inc-1", b"")
    life.restart()
    life.open("inc-2")
    life.look()
    assert problems(life) == ["inc-1"]
    assert set(timers) < set(life.desk.recall.keys(TIMER))
    assert not life.clocks.is_due(life.now)
    stored(life, INCIDENT + "inc-1", data)
    life.restart()
    assert problems(life) == []
    life.close()


def test_one_that_alerts_found_damaged_is_a_problem_at_once(tmp_path: Path) -> None:
    """Nothing else has to be due; and one that its alert opened again stays one, for what people did to it is not in it."""
    life = Life(tmp_path, SETTINGS)
    life.open("inc-1")
    life.look()
    stored(life, INCIDENT + "inc-1", b"{")
    life.book.forget()
    assert life.book.readable("inc-1") is None
    life.look()
    assert problems(life) == ["inc-1"]
    stored(life, DAMAGED + "inc-1", b"{")
    life.open("inc-1")
    life.look()
    assert problems(life) == ["inc-1"]
    life.close()
