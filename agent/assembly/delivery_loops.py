"""From a node to the loops behind the spools: one for each destination, and what keeps the spools within bounds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.assembly.node import Node
from agent.assembly.outdated_problems import end_outdated
from agent.assembly.shard import Shard
from agent.config.settings import Settings
from agent.pipeline.forward import Forward
from agent.pipeline.repair import Repair
from agent.pipeline.repair_loop import RepairLoop
from agent.pipeline.shard_follower import ShardFollower
from agent.pipeline.shared_lines import SharedLines
from agent.pipeline.spool_trim import ShardTrim, Trim
from agent.source import FetchesAgain
from agent.store.keys import PROCESS
from agent.store.queue.backlog_limit import BacklogLimit
from agent.store.queue.removed_destinations import drop_removed
from agent.store.queue.shared_room import SharedRoom

Followers = Sequence[tuple[Forward, ShardFollower]]
"""Who takes a shard, and what of it."""


@dataclass(frozen=True, slots=True)
class DeliveryLoops:
    """What follows the spools; nothing runs yet."""

    forwards: Sequence[Forward]
    trim: Trim
    repair: RepairLoop


def build_delivery_loops(
    node: Node, settings: Settings, *, now: Callable[[], datetime], stop: threading.Event
) -> DeliveryLoops:
    """The loops of all destinations, and the limit of each shard's backlog as the back-pressure of its ingest.

    What waits for destinations that no longer take a shard is dropped or reported here: before the first trimming, which
    would remove it in silence.
    """
    lines = SharedLines(keep=2 if len(node.destinations) > 1 else 0)
    forwards = [
        Forward(
            destination,
            [stores for name, stores in node.stores.items() if delivery.takes(name)],
            lines,
            problems=node.own_problems,
            now=now,
            stop=stop,
            settings=delivery,
        )
        for destination, delivery in zip(node.destinations, settings.destinations, strict=True)
    ]
    room = SharedRoom(settings.state.spool_limit_mb << 20, len(settings.orgs))
    trims = [_follow(shard, _followers(forwards, name), room) for name, shard in node.shards.items()]
    _end_outdated(node, forwards)
    repairs = {name: _repair(shard, now, stop) for name, shard in node.shards.items()}
    return DeliveryLoops(
        forwards, Trim(trims, forwards, node.shards[PROCESS].ingest.backpressure), RepairLoop(repairs, stop)
    )


def _end_outdated(node: Node, forwards: Sequence[Forward]) -> None:
    for name, shard in node.shards.items():
        # That a destination takes nothing is told in the process's register, whichever orgs it is for.
        destinations = [forward.name for forward in forwards if name == PROCESS or _takes(forward, name)]
        end_outdated(shard.stores.problems, [source.name for _, source in shard.sources], destinations)


def _takes(forward: Forward, shard: str) -> bool:
    return any(delivery.name == shard for delivery in forward.shards)


def _followers(forwards: Sequence[Forward], shard: str) -> Followers:
    return [(forward, delivery) for forward in forwards for delivery in forward.shards if delivery.name == shard]


def _follow(shard: Shard, followers: Followers, room: SharedRoom) -> ShardTrim:
    """Settle what waits for others than these, and bound what waits for them."""
    stores, names = shard.stores, [forward.name for forward, _ in followers]
    drop_removed(stores, [(forward.name, lane) for forward, delivery in followers for lane in delivery.lanes])
    trim = ShardTrim(stores.spool, [delivery for _, delivery in followers])
    quotas = [forward.quota(delivery, room.most, alone=len(followers) == 1) for forward, delivery in followers]
    for name in set(stores.parked.destinations()) - set(names):
        message = f"rows are set aside for {name}, which the settings do not name any more"
        fix = f"add the destination {name} again: they are sent then"
        stores.problems.report("batches-set-aside", name, message, fix=fix)
    limit = BacklogLimit(shard.name, stores.spool, stores.parked, room, quotas, trim.trim)
    shard.ingest.backpressure = limit.enforce
    return trim


def _repair(shard: Shard, now: Callable[[], datetime], stop: threading.Event) -> Repair:
    again: Mapping[str, FetchesAgain] = {
        source.name: source for _, source in shard.sources if isinstance(source, FetchesAgain)
    }
    return Repair(shard.stores, shard.ingest.shaped, again, now=now, stop=stop)
