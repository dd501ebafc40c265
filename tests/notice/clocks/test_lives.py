"""For every regime in force, lives of an incident with a restart between all steps: the dates are those of an independent count."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from agent.notice.deadlines import DETECTED
from agent.notice.incidents.incident import Settlement
from agent.notice.regimes.model import PRIOR_STAGE, Earliest, Obligation, Regime
from agent.notice.regimes.pack import shipped
from agent.notice.settings import NoticeSettings
from tests.notice.clocks.conftest import Begin
from tests.notice.clocks.life import BEGIN, Life
from tests.notice.clocks.naive import end

PACK = shipped().pack
HOUR = timedelta(hours=1)
LONG = timedelta(days=500)
"""After it every period of the pack is over."""

REGIMES = [
    pytest.param(regime, id=regime.id)
    for regime in PACK.regimes
    if regime.in_force(BEGIN.date()) and not regime.template
]


def settings_for(regime: Regime) -> NoticeSettings:
    """Under which it binds in all its roles; of its members' zones none is given."""
    return NoticeSettings(
        jurisdictions=list(regime.jurisdictions), roles=list(regime.all_roles), sectors=list(regime.sectors)
    )


def anchors_of(duty: Obligation) -> list[str]:
    return [part.anchor for part in duty.deadline.of] if isinstance(duty.deadline, Earliest) else [duty.anchor]


def is_chained(duty: Obligation) -> bool:
    return duty.anchor.startswith(PRIOR_STAGE)


def dues(life: Life, regime: Regime, what: str = "due") -> dict[str, datetime | None]:
    return {duty.id: getattr(life.clock(f"{regime.id}/{duty.id}"), what) for duty in regime.obligations}


def expected(regime: Regime, anchors: Mapping[str, datetime]) -> dict[str, datetime | None]:
    presumed = {name: anchors[of] for name, of in PACK.presumed_anchors.items() if of in anchors}
    return {duty.id: end(duty, regime, {**presumed, **anchors}) for duty in regime.obligations}


def strict_end(duty: Obligation, regime: Regime) -> datetime | None:
    """The detection stands for every kind of knowing, and for nothing else."""
    if is_chained(duty) or set(PACK.no_shadow).issuperset(anchors_of(duty)):
        return None
    return end(duty, regime, dict.fromkeys(anchors_of(duty), BEGIN))


def declared(life: Life, regime: Regime) -> dict[str, datetime]:
    """All anchors of the regime are declared now, with a restart behind each."""
    names = {name for duty in regime.obligations if not is_chained(duty) for name in anchors_of(duty)} - {DETECTED}
    for name in sorted(names):
        life.declare(name, life.now)
        life.restart()
    return {DETECTED: BEGIN, **dict.fromkeys(names, life.now)}


def late_of(life: Life, regime: Regime) -> set[str]:
    """Subjects of open problems; several regimes may bind by the same settings."""
    found = {problem.subject for problem in life.late_problems()}
    return {subject for subject in found if subject.startswith(f"inc-1/{regime.id}/")}


@pytest.mark.parametrize("regime", REGIMES)
def test_detected_aware_stages_sent_closed(begin: Begin, regime: Regime) -> None:
    """The strict dates count from the detection, those of the law from what is declared, later stages from what was sent."""
    life = begin(settings_for(regime))
    life.open()
    life.restart()
    strict = {duty.id: strict_end(duty, regime) for duty in regime.obligations}
    assert dues(life, regime, "shadow_due") == strict
    assert dues(life, regime) == expected(regime, {DETECTED: BEGIN})
    life.pass_to(BEGIN + HOUR)
    anchors = declared(life, regime)
    assert dues(life, regime) == expected(regime, anchors)
    assert dues(life, regime, "shadow_due") == strict
    for _ in regime.obligations:  # as many rounds as there can be stages
        for duty in regime.obligations:
            clock = life.clock(f"{regime.id}/{duty.id}")
            if clock.due is not None and not clock.has_ended:
                life.pass_to(life.now + HOUR / 4)
                life.send(clock.id)
                life.restart()
                anchors[PRIOR_STAGE + duty.id] = life.now
    assert dues(life, regime) == expected(regime, anchors)
    assert {life.clock(f"{regime.id}/{duty.id}").state for duty in regime.obligations} == {"sent"}
    life.decide("closed")
    life.restart()
    life.pass_to(BEGIN + LONG)
    life.restart()
    assert late_of(life, regime) == set()
    assert {life.clock(f"{regime.id}/{duty.id}").state for duty in regime.obligations} == {"sent"}


def hours_from_awareness(regime: Regime) -> list[timedelta]:
    """Terms in hours, whether by the law or by a target."""
    deadlines = [duty.deadline for duty in regime.obligations if duty.anchor == "aware"]
    hours = [getattr(found, "value" if found.mode == "hours" else "policy_target_hours", None) for found in deadlines]
    return [number * HOUR for number in hours if number is not None]


@pytest.mark.parametrize("regime", REGIMES)
def test_presumed(begin: Begin, regime: Regime) -> None:
    """A day after the detection, or sooner where a law has a shorter term, everything that counts from awareness has a date, which says
    that nobody declared it.
    """
    life = begin(settings_for(regime))
    life.open()
    life.restart()
    presumed_at = BEGIN + min([24 * HOUR, *hours_from_awareness(regime)])
    life.pass_to(presumed_at - HOUR / 60)
    life.restart()
    assert "aware" not in life.incident().anchors
    life.pass_to(presumed_at)
    life.restart()
    aware = life.incident().anchors["aware"]
    assert (aware.time, aware.presumed, life.incident().state) == (life.now, True, "triage")
    assert dues(life, regime) == expected(regime, {DETECTED: BEGIN, "aware": life.now})
    for duty in regime.obligations:
        clock = life.clock(f"{regime.id}/{duty.id}")
        assert clock.presumed == (clock.due is not None and clock.anchor != DETECTED)


@pytest.mark.parametrize("regime", REGIMES)
def test_late(begin: Begin, regime: Regime) -> None:
    """Every date that passes is said once and stays a problem until it is explained; restarts change nothing."""
    life = begin(settings_for(regime))
    life.open()
    life.restart()
    anchors = declared(life, regime)
    ends = {f"{regime.id}/{id_}": due for id_, due in expected(regime, anchors).items() if due is not None}
    for due in sorted(set(ends.values())):
        life.pass_to(due - HOUR / 3600)
        life.restart()
        assert {id_ for id_ in ends if life.clock(id_).state == "late"} == {id_ for id_, at in ends.items() if at < due}
        life.pass_to(due)
        life.restart()
        assert {id_ for id_ in ends if life.clock(id_).state == "late"} == {
            id_ for id_, at in ends.items() if at <= due
        }
    said = [message for _, message in life.events("clock-late") if f" {regime.id}/" in message]
    assert len(said) == len(ends)
    assert late_of(life, regime) == {f"inc-1/{id_}" for id_ in ends}
    for id_ in ends:
        life.settle(id_, Settlement("late", life.now, "dora", life.now, reason="the list was not complete"))
        life.restart()
    assert late_of(life, regime) == set()
    assert {life.clock(id_).state for id_ in ends} == {"explained"}
