"""Senders over the real daemon: what was answered with success is there, once, whatever happens to the daemon meanwhile."""

from __future__ import annotations

from pathlib import Path

from tests.bench.inbound.listening_agent import ListeningAgent, event_ids
from tests.bench.inbound.open_load import CUT, Load, offered
from tests.bench.inbound.report_requests import ReportRequests

PATIENCE = 300.0
"""Seconds until a load gives up; never a measure of speed."""


def test_what_was_refused_and_is_sent_again_is_there_once(tmp_path: Path) -> None:
    """Senders above their limit are refused until they come slower, and in the end each report was taken exactly once."""
    agent = ListeningAgent(tmp_path, senders=2, requests_per_second=10)
    agent.start()
    load = Load(agent.port, ReportRequests(agent.senders), 200.0, 60, again_after=0.5, patience=PATIENCE)
    with offered(load) as senders:
        outcomes = senders.outcomes()
    agent.wait_for(agent.drained)
    read = agent.read()
    assert agent.stop() == 0
    expected = event_ids(load.requests, range(load.count))
    assert {outcome.status for outcome in outcomes} == {200, 429}
    assert agent.delivered() == dict.fromkeys(expected, 1)
    assert read == {"read": len(expected), "spooled": len(expected), "duplicate": 0, "malformed": 0}


def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    """After `kill -9` all that had its answer is there; what senders send again, for want of one, counts once."""
    agent = ListeningAgent(tmp_path)
    agent.start()
    load = Load(agent.port, ReportRequests(agent.senders), 100.0, 1_000, again_after=0.5, patience=PATIENCE)
    with offered(load) as senders:
        agent.wait_for(lambda: agent.read()["read"] > 100)
        agent.kill()
        agent.start()
        outcomes = senders.outcomes()
    agent.wait_for(agent.drained)
    read = agent.read()
    assert agent.stop() == 0
    assert CUT in {outcome.status for outcome in outcomes}  # the kill came while senders waited
    answered = [outcome.number for outcome in outcomes if outcome.status == 200]
    assert sorted(answered) == list(range(load.count))
    expected = event_ids(load.requests, answered)
    assert agent.delivered().keys() == set(expected)
    assert read["spooled"] == len(expected)
