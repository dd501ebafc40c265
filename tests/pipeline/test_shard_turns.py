"""In which order one destination gets what waits in several shards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.delivery_settings import DeliverySettings
from agent.model import Chunk, Outcome
from tests.pipeline.fakes import ScriptedDestination
from tests.pipeline.shards import Shards


@pytest.fixture
def shards(tmp_path: Path) -> Iterator[Shards]:
    shards = Shards(tmp_path / "state", "a", "b", "c")
    yield shards
    shards.close()


def test_a_backlog_of_one_org_holds_up_no_other(shards: Shards) -> None:
    """Behind fifty batches of one org a batch of another comes second at the latest, and so it goes on in turns."""
    siem = ScriptedDestination()
    forward = shards.follow(siem)
    for number in range(50):
        shards.put("a", "events", [f"a{number}"])
    shards.put("b", "events", ["b0"])
    shards.put("c", "events", ["c0"])
    shards.drain(forward)
    assert set(siem.accepted[:3]) == {"a0", "b0", "c0"}
    assert siem.accepted[3:] == [f"a{number}" for number in range(1, 50)]


def test_alerts_of_one_org_give_no_other_org_the_turns_of_a_third(shards: Shards) -> None:
    """Events of two orgs go on in turns while a third has an alert before each of them."""
    siem = ScriptedDestination()
    forward = shards.follow(siem)
    for number in range(4):
        shards.put("b", "events", [f"b{number}"])
        shards.put("c", "events", [f"c{number}"])
    for number in range(8):
        shards.put("a", "alerts", [f"alert{number}"])
        assert forward.forward()
        assert forward.forward()
    events = [event for event in siem.accepted if not event.startswith("alert")]
    assert events == ["b0", "c0", "b1", "c1", "b2", "c2", "b3", "c3"]


def test_an_alert_of_one_org_overtakes_events_of_another(shards: Shards) -> None:
    """At the end of the chunk in hand; the rest of the batch follows."""

    def alert_meanwhile(_: Chunk) -> Outcome:
        shards.put("b", "alerts", ["alert"])
        return Outcome()

    siem = ScriptedDestination(max_rows=2, script=[alert_meanwhile])
    forward = shards.follow(siem)
    shards.put("a", "events", [f"a{number}" for number in range(6)])
    shards.drain(forward)
    assert siem.accepted == ["a0", "a1", "alert", "a2", "a3", "a4", "a5"]


def test_parked_rows_of_one_org_wait_for_what_is_new_in_another(shards: Shards) -> None:
    """Alerts first, then parked alerts, then events, then parked events, whichever org has them."""
    siem = ScriptedDestination()
    forward = shards.follow(siem)
    shards.put("a", "alerts", ["old alert"])
    shards.put("a", "events", ["old event"])
    (queue,) = (shard.queue for shard in forward.shards if shard.name == "a")
    assert [queue.set_aside(), queue.set_aside()] == [1, 1]
    shards.put("b", "events", ["event"])
    shards.put("c", "alerts", ["alert"])
    shards.drain(forward)
    assert siem.accepted == ["alert", "old alert", "event", "old event"]


def test_parked_rows_give_way_to_new_ones_of_another_org(shards: Shards) -> None:
    """A long parked batch is left at a chunk's end for events of now, and goes on afterwards."""

    def event_meanwhile(_: Chunk) -> Outcome:
        shards.put("b", "events", ["event"])
        return Outcome()

    siem = ScriptedDestination(max_rows=2, script=[event_meanwhile])
    forward = shards.follow(siem)
    shards.put("a", "events", ["a0", "a1", "a2", "a3"])
    (queue,) = (shard.queue for shard in forward.shards if shard.name == "a")
    queue.set_aside()
    shards.drain(forward)
    assert siem.accepted == ["a0", "a1", "event", "a2", "a3"]


def test_a_batch_is_not_overtaken_by_events_of_another_org(shards: Shards) -> None:
    """A destination without the alerts sends each batch whole: leaving one for its like would encode it again."""
    siem = ScriptedDestination(max_rows=2, lanes=["events"])
    forward = shards.follow(siem)
    for org in "ab":
        shards.put(org, "events", [f"{org}{number}" for number in range(6)])
    shards.drain(forward)
    assert siem.accepted == [f"{org}{number}" for org in "ab" for number in range(6)]


def test_events_of_an_org_whose_alerts_are_stopped_come_after_alerts_of_others(shards: Shards) -> None:
    """A lane that is stopped makes the other one no more urgent."""
    siem = ScriptedDestination()
    forward = shards.follow(siem, DeliverySettings(orgs=["a", "b"]))
    forward.shards[0].stopped.record_answer("alerts", 2_000, 2_000, "no")
    shards.put("a", "events", ["a0"])
    shards.put("b", "alerts", ["b0"])
    shards.drain(forward)
    assert siem.accepted == ["b0", "a0"]
