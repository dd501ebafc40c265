"""While nothing can be stored no incident changes, in the state or in memory; afterwards the same works."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import DiskFull, NoRoom
from agent.notice.incidents.incident import Comment
from tests.notice.kept.alerting_node import ORG, AlertingNode, logins
from tests.store.contract.members import DirectoryHarness

BATCHES = logins(6, seed=9)
SOURCE = f"{ORG}/inbound"
LONG = "seen " * 50_000
"""More than the free pages of a database take."""


@pytest.fixture
def node(tmp_path: Path) -> Iterator[AlertingNode]:
    node = AlertingNode(tmp_path / "node")
    yield node
    node.close()


@pytest.fixture
def disk(node: AlertingNode) -> DirectoryHarness:
    """That of the node."""
    harness = DirectoryHarness(node.node.directory.directory)
    harness.take(node.node.directory)
    return harness


def stored(node: AlertingNode) -> dict[str, object]:
    """Everything of the shard but the count of attempts."""
    state = node.shard.stores.state
    return {key: state.get(key) for key in state.keys("") if "attempt" not in key}


def test_a_batch_without_room_opens_nothing(node: AlertingNode, disk: DirectoryHarness) -> None:
    """Whoever pushed it is told to come again; what comes again then is counted once."""
    ingest = node.shard.ingest
    for batch in BATCHES[:-1]:
        ingest.push(SOURCE, replace(batch, cursor=None))
    before, members = stored(node), node.kept().members()
    with disk.no_room(), pytest.raises(NoRoom):
        ingest.push(SOURCE, replace(BATCHES[-1], cursor=None))
    assert stored(node) == before
    assert ingest.push(SOURCE, replace(BATCHES[-1], cursor=None)) == BATCHES[-1].frame.height
    assert node.differences() == []
    assert sum(alerts for alerts, _ in node.kept().members().values()) > sum(alerts for alerts, _ in members.values())


def test_a_change_without_room_is_refused(node: AlertingNode, disk: DirectoryHarness) -> None:
    """With a word to whoever made it; made again it is there once, with one record and one event."""
    node.read(BATCHES)
    number, before = next(iter(node.kept().incidents)), stored(node)
    with disk.no_room(), pytest.raises(DiskFull):
        comment(node, number)
    assert stored(node) == before
    comment(node, number)
    node.tell()
    assert node.differences() == []
    assert len(node.kept().incidents[number].comments) == 1
    assert sum(row.action == "incident-commented" for row in node.sent()) == 1


def comment(node: AlertingNode, number: str) -> None:
    with node.shard.desk.changing() as change:
        before = change.incident(number)
        assert before is not None
        after = replace(before, comments=(*before.comments, Comment(change.now, "ann", LONG)))
        change.put(before, after, "incident-commented", f"ann comments on {number}", by="ann", data={})
