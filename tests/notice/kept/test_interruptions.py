"""What an end at any moment leaves of incidents: all of a batch or a change, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.notice.incidents.incident import Comment, encode
from agent.store import keys
from tests.notice.kept.alerting_node import AlertingNode, logins
from tests.notice.kept.incident_judge import changes_of
from tests.notice.kept.interruption import Interrupted, Interruption
from tests.store.contract.killed import die, run_and_die

BATCHES = logins(10, seed=5)
COMMENTED = "incident-commented"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[AlertingNode]:
    node = AlertingNode(tmp_path / "node")
    yield node
    node.close()


@pytest.fixture
def interruption(monkeypatch: pytest.MonkeyPatch) -> Interruption:
    return Interruption(monkeypatch)


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[AlertingNode]:
    """What the batches leave where nothing ends them."""
    whole = AlertingNode(tmp_path / "whole")
    whole.read_in_turn(BATCHES)
    yield whole
    whole.close()


def stored(node: AlertingNode) -> dict[str, object]:
    """Everything of the shard but the count of attempts."""
    state = node.shard.stores.state
    return {key: state.get(key) for key in state.keys("") if "attempt" not in key}


def interrupted_at(work: Callable[[], object], interruption: Interruption, at: int) -> str:
    """Work up to a moment; what was done then, empty where it came through."""
    interruption.set(at)
    try:
        work()
    except Interrupted as end:
        return str(end)
    finally:
        interruption.set(0)
    return ""


def test_a_batch_that_is_interrupted_leaves_nothing_in_state_or_memory(
    node: AlertingNode, whole: AlertingNode, interruption: Interruption
) -> None:
    """At each of its writes, in one process that goes on after each; in the end everything is as without."""
    node.read_in_turn(BATCHES[:-1])
    node.clock.move(minutes=5)
    interruption.watch(node.shard.stores)
    before, moments, at = stored(node), list[str](), 1
    while moment := interrupted_at(lambda: node.read(BATCHES), interruption, at):
        moments.append(moment)
        assert stored(node) == before, moment
        assert node.differences() == []
        at += 1
    assert {"before write", "after write", "before the commit"} <= set(moments)
    assert any("incident/" in moment for moment in moments)
    assert any("record/" in moment for moment in moments)
    assert node.differences() == []
    assert node.kept().members() == whole.kept().members()
    assert {row.id for row in node.sent()} == {row.id for row in whole.sent()}


def comment(node: AlertingNode, number: str) -> None:
    with node.shard.desk.changing() as change:
        before = change.incident(number)
        assert before is not None
        text = Comment(change.now, "ann", f"comment {len(before.comments)}")
        after = replace(before, comments=(*before.comments, text))
        change.put(before, after, COMMENTED, f"ann comments on {number}", by="ann", data={"comment": text.text})


def test_a_change_at_the_desk_that_is_interrupted_leaves_nothing(
    node: AlertingNode, interruption: Interruption
) -> None:
    """Neither in the state nor in memory, nor in the trail or the outbox; what batches bring next is added to what is stored."""
    node.read_in_turn(BATCHES[:-1])
    incidents = node.shard.incidents
    number = max(node.kept().incidents.values(), key=lambda incident: incident.alerts).id
    interruption.watch(node.shard.stores)
    before, at = stored(node), 1
    while interrupted_at(lambda: comment(node, number), interruption, at):
        assert stored(node) == before
        with node.shard.ingest.alone():
            remembered = incidents.incident(number)
        assert remembered is not None
        assert encode(remembered) == before[keys.RESPONSE.key(f"incident/{number}")]
        at += 1
    assert at > 5
    assert changes_of(node.kept(), COMMENTED) == {number: 1}
    node.read(BATCHES)
    node.tell()
    assert node.differences() == []
    assert [found.text for found in node.kept().incidents[number].comments] == ["comment 0"]
    assert sum(row.action == COMMENTED for row in node.sent()) == 1


ENDS = ("after write", "apply response/incident", "before the commit", "after the commit", "after publish")
"""Moments of a batch at which a process is killed."""


def kill_at(folder: Path, moment: str, batches: int) -> None:
    """In a process of its own: read the first batches, and die in the last of them."""
    patch = pytest.MonkeyPatch()
    interruption = Interruption(patch, lambda _: die())
    node = AlertingNode(folder)
    node.read_in_turn(BATCHES[: batches - 1])
    interruption.watch(node.shard.stores)
    interruption.set(moment)
    node.read_in_turn(BATCHES[:batches])


def test_a_kill_at_any_moment_of_a_batch_leaves_one_story(whole: AlertingNode, tmp_path: Path) -> None:
    """Every process that starts after a kill goes on where the state is; in the end nothing differs from a run without."""
    for batches, moment in enumerate(ENDS, 2):
        run_and_die(kill_at, tmp_path / "killed", moment, batches)
    node = AlertingNode(tmp_path / "killed")
    try:
        assert node.differences() == []
        node.read_in_turn(BATCHES)
        assert node.differences() == []
        assert node.kept().members() == whole.kept().members()
        assert {row.id for row in node.sent()} == {row.id for row in whole.sent()}
    finally:
        node.close()
