"""The same rows make the same incidents, whenever they are read and however often the process starts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.notice.kept.alerting_node import EVERY, NOW, AlertingNode, batch_of_logins, login, logins

BATCHES = logins(14, seed=21)
Told = tuple[dict[str, tuple[int, int]], dict[str, str]]
"""Of each incident, its alerts and later words; of each alert, its incident."""


def told(node: AlertingNode) -> Told:
    assert node.differences() == []
    return node.kept().members(), {row.id: row.incident for row in node.sent() if row.is_alert}


@pytest.fixture
def first(tmp_path: Path) -> Iterator[Told]:
    """What was told when the rows were read for the first time."""
    node = AlertingNode(tmp_path / "first")
    node.read_in_turn(BATCHES)
    yield told(node)
    node.close()


def test_a_fresh_state_has_the_same_incidents(first: Told, tmp_path: Path) -> None:
    """With the same alerts, each in the same incident."""
    node = AlertingNode(tmp_path / "again")
    node.read_in_turn(BATCHES)
    assert told(node) == first
    node.close()


def test_restarts_in_between_change_no_incident(first: Told, tmp_path: Path) -> None:
    """After every third batch the process is another one."""
    node = AlertingNode(tmp_path / "restarted")
    for end in range(3, len(BATCHES) + 3, 3):
        node.read_in_turn(BATCHES[:end])
        node.restart()
    assert told(node) == first
    node.close()


def test_what_is_read_at_once_is_what_came_one_by_one(first: Told, tmp_path: Path) -> None:
    """A catch-up commits many batches together; alerts and incidents are those of a run that kept pace. How often an alert
    that grows is sent again depends on the clock, and is left out.
    """
    node = AlertingNode(tmp_path / "at once")
    node.clock.now = NOW + len(BATCHES) * EVERY
    node.read(BATCHES)
    members, incidents = told(node)
    assert {number: alerts for number, (alerts, _) in members.items()} == {
        number: alerts for number, (alerts, _) in first[0].items()
    }
    assert {id_: number for id_, number in first[1].items() if id_ in incidents}.items() <= incidents.items()
    node.close()


def test_a_clock_that_is_stepped_back_changes_no_incident(first: Told, tmp_path: Path) -> None:
    """Which incident an alert joins depends on the alerts, not on what the clock said meanwhile."""
    node = AlertingNode(tmp_path / "stepped")
    for number, batch in enumerate(BATCHES):
        node.clock.now = NOW + number * EVERY - (timedelta(hours=3) if number > len(BATCHES) // 2 else timedelta())
        node.read([batch])
    assert {number: alerts for number, (alerts, _) in told(node)[0].items()} == {
        number: alerts for number, (alerts, _) in first[0].items()
    }
    node.close()


def test_a_later_word_stays_with_its_alert(tmp_path: Path) -> None:
    """Also where the first word was about one user, and the later one is about two and names nobody."""
    node = AlertingNode(tmp_path / "later")
    same = [login("watched1@acme.example", minute) for minute in range(5)]
    other = [login("person7@acme.example", minute) for minute in range(5, 9)]
    node.read_in_turn([batch_of_logins(1, same), batch_of_logins(2, other)])
    node.clock.move(minutes=30)
    node.shard.ingest.tick()
    assert node.differences() == []
    revised = [row for row in node.sent() if row.action == "alert-revised"]
    assert revised
    assert {row.incident for row in revised} == {
        row.incident for row in node.sent() if row.identity in {word.identity for word in revised}
    }
    node.close()
