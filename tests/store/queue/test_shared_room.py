"""The room that orgs share: none takes another's part, and all together stay within the limit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.delivery_settings import DeliverySettings
from agent.pipeline.forward import Forward
from agent.pipeline.spool_trim import ShardTrim
from agent.store.queue.backlog_limit import BacklogLimit
from agent.store.queue.shared_room import SharedRoom
from tests.pipeline.fakes import ScriptedDestination, ids_of
from tests.pipeline.shards import Shards

BATCH = 10
LIMIT = 200


@given(
    orgs=st.integers(1, 6),
    moves=st.lists(st.tuples(st.integers(0, 5), st.integers(-60, BATCH)), max_size=120),
)
def test_all_orgs_together_stay_within_the_limit(orgs: int, moves: list[tuple[int, int]]) -> None:
    """In any order of growth and shrinking: never more than the limit and a batch an org, and an org that holds no more
    than its part may always read.
    """
    names = [f"org{number}" for number in range(orgs)]
    room = SharedRoom(LIMIT, names)
    held = dict.fromkeys(names, 0)
    for number, change in moves:
        name = names[number % orgs]
        allowed = room.allows(name, held[name])
        assert allowed or held[name] > room.own
        if change < 0 or allowed:
            held[name] = max(0, held[name] + change)
        assert sum(held.values()) <= LIMIT + BATCH * orgs


def test_one_org_alone_has_all() -> None:
    """Up to the limit, as if nothing were shared."""
    room = SharedRoom(LIMIT, ["acme"])
    assert room.most == LIMIT
    assert room.allows("acme", LIMIT)
    assert not room.allows("acme", LIMIT + 1)


def test_an_org_that_the_settings_no_longer_name_has_no_part() -> None:
    """What it still holds counts towards the half that is shared, though it never asks for room."""
    room = SharedRoom(LIMIT, ["acme", "other"])
    room.record("gone", LIMIT // 2 - 1)
    assert room.allows("acme", room.own + 1)
    assert not room.allows("acme", room.own + 2)
    assert room.allows("other", room.own)


def test_room_that_an_org_gives_back_is_there_for_others() -> None:
    """Also while it does not ask: it is measured."""
    room = SharedRoom(LIMIT, ["acme", "other"])
    room.allows("acme", room.most)
    assert not room.allows("other", room.own + 1)
    room.record("acme", 0)
    assert room.allows("other", room.most)


@dataclass
class BoundShards:
    """Shards whose one destination is dead, and what bounds the backlog of each."""

    shards: Shards
    forward: Forward
    room: SharedRoom
    rows: int = 0
    """Made so far; batches of the same rows would count as one."""

    def __post_init__(self) -> None:
        self.limits: dict[str, BacklogLimit] = {}
        for follower in self.forward.shards:
            stores, trim = follower.stores, ShardTrim(follower.stores.spool, [follower])
            quota = self.forward.quota(follower, self.room.most, alone=True)
            self.limits[follower.name] = BacklogLimit(
                follower.name, stores.spool, stores.parked, self.room, [quota], trim.trim
            )

    def fill(self, shard: str, batches: int = 1_000) -> int:
        """Read until there is no room, and no more than so many; the bytes the shard holds then."""
        for _ in range(batches):
            if self.limits[shard].enforce():
                break
            self.shards.put(shard, "events", ids_of(self.rows, self.rows + 3))
            self.rows += 3
        return self.shards.stores[shard].spool.bytes_held()


@pytest.fixture
def bound(tmp_path: Path) -> Iterator[BoundShards]:
    shards = Shards(tmp_path / "state", "acme", "other")
    forward = shards.follow(ScriptedDestination(), DeliverySettings(orgs=["acme", "other"]))
    yield BoundShards(shards, forward, SharedRoom(100_000, ["acme", "other"]))
    shards.close()


def test_a_dead_siem_pauses_the_org_whose_rows_it_fills(bound: BoundShards) -> None:
    """That org has its part and the shared half; another reads on within its own part, and is then paused too."""
    batch = bound.fill("acme", 1)
    full = bound.fill("acme")
    assert bound.room.most < full <= bound.room.most + batch
    assert "siem has" in bound.limits["acme"].enforce()
    assert bound.fill("other", 2) > 0
    assert bound.limits["other"].enforce() == ""
    own = bound.fill("other")
    assert bound.room.own < own <= bound.room.own + 2 * batch
    assert "this org's own" in bound.limits["other"].enforce()


def test_an_org_reads_on_once_another_has_given_its_room_back(bound: BoundShards) -> None:
    """What was sent of the other is measured, though nothing is read there."""
    bound.fill("acme")
    bound.fill("other")
    acme = bound.forward.shards[0]
    while acme.queue.pending("events"):
        bound.forward.forward()
    ShardTrim(acme.stores.spool, [acme]).trim()
    bound.limits["acme"].measure()
    assert bound.limits["other"].enforce() == ""
