"""From a node to the loops behind the spools: one for each destination, and what keeps the spools within bounds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
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
from agent.store.keys import PROCESS, shard_title
from agent.store.queue.backlog_limit import BacklogLimit
from agent.store.queue.removed_destinations import drop_removed
from agent.store.queue.shared_room import SharedRoom
from agent.store.queue.state_stores import StateStores

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
    lines = SharedLines() if len(node.destinations) > 1 else SharedLines(most=0)
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
    room = SharedRoom(settings.state.spool_limit_mb << 20, [org.name for org in settings.orgs])
    trims: list[ShardTrim] = []
    limits: dict[str, BacklogLimit] = {}
    configured = [forward.name for forward in forwards]
    for name, shard in node.shards.items():
        followers = _followers(forwards, name)
        _settle_removed(shard.stores, followers, configured)
        trims.append(ShardTrim(shard.stores.spool, [delivery for _, delivery in followers]))
        limits[name] = _limit(shard, followers, room, trims[-1])
        # That a destination takes nothing is told in the process's register, whichever orgs it is for.
        destinations = configured if name == PROCESS else [forward.name for forward, _ in followers]
        end_outdated(shard.stores.problems, [source.name for _, source in shard.sources], destinations)
    repairs = {name: _repair(shard, now, stop) for name, shard in node.shards.items()}
    return DeliveryLoops(forwards, Trim(trims, forwards, limits), RepairLoop(repairs, stop))


def _followers(forwards: Sequence[Forward], shard: str) -> Followers:
    return [(forward, delivery) for forward in forwards for delivery in forward.shards if delivery.name == shard]


def _settle_removed(stores: StateStores, followers: Followers, configured: Collection[str]) -> None:
    """What waits for destinations that do not take the shard any more: of the spool it is dropped, the rest reported."""
    names = [forward.name for forward, _ in followers]
    drop_removed(stores, [(forward.name, lane) for forward, delivery in followers for lane in delivery.lanes])
    for name in stores.parked.destinations():
        if name in names:
            continue
        if name in configured:
            message = (
                f"rows are set aside for {name}, which no longer takes {shard_title(stores.shard)}: see its `orgs`"
            )
            fix = f"change the `orgs` of {name} back, and they are sent"
        else:
            message = f"rows are set aside for {name}, which is no longer in the settings"
            fix = f"add the destination {name} again, and they are sent"
        stores.problems.report("batches-set-aside", name, message, fix=fix)


def _limit(shard: Shard, followers: Followers, room: SharedRoom, trim: ShardTrim) -> BacklogLimit:
    """The bound of what waits for these, which ingest asks before it reads."""
    stores = shard.stores
    quotas = [forward.quota(delivery, room.most, alone=len(followers) == 1) for forward, delivery in followers]
    limit = BacklogLimit(shard.name, stores.spool, stores.parked, room, quotas, trim.trim)
    limit.measure()
    shard.ingest.backpressure = limit.enforce
    shard.ingest.fullness = limit.fullness
    return limit


def _repair(shard: Shard, now: Callable[[], datetime], stop: threading.Event) -> Repair:
    sources = [*(source for _, source in shard.sources), *([shard.past] if shard.past is not None else [])]
    again: Mapping[str, FetchesAgain] = {source.name: source for source in sources if isinstance(source, FetchesAgain)}
    return Repair(shard.stores, shard.ingest.shaped, again, now=now, stop=stop)
