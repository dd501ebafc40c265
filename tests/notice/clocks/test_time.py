"""What the passing of time brings, and what clocks that are set, kills and full disks do not change."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from agent.notice.clock import TIMER
from agent.notice.clocks import keeper
from agent.notice.incidents.book import LINK, RECKON
from agent.notice.incidents.incident import Settlement
from agent.notice.settings import NoticeSettings
from tests.notice.clocks.conftest import Begin
from tests.notice.clocks.life import BEGIN, Life

GERMAN = NoticeSettings(zone="Europe/Berlin", jurisdictions=["eu"])
DORA = NoticeSettings(zone="Europe/Berlin", jurisdictions=["eu"], sectors=["financial"])
HOUR = timedelta(hours=1)
SA = "eu-gdpr-33/sa"


def late_life(begin: Begin) -> Life:
    life = begin(GERMAN)
    life.open()
    life.look()
    life.declare("aware", BEGIN)
    life.pass_to(BEGIN + 72 * HOUR)
    return life


def test_a_clock_that_is_stepped_back_says_nothing_twice_and_forgets_nothing(begin: Begin) -> None:
    """What was late stays late, before and after a restart, and when the time comes again."""
    life = late_life(begin)
    said = life.actions()
    for hours in (-24, 10, 71, 72, 73):
        life.pass_to(BEGIN + hours * HOUR)
        life.restart()
        assert life.clock(SA).state == "late"
    assert life.actions() == said
    assert len(life.late_problems()) == 1


def test_a_strict_date_that_passes_is_said_once(begin: Begin) -> None:
    """While the law's date is later, or not known at all."""
    life = begin(GERMAN)
    life.open()
    life.look()
    life.pass_to(BEGIN + 10 * HOUR)
    life.declare("aware", life.now)
    life.pass_to(BEGIN + 72 * HOUR)
    life.restart()
    life.pass_to(BEGIN + 73 * HOUR)
    ((_, message),) = life.events("clock-shadow-passed")
    assert SA in message
    assert (life.clock(SA).state, life.clock(SA).passed_shadow) == ("running", True)


def test_what_passed_while_nothing_ran_is_said_at_the_start_with_the_cause(begin: Begin) -> None:
    """By how much it is late, and that Leakline was not running."""
    life = begin(GERMAN)
    life.open()
    life.look()
    life.declare("aware", BEGIN)
    life.close()
    life.now = BEGIN + 75 * HOUR
    life.start()
    life.look()
    ((_, message),) = life.events("clock-late")
    assert message.endswith("late by 3 hours: Leakline was not running")


def test_a_date_that_had_passed_when_it_was_declared_blames_nobody(begin: Begin) -> None:
    """It says that it was not known before."""
    life = begin(GERMAN)
    life.open()
    life.look()
    life.declare("aware", BEGIN - 100 * HOUR)
    ((_, message),) = life.events("clock-late")
    assert message.endswith("that date had passed before it was known")


