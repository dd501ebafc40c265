"""What goes wrong with one shard's rows at a destination leaves the other shards alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.delivery_settings import DeliverySettings, RefusalSettings
from agent.errors import Unavailable
from agent.model import Chunk, Outcome
from agent.pipeline.forward import Forward
from agent.store.accounts import Accounts
from agent.store.keys import PROCESS
from agent.store.queue.stopped_lanes import TRY_EVERY
from tests.pipeline.fakes import ScriptedDestination
from tests.pipeline.shards import Shards

STRICT = DeliverySettings(refusals=RefusalSettings(rows=4))


class RefusesA(ScriptedDestination):
    """Refuses every row of the org a for good, and raises what it is told to over its rows."""

    fault: Exception | None = None

    def send(self, chunk: Chunk) -> Outcome:
        of_a = [row for row, event_id in enumerate(chunk.ids) if event_id.startswith("a")]
        if of_a and self.fault is not None:
            raise self.fault
        self.script = [Outcome(rejected=[(row, "no") for row in of_a])]
        return super().send(chunk)


@pytest.fixture
def shards(tmp_path: Path) -> Iterator[Shards]:
    shards = Shards(tmp_path / "state", "a", "b")
    yield shards
    shards.close()


def stopped(forward: Forward, name: str) -> list[str]:
    return [lane for shard in forward.shards if shard.name == name for lane in shard.stopped.lanes]


def test_a_damaged_batch_of_one_org_is_its_own(shards: Shards) -> None:
    """It counts as set aside in its shard and is a problem there; the other org's rows arrive."""
    shards.follow(ScriptedDestination())
    shards.put("a", "events", ["a0", "a1"])
    shards.put("b", "events", ["b0"])
    shards.lose("a", "events", 0)
    shards.restart()
    siem = ScriptedDestination()
    shards.drain(shards.follow(siem))
    assert siem.accepted == ["b0"]
    assert Accounts(shards.stores["a"].state).delivered("siem", "events").set_aside == 2
    assert [shards.problems(shard) for shard in ("a", "b", PROCESS)] == [["batch-damaged"], [], []]
    assert shards.status().balanced


def test_a_row_that_cannot_be_encoded_is_its_own_orgs(shards: Shards) -> None:
    """It is kept aside and told in its shard; the rest of its batch and the others' rows arrive."""
    siem = ScriptedDestination()
    forward = shards.follow(siem)
    shards.put("a", "events", ["a0", "poison", "a1"])
    shards.put("b", "events", ["b0"])
    shards.drain(forward)
    assert sorted(siem.accepted) == ["a0", "a1", "b0"]
    assert [shards.problems(shard) for shard in ("a", "b", PROCESS)] == [["dead-letters"], [], []]
    assert shards.status().balanced


def test_a_fault_in_sending_rests_its_own_org(shards: Shards) -> None:
    """What breaks no row alone is told in its shard and tried again after a pause; the others go on meanwhile."""
    siem = ScriptedDestination(script=[RuntimeError("a fault of ours")])
    forward = shards.follow(siem)
    shards.put("a", "events", ["a0"])
    shards.drain(forward)
    assert [shards.problems(shard) for shard in ("a", "b", PROCESS)] == [["pass-failed"], [], []]
    shards.put("b", "events", ["b0"])
    shards.drain(forward)
    assert siem.accepted == ["b0"]
    shards.time += 1_000
    shards.drain(forward)
    assert siem.accepted == ["b0", "a0"]
    assert [shards.problems(shard) for shard in ("a", "b", PROCESS)] == [[], [], []]


def test_a_lane_is_stopped_for_the_org_whose_rows_are_refused(shards: Shards) -> None:
    """What is refused of one org is its own, also over a restart; the other org's lane stays open."""
    siem = RefusesA(max_rows=1)
    forward = shards.follow(siem, STRICT)
    shards.put("a", "events", [f"a{number}" for number in range(6)])
    shards.put("b", "events", [f"b{number}" for number in range(6)])
    shards.drain(forward)
    assert siem.accepted == [f"b{number}" for number in range(6)]
    assert [stopped(forward, "a"), stopped(forward, "b")] == [["events"], []]
    assert sorted(shards.problems("a")) == ["dead-letters", "destination-stopped"]
    assert shards.problems("b") == shards.problems(PROCESS) == []
    shards.restart()
    assert stopped(shards.follow(siem, STRICT), "a") == ["events"]
    assert shards.status().balanced


def test_a_fault_in_offering_a_row_of_a_stopped_lane_ends_nothing(shards: Shards) -> None:
    """The lane stays stopped and is tried again later; the other org's rows arrive meanwhile."""
    siem = RefusesA(max_rows=1)
    forward = shards.follow(siem, STRICT)
    shards.put("a", "events", [f"a{number}" for number in range(6)])
    shards.drain(forward)
    siem.fault = RuntimeError("an answer nobody expected")
    shards.time += TRY_EVERY
    shards.put("b", "events", ["b0"])
    shards.drain(forward)
    assert siem.accepted == ["b0"]
    assert stopped(forward, "a") == ["events"]


def test_that_a_destination_takes_nothing_is_told_once_for_all_orgs(shards: Shards) -> None:
    """In the register of what is of no org, and nowhere else; it is over with the first answer."""
    siem = ScriptedDestination(script=[Unavailable("down")])
    forward = shards.follow(siem)
    for shard in ("a", "b"):
        shards.put(shard, "events", [shard])
    seen: list[list[str]] = []

    def look(_: Chunk) -> Outcome:
        seen.extend(shards.problems(shard) for shard in (PROCESS, "a", "b"))
        return Outcome()

    siem.script += [look]
    shards.drain(forward)
    assert seen == [["destination-unavailable"], [], []]
    assert shards.problems(PROCESS) == []
    assert sorted(siem.accepted) == ["a", "b"]
