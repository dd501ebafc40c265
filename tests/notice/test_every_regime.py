"""Every regime of the pack gives dates, or says what it waits for."""

from datetime import UTC, datetime

import pytest

from agent.notice.deadlines import DETECTED, Reckoning
from agent.notice.regimes.model import PRIOR_STAGE, Regime
from agent.notice.regimes.pack import shipped

PACK = shipped().pack
AT = datetime(2026, 11, 27, 10, tzinfo=UTC)
REGIMES = [pytest.param(regime, id=regime.id) for regime in PACK.regimes]


def roles(regime: Regime) -> list[str | None]:
    return [None, *regime.all_roles]


@pytest.mark.parametrize("regime", REGIMES)
def test_with_all_anchors_every_obligation_has_an_end_after_its_anchor(regime: Regime) -> None:
    """In each role, and each obligation in at least one of them."""
    stages = [PRIOR_STAGE + duty.id for duty in regime.obligations]
    known = dict.fromkeys([*PACK.anchors, *stages], AT)
    seen = set()
    for role in roles(regime):
        for date in Reckoning(PACK).due_dates(regime, known, {}, role=role):
            assert date.due_exclusive is not None
            assert date.due_exclusive > AT
            assert not date.shadow
            assert date.applies
            seen.add(date.obligation)
    assert seen == {duty.id for duty in regime.obligations}


@pytest.mark.parametrize("regime", REGIMES)
def test_without_an_anchor_every_obligation_says_what_it_waits_for(regime: Regime) -> None:
    """By the name of the anchor, which `--anchor` takes."""
    for role in roles(regime):
        for date in Reckoning(PACK).due_dates(regime, {}, {}, role=role):
            assert (date.due_exclusive, date.anchored_at) == (None, None)
            assert f"waits for {date.anchor}" in date.basis
            assert date.anchor in PACK.anchors or date.anchor.startswith(PRIOR_STAGE)


@pytest.mark.parametrize("regime", REGIMES)
def test_a_detection_alone_gives_a_date_to_all_that_waits_for_no_other_notice(regime: Regime) -> None:
    """A shadow, unless the anchor is taken to be the detection."""
    for role in roles(regime):
        for date in Reckoning(PACK).due_dates(regime, {DETECTED: AT}, {}, role=role):
            assert (date.due_exclusive is None) == date.anchor.startswith(PRIOR_STAGE)
            assert date.shadow == (date.due_exclusive is not None and date.anchor == DETECTED)


@pytest.mark.parametrize("regime", REGIMES)
def test_what_is_not_known_never_lengthens(regime: Regime) -> None:
    """With nothing said, each end is the earliest that a fact can give, or its basis names the fact that gives another."""
    stages = [PRIOR_STAGE + duty.id for duty in regime.obligations]
    known = dict.fromkeys([*PACK.anchors, *stages], AT)
    reckoning = Reckoning(PACK)
    for role in roles(regime):
        silent = {date.obligation: date for date in reckoning.due_dates(regime, known, {}, role=role)}
        for fact, is_truth in PACK.facts().items():
            for value in (True, False) if is_truth else (0, 10**9):
                for date in reckoning.due_dates(regime, known, {fact: value}, role=role):
                    before = silent[date.obligation]
                    assert date.due_exclusive is not None
                    assert before.due_exclusive is not None
                    told = f"another period if {fact}" in before.basis
                    assert before.due_exclusive <= date.due_exclusive or told