@pytest.mark.parametrize("step", ["reckoned", "turns", "encode", "_end_problems", "first_millisecond"])
def test_an_error_anywhere_in_a_look_loses_nothing(begin: Begin, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the look is stored or said; the next start does all of it, once."""
    life = begin(GERMAN)
    life.open()
    life.look()
    life.declare("aware", BEGIN)
    stored, said = life.state.keys(""), life.actions()

    def broken(*_: object, **__: object) -> Iterator[object]:
        raise OSError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(keeper, step, broken)
        life.now = BEGIN + 72 * HOUR
        with pytest.raises(OSError, match="killed"):
            life.clocks.turn(life.now)
    assert (life.state.keys(""), life.actions()) == (stored, said)
    life.restart()
    assert life.actions() == [*said, "clock-late"]
    assert len(life.late_problems()) == 1


def test_later_stages_count_from_what_was_sent_and_show_what_was_planned(begin: Begin) -> None:
    """An early stage that is sent late moves the next one; the planned date stays beside it."""
    life = begin(DORA)
    life.open()
    life.look()
    life.declare("aware", BEGIN)
    chained = life.clock("eu-dora-19/intermediate")
    assert (chained.state, chained.due) == ("waiting", None)
    assert chained.planned_due == BEGIN + 4 * HOUR + 72 * HOUR
    life.pass_to(BEGIN + 30 * HOUR)
    assert life.clock("eu-dora-19/initial").state == "late"
    life.send("eu-dora-19/initial")
    after = life.clock("eu-dora-19/intermediate")
    assert (after.state, after.due, after.planned_due) == ("running", BEGIN + 102 * HOUR, chained.planned_due)


def test_a_later_word_about_what_was_sent_moves_the_next_stage_with_it(begin: Begin) -> None:
    """A correction of the time of sending counts like any other."""
    life = begin(DORA)
    life.open()
    life.look()
    life.send("eu-dora-19/initial", BEGIN + 3 * HOUR)
    life.send("eu-dora-19/initial", BEGIN + 2 * HOUR)
    assert life.clock("eu-dora-19/intermediate").due == BEGIN + 74 * HOUR


def test_not_a_breach_ends_all_clocks_and_their_problems(begin: Begin) -> None:
    """With the reason and who decided; reopened, they run again by the same dates."""
    life = late_life(begin)
    before = life.clock(SA)
    life.decide("not-a-breach", "a penetration test")
    ended = life.clock(SA)
    assert (ended.state, ended.ended_at) == ("not-applicable", life.now)
    assert ended.reason == "not-a-breach: a penetration test (decided by dora)"
    assert {clock.has_ended for clock in life.all_clocks().values()} == {True}
    assert life.late_problems() == []
    life.decide("triage", "it was none")
    assert (life.clock(SA).state, life.clock(SA).due) == ("late", before.due)


def test_not_notifiable_ends_what_the_law_asks_for_and_no_contract(begin: Begin) -> None:
    """Authorities and people need not be told; who has a contract still must be."""
    contract = {"name": "big", "anchor": "aware", "hours": 24, "recipient": "privacy@customer.example"}
    life = begin(NoticeSettings(zone="Europe/Berlin", jurisdictions=["eu"], contracts=[contract]))  # type: ignore[list-item]
    life.open()
    life.look()
    life.declare("aware", BEGIN)
    life.decide("not-notifiable", "no risk: the data were encrypted")
    assert life.clock(SA).state == "not-applicable"
    life.pass_to(BEGIN + 24 * HOUR)
    assert life.clock("contract:big/customer").state == "late"


def test_a_settlement_ends_a_clock_with_what_was_recorded(begin: Begin) -> None:
    """A receipt, or a reason with who approved it; the problem is over."""
    life = late_life(begin)
    life.settle(SA, Settlement("not-applicable", life.now, "dora", life.now, reason="not our data", approver="paul"))
    assert (life.clock(SA).state, life.clock(SA).reason) == ("not-applicable", "not our data (approved by paul)")
    assert life.late_problems() == []
    life.send(SA)
    assert (life.clock(SA).state, life.clock(SA).receipt) == ("sent", "case 17")


def test_a_merged_incident_ends_its_clocks_and_the_other_goes_on_by_all_bases(begin: Begin) -> None:
    """What bound the one binds the whole: a merge under newer settings lengthens nothing."""
    life = begin(GERMAN)
    life.open("inc-1")
    life.look()
    life.declare("aware", BEGIN, "inc-1")
    bases = life.incident("inc-1").bases
    life.restart(NoticeSettings(zone="Europe/Berlin", jurisdictions=["uk"]))
    life.open("inc-2", merged_from=("inc-1",), detected_at=BEGIN)
    life.look()
    life.decide("merged", "the same user", "inc-1")
    assert {clock.state for clock in life.all_clocks("inc-1").values()} == {"not-applicable"}
    assert set(bases) <= set(life.incident("inc-2").bases)
    assert life.clock(SA, "inc-2").shadow_due == BEGIN + 72 * HOUR
    assert "uk-gdpr-33/ico" in life.all_clocks("inc-2")


def test_an_estimate_decides_nothing_and_a_fact_ends_or_begins_a_clock(begin: Begin) -> None:
    """An obligation stays until somebody says that it need not be met; another word brings it back."""
    life = begin(GERMAN)
    life.open()
    life.look()
    life.learn({"high_risk": False}, estimated=True)
    assert life.clock("eu-gdpr-34/individuals").state == "running"
    life.learn({"high_risk": False})
    assert life.clock("eu-gdpr-34/individuals").state == "not-applicable"
    life.restart()
    life.learn({"high_risk": True})
    assert life.clock("eu-gdpr-34/individuals").state == "running"


def test_anchors_that_contradict_the_events_count_and_say_so(begin: Begin) -> None:
    """Awareness before the first event: the date is the earlier one, and its basis says that one of the two is wrong."""
    life = begin(GERMAN)
    life.open()
    life.look()
    life.declare("aware", BEGIN - 5 * HOUR)
    assert life.clock(SA).due == BEGIN + 67 * HOUR
    assert "one of the two is wrong" in life.clock(SA).basis


def test_a_notice_to_people_starts_what_counts_from_it(begin: Begin) -> None:
    """The sample copy for the Attorney General of California: its anchor is set by what was sent."""
    life = begin(NoticeSettings(jurisdictions=["us-ca"]))
    life.open()
    life.look()
    life.send("us-ca-1798.82/individuals")
    ag = life.clock("us-ca-1798.82/ag")
    assert (ag.anchor, ag.anchored_at, ag.presumed) == ("individuals_notified", life.now, False)


def test_a_candidate_that_nobody_judged_is_closed_with_a_reason(begin: Begin) -> None:
    """So long after its last alert, and never while a clock of it runs."""
    life = begin(GERMAN)
    life.open("inc-1", state="candidate", has_clocks=False, level="low")
    life.open("inc-2", state="candidate", has_clocks=True)
    life.look()
    life.pass_to(BEGIN + timedelta(days=30) - HOUR)
    assert life.incident("inc-1").state == "candidate"
    life.restart()
    life.pass_to(BEGIN + timedelta(days=30))
    assert life.incident("inc-1").state == "closed"
    assert life.incident("inc-1").decisions[-1].reason.startswith("no alert for 30d")
    assert life.incident("inc-2").state == "candidate"


def test_a_drill_is_late_without_a_problem(begin: Begin) -> None:
    """The event says that it is a drill; nothing is red that is none."""
    life = begin(GERMAN)
    life.open(origin="drill")
    life.look()
    life.declare("aware", BEGIN)
    life.pass_to(BEGIN + 72 * HOUR)
    assert life.actions()[-1] == "clock-late"
    assert life.late_problems() == []


def test_what_is_put_aside_comes_back_and_no_clock_waits_for_it(begin: Begin) -> None:
    """Its date passes while it is put aside."""
    life = begin(GERMAN)
    life.open(snoozed_until=BEGIN + 80 * HOUR)
    life.look()
    life.declare("aware", BEGIN)
    life.pass_to(BEGIN + 72 * HOUR)
    assert life.clock(SA).state == "late"
    assert life.incident().snoozed_until is not None
    life.pass_to(BEGIN + 80 * HOUR)
    assert life.incident().snoozed_until is None


def test_an_ended_incident_is_left_alone_in_the_end(begin: Begin) -> None:
    """Its links are forgotten after `group_within`, and no timer is left."""
    life = begin(GERMAN)
    life.open()
    life.look()
    life.decide("not-a-breach", "a test")
    assert [*life.desk.recall.keys(LINK)]
    life.restart()
    life.pass_to(BEGIN + 24 * HOUR)
    assert [*life.desk.recall.keys(LINK)] == [*life.desk.recall.keys(TIMER)] == [*life.desk.recall.keys(RECKON)] == []


def test_where_nothing_is_due_nothing_is_read(begin: Begin) -> None:
    """A shard that nobody wrote to is not asked again."""
    life = begin(GERMAN)
    life.open()
    life.look()
    life.directory.close()  # whoever reads now fails
    assert not life.clocks.is_due(BEGIN + HOUR)
    life.start()
