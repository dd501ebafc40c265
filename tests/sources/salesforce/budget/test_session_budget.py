"""Calls that leave in the name of a caller, and those that may not leave now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agent import metrics
from agent.errors import HeldBack, LimitExceeded
from agent.sources.salesforce.budget.caller import ApiCaller, backfill_caller, source_caller
from agent.sources.salesforce.session import Session
from tests.scripted_org.scripted_org import ScriptedOrg
from tests.sources.conftest import MakeSession
from tests.sources.reader import Clock

MINUTE = timedelta(minutes=1)
SELECT = "SELECT Id FROM EventLogFile"


def test_each_call_counts_for_who_made_it(session: Session, org: ScriptedOrg) -> None:
    """Pages, probes and the past are told apart, in the status and the metric; signing in is no call of the API."""
    metric = metrics.API_CALLS.labels("acme", "acme/login_history", "live")
    before = metric._value.get()
    live = session.acting_for(source_caller("acme/login_history", "high", MINUTE))
    list(live.query(SELECT))
    list(live.query(SELECT))
    list(session.acting_for(backfill_caller("acme/login_history")).query(SELECT))
    session.acting_for(ApiCaller("acme", "look_up")).fields("User")
    session.limits()
    status = session.budget.status()
    assert status.purposes == {"live": 2, "backfill": 1, "look_up": 1, "probe": 1}
    assert status.sources == {"acme/login_history": 3, "acme": 2}
    assert status.own == org.api_calls == 5
    assert status.budget == 80_000
    assert metric._value.get() - before == 2
    assert org.calls["token"] == 1


def test_a_session_for_a_caller_shares_all_but_the_name(session: Session, org: ScriptedOrg) -> None:
    """One sign-in, one count, one close for all."""
    live = session.acting_for(source_caller("acme/login_history", "high", MINUTE))
    list(live.query(SELECT))
    assert live.token() is session.token()
    assert live.usage == session.usage == (1, 100_000)
    assert live.org_id == org.id
    session.close()
    assert live.closed


def test_a_backfill_is_refused_first_and_keeps_nobody_else_from_asking(
    make_session: MakeSession, org: ScriptedOrg
) -> None:
    """It hears until when; a source that matters more asks on."""
    session = make_session(api_budget={"share": 0.8, "backfill_share": 0.5})
    live = session.acting_for(source_caller("acme/login_history", "high", MINUTE))
    past = session.acting_for(backfill_caller("acme/login_history"))
    list(live.query(SELECT))
    past.check_budget()
    org.api_calls = 79_000
    list(live.query(SELECT))
    with pytest.raises(HeldBack) as refused:
        past.check_budget()
    assert refused.value.until.tzinfo is not None
    live.check_budget()
    org.api_calls = 80_001
    list(live.query(SELECT))
    with pytest.raises(LimitExceeded) as stopped:
        live.check_budget()
    assert not isinstance(stopped.value, HeldBack)


def test_the_org_is_asked_again_before_anybody_waits_for_what_was_long_ago(
    session: Session, org: ScriptedOrg, clock: Clock
) -> None:
    """Where nobody asked for a while, the last count may be of yesterday; one call tells, and no more than one."""
    live = session.acting_for(source_caller("acme/event_log_object", "low", MINUTE))
    list(live.query(SELECT))
    org.api_calls = 79_999
    list(live.query(SELECT))
    assert session.turn("acme/event_log_object") is not None
    asked = org.calls["limits"]
    clock.advance(hours=1)
    assert session.turn("acme/event_log_object") is not None
    assert session.turn("acme/event_log_object") is not None
    assert org.calls["limits"] == asked + 1
    clock.advance(hours=24)
    assert session.turn("acme/event_log_object") is None


def test_a_hold_outlives_an_org_that_does_not_answer(session: Session, org: ScriptedOrg, clock: Clock) -> None:
    """What is known counts until the org says something else."""
    live = session.acting_for(source_caller("acme/event_log_object", "low", MINUTE))
    list(live.query(SELECT))
    org.api_calls = 79_999
    list(live.query(SELECT))
    clock.advance(hours=1)
    org.status["limits"] = (503, b"")
    assert session.turn("acme/event_log_object") is not None


def test_our_own_share_stops_us_though_the_org_has_plenty(make_session: MakeSession) -> None:
    """Three calls of 100,000 are more than a share that allows two."""
    session = make_session(api_budget={"own_share": 0.00002})
    list(session.query(SELECT))
    session.check_budget()
    list(session.query(SELECT))
    for _ in range(3):
        with pytest.raises(LimitExceeded, match="API calls of the day are used by Leakline itself"):
            session.check_budget()
    assert session.budget.status().own == 2  # to ask again costs what there is too little of


def test_who_has_no_turns_is_never_held_back(session: Session) -> None:
    """A name that nobody registered, such as that of a stream, is read whenever it wants."""
    assert session.turn("acme/real_time") is None
