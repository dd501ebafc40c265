"""Alerts that come although people took it that nothing more comes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.notice.incidents.incident import State
from tests.notice.incidents.answering import Answering, alert


@pytest.mark.parametrize(("state", "news"), [("contained", 1), ("confirmed", 0)])
def test_each_further_alert_is_news_of_an_incident_that_seems_over(state: State, news: int) -> None:
    """Elsewhere only when alerts have become many; a later word about a known alert is none."""
    answering = Answering()
    answering.take_rows([alert(1, level="high")])
    answering.put(answering.only(), replace(answering.only(), state=state))
    told = answering.take_rows([alert(2, minute=5)]).events
    assert told.height == news
    if news:
        assert told["message"].item().endswith(f"has 2 alerts now, although it is {state}")
    word = alert(3, minute=5, event__action="alert-updated", leakline__alert__id=f"{2:032x}")
    assert answering.take_rows([word]).events.height == 0


def test_what_comes_after_the_notices_opens_another_incident() -> None:
    """Who was notified was told of what was known then; a later word about a known alert stays with its incident."""
    answering = Answering()
    answering.take_rows([alert(1, level="high")])
    first = answering.only()
    answering.put(first, replace(first, state="notified"))
    answering.take_rows([alert(2, minute=5, level="high")])
    second = next(incident for incident in answering.incidents() if incident.id != first.id)
    assert (second.state, second.has_clocks, second.related) == ("triage", True, (first.id,))
    answering.take_rows([alert(3, minute=6, event__action="alert-updated", leakline__alert__id=f"{1:032x}")])
    known = {incident.id: (incident.alerts, incident.revisions) for incident in answering.incidents()}
    assert known == {first.id: (1, 1), second.id: (1, 0)}
