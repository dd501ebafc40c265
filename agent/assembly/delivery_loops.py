"""From a node to the loops behind the spools: one for each destination, and what keeps the spools within bounds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
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


class DeliveryLoops:
    """What follows the spools; nothing runs yet. Each destination takes the shards that its settings name, then and later."""

    def __init__(self, node: Node, settings: Settings, *, now: Callable[[], datetime], stop: threading.Event) -> None:
        lines = SharedLines() if len(node.destinations) > 1 else SharedLines(most=0)
        self.forwards: Sequence[Forward] = [
            Forward(
                destination,
                [],
                lines,
                problems=node.own_problems,
                now=now,
                stop=stop,
                settings=delivery,
                grown=node.grown,
            )
            for destination, delivery in zip(node.destinations, settings.destinations, strict=True)
        ]
        self._node = node
        self._now = now
        self._shards: dict[str, Shard] = {}
        """Those that are followed, as they were when they were looked at last."""
        self._repairs: dict[str, Repair] = {}
        self.trim = self._follow()
        self.repair = RepairLoop(dict(self._repairs), stop)

    def follow(self) -> None:
        """Take the shards of the node as they are now. Those that are as they were are not touched, but for what of the room
        on the disk is theirs. From any thread, one at a time.
        """
        self.trim = self._follow()
        self.repair.replace(dict(self._repairs))

    def _follow(self) -> Trim:
        """What waits for destinations that no longer take a shard is dropped or reported here: before the first trimming,
        which would remove it in silence.
        """
        node, trims, limits = self._node, list[ShardTrim](), dict[str, BacklogLimit]()
        settings = node.settings
        room = SharedRoom(settings.state.spool_limit_mb << 20, [org.name for org in settings.orgs])
        for name, shard in node.shards.items():
            if name not in self._shards:
                self._begin(name, shard)
            followers = _followers(self.forwards, name)
            if self._shards.get(name) is not shard:
                self._replace(name, shard, followers)
            trims.append(ShardTrim(shard.stores.spool, [delivery for _, delivery in followers]))
            limits[name] = _limit(shard, followers, room, trims[-1])
        return Trim(trims, self.forwards, limits)

    def _begin(self, name: str, shard: Shard) -> None:
        for forward, delivery in zip(self.forwards, self._node.settings.destinations, strict=True):
            if delivery.takes(name) and not any(follower.name == name for follower in forward.shards):
                forward.follow(shard.stores)
        _settle_removed(shard.stores, _followers(self.forwards, name), self._configured)

    def _replace(self, name: str, shard: Shard, followers: Followers) -> None:
        # That a destination takes nothing is told in the process's register, whichever orgs it is for.
        destinations = self._configured if name == PROCESS else [forward.name for forward, _ in followers]
        end_outdated(shard.stores.problems, shard.source_names, destinations)
        self._repairs[name] = _repair(shard, self._now)
        self._shards[name] = shard

    @property
    def _configured(self) -> list[str]:
        return [forward.name for forward in self.forwards]


def build_delivery_loops(
    node: Node, settings: Settings, *, now: Callable[[], datetime], stop: threading.Event
) -> DeliveryLoops:
    """The loops of all destinations, and the limit of each shard's backlog as the back-pressure of its ingest."""
    return DeliveryLoops(node, settings, now=now, stop=stop)


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


def _repair(shard: Shard, now: Callable[[], datetime]) -> Repair:
    sources = [*(source for _, source in shard.sources), *([shard.past] if shard.past is not None else [])]
    again: Mapping[str, FetchesAgain] = {source.name: source for source in sources if isinstance(source, FetchesAgain)}
    return Repair(shard.stores, shard.ingest.shaped, again, now=now, stop=shard.stop)
