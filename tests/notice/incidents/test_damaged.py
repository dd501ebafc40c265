"""One incident that cannot be read, and texts of any length, stop nobody and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from agent.notice.incidents.book import DAMAGED, INCIDENT, OPEN
from agent.notice.incidents.incident import Incident, encode
from agent.notice.incidents.incident_alert import LONGEST_TEXT
from tests.notice.incidents.answering import Answering, alert


def damaged(answering: Answering, family: str, value: bytes = b"{not JSON") -> None:
    """All values of a family of keys, and everything in memory is read again."""
    found = list(answering.stored.keys(family))
    assert found
    answering.stored.values |= dict.fromkeys(found, value)
    answering.book.forget()


@pytest.mark.parametrize("value", [b"{not JSON", b"", b"[]", b'{"id": "inc-1"}'])
def test_an_alert_of_a_damaged_incident_opens_another(value: bytes) -> None:
    """Its bytes and its place among the open ones stay; whoever watches finds its id."""
    answering = Answering()
    answering.take_rows([alert(1, level="high")])
    number = answering.only().id
    damaged(answering, INCIDENT, value)
    answering.take_rows([alert(2, minute=5, level="high")])
    assert answering.stored(INCIDENT + number) == value
    assert answering.book.damaged == {number}
    fresh = [known for known in answering.book.ids() if known != number]
    assert [answering.book.incident(known) is not None for known in fresh] == [True]
    assert len(answering.book.open_ids()) == 2
    answering.take_rows([alert(3, minute=6, level="high")])
    assert len(answering.book.ids()) == 2


def test_a_damaged_incident_is_kept_when_its_alert_comes_again() -> None:
    """The id is the same then; nothing is deleted, and it is open once."""
    answering = Answering()
    answering.take_rows([alert(1, level="high")])
    number = answering.only().id
    damaged(answering, INCIDENT)
    answering.take_rows([alert(1, level="low")])
    assert answering.only().level == "low"
    assert answering.stored(DAMAGED + number) == b"{not JSON"
    assert [key.split("/")[3] for key in answering.stored.keys(OPEN)] == ["low"]


@pytest.mark.parametrize("family", ["link/", "alert/", "verdict/"])
def test_other_values_that_are_damaged_stop_no_alert(family: str) -> None:
    """Links, places of alerts and verdicts are found again, or do without."""
    answering = Answering()
    answering.take_rows([alert(1)])
    answering.end(answering.only(), alert(1)["@timestamp"])
    damaged(answering, family, b"\xff")
    answering.take_rows([alert(1, minute=1, event__action="alert-revised", leakline__alert__id=f"{1:032x}"), alert(2)])
    assert answering.incidents()


def test_names_of_any_length_are_kept_in_short() -> None:
    """Of two that begin alike it is known that they are two."""
    answering, long = Answering(), "x" * 1_000_000
    for number, end in enumerate(["one", "two"]):
        user: dict[str, Any] = {
            "user__id": None,
            "user__name": long + end,
            "leakline__app": long,
            "salesforce__entity_name": long,
        }
        answering.take_rows([alert(number, minute=number, level="high", source__ip=long, **user)])
    found: list[Incident] = answering.incidents()
    assert len(found) == 2
    assert all(len(incident.actor) == LONGEST_TEXT for incident in found)
    assert all(len(encode(incident)) < 20_000 for incident in found)
