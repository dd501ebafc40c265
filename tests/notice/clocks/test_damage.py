"""A value that is damaged costs no incident its clocks, and ends nothing; a reload in the middle of a look is not forgotten."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agent.notice.clock import BASIS, CLOCKS, TIMER
from agent.notice.clocks.shelf import CurrentBasis
from agent.notice.clocks.timers import BASED, ShardClocks
from agent.notice.settings import NoticeSettings
from agent.store import keys
from tests.notice.clocks.conftest import Begin
from tests.notice.clocks.life import BEGIN, Life
from tests.notice.clocks.packs import with_hours
from tests.notice.clocks.test_bases import with_contract

GERMAN = NoticeSettings(zone="Europe/Berlin", jurisdictions=["eu"])
HOUR = timedelta(hours=1)
SA = "eu-gdpr-33/sa"


def store(life: Life, key: str, value: bytes | None) -> None:
    with life.state.transact() as transaction:
        transaction.apply(keys.RESPONSE.prefix, {key: value})


def begun(begin: Begin) -> Life:
    life = begin(GERMAN)
    for number in ("inc-1", "inc-2"):
        life.open(number)
        life.look()
        life.declare("aware", BEGIN, number)
    return life


@pytest.mark.parametrize("value", [b"\x00", b"null", b'[{"regime": 1}]', b"\xff\xfe"])
def test_damaged_clocks_are_reckoned_anew_and_that_is_said_once(begin: Begin, value: bytes) -> None:
    """With the dates that they had; the clocks of other incidents go on."""
    life = begun(begin)
    before = life.clock(SA)
    store(life, CLOCKS + "inc-1", value)
    life.restart(GERMAN.model_copy(update={"sectors": ["financial"]}))
    life.restart()
    assert life.clock(SA).due == before.due
    life.pass_to(BEGIN + 72 * HOUR)
    assert [life.clock(SA, number).state for number in ("inc-1", "inc-2")] == ["late", "late"]
    assert len(life.events("clocks-damaged")) == 1


def test_a_damaged_timer_stops_no_clock(begin: Begin) -> None:
    """The one whose it was is looked at all the same, after a restart too."""
    life = begun(begin)
    (own,) = [key for key in life.desk.recall.keys(TIMER) if key.endswith("/inc-1")]
    store(life, own, None)
    store(life, f"{TIMER}yesterday/inc-1", b"")
    life.restart()
    life.restart()
    life.pass_to(BEGIN + 72 * HOUR)
    assert [life.clock(SA, number).state for number in ("inc-1", "inc-2")] == ["late", "late"]


def test_a_damaged_note_of_the_basis_is_replaced(begin: Begin) -> None:
    """All incidents are brought to the basis of now again, which changes none."""
    life = begun(begin)
    said = life.actions()
    store(life, BASED, b"\xff\xfe")
    life.restart()
    assert life.desk.recall(BASED) == life.clock(SA).by.encode()
    assert life.actions() == said


def test_clocks_go_on_where_the_incident_that_became_part_is_damaged(begin: Begin) -> None:
    """Only what was inherited from it is missing."""
    life = begun(begin)
    life.change("inc-1", lambda incident: replace(incident, merged_from=("inc-2",)))
    store(life, "incident/inc-2", b"\x00")
    life.restart()
    life.pass_to(BEGIN + 72 * HOUR)
    assert life.clock(SA).state == "late"


def test_a_basis_that_cannot_be_read_lengthens_nothing(begin: Begin) -> None:
    """Its dates stay although what is known now would give later ones; they move with the anchor."""
    life = begin(with_contract(24))
    life.open()
    life.look()
    life.declare("aware", BEGIN)
    judged_by = life.incident().bases[0]
    life.restart(with_contract(48))
    store(life, BASIS + judged_by, b"\x00")
    life.restart()
    life.learn({"persons_affected": 5.0})
    assert life.clock("contract:big/customer").due == BEGIN + 24 * HOUR
    life.pass_to(BEGIN + 24 * HOUR)
    assert life.clock("contract:big/customer").state == "late"
    life.declare("aware", BEGIN + HOUR)
    assert life.clock("contract:big/customer").due == BEGIN + 49 * HOUR


def test_a_pack_that_comes_during_a_look_is_taken_at_the_next(begin: Begin) -> None:
    """It is not taken for one to which all were brought already."""
    life = begun(begin)
    older = CurrentBasis.of(GERMAN, life.signed)
    newer = CurrentBasis.of(GERMAN, with_hours("eu-gdpr-33", 48))
    asked: list[CurrentBasis] = []

    def current() -> CurrentBasis:
        """The newer one from the second question on."""
        asked.append(newer if asked else older)
        return asked[-1]

    life.clocks = ShardClocks(life.desk, life.book, life.lateness, current)
    life.clocks.turn(life.now)
    life.look()
    assert life.clock(SA).due == BEGIN + 48 * HOUR
