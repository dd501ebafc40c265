"""Alerts that come although people took it that nothing more comes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.notice.incidents.incident import State
from tests.notice.incidents.answering import Answering, alert


@pytest.mark.parametrize(("state", "news"), [("contained", 1), ("notified", 1), ("confirmed", 0)])
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
