"""The limit of a shard's backlog: how much may wait for each destination, and what becomes of the rest (back-pressure).

A destination that is behind by more than its quota either pauses reading or has its oldest batches set aside, so that
the spool can be trimmed and nobody else stops. What is set aside has a quota too; beyond that, reading pauses or, where
the settings say so, the oldest rows are dropped. `SharedRoom` bounds spool and what is aside together, of all shards.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.delivery_settings import DeliverySettings
from agent.errors import DiskFull
from agent.store.queue.destination_queue import DestinationQueue
from agent.store.queue.parked_batches import ParkedBatches
from agent.store.queue.shared_room import SharedRoom
from agent.store.spool import Spool

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Quota:
    """What may wait for a destination, and what is done beyond."""

    name: str
    queue: DestinationQueue
    spool_bytes: int
    parked_bytes: int
    sets_aside: bool
    drops: bool
    problem: Callable[[], str]
    """Why the destination accepts nothing just now; empty while it does."""

    @classmethod
    def of(
        cls,
        name: str,
        settings: DeliverySettings,
        queue: DestinationQueue,
        problem: Callable[[], str],
        *,
        limit: int,
        alone: bool,
    ) -> Quota:
        """`limit`: the most bytes that the shard can have; `alone`: whether it is the shard's only destination."""
        sets_aside = settings.when_full == "set_aside" or (settings.when_full is None and not alone)
        # Half for the spool and a quarter for what is set aside: where one destination is away, the others and what is
        # set aside for them still have the last quarter of the limit.
        usual = limit // 2 if sets_aside else limit
        return cls(
            name,
            queue,
            min(limit, settings.quota_mb * MB if settings.quota_mb else usual),
            settings.aside_quota_mb * MB if settings.aside_quota_mb else limit // 4,
            sets_aside,
            settings.when_aside_full == "drop",
            problem,
        )


class BacklogLimit:
    """Asked before each batch that is read. Safe for threads."""

    def __init__(
        self,
        shard: str,
        spool: Spool,
        parked: ParkedBatches,
        room: SharedRoom,
        quotas: Sequence[Quota],
        trim: Callable[[], None],
    ) -> None:
        """`trim` lets the spool go of what nobody needs any more."""
        self._shard = shard
        self._spool = spool
        self._parked = parked
        self._room = room
        self._quotas = quotas
        self._trim = trim
        self._lock = threading.Lock()

    def enforce(self) -> str:
        """Set aside, drop and trim what may be; why there is no room for another batch even so, empty when there is."""
        with self._lock:
            held = self._held()
            if self._room.allows(self._shard, held) and all(held <= quota.spool_bytes for quota in self._quotas):
                return ""
            try:
                reasons = [reason for quota in self._quotas if (reason := self._beyond(quota))]
                self._trim()
                return "; ".join(reasons) or self._total()
            except DiskFull as error:
                return str(error)

    def fullness(self) -> float:
        """Which part of its room the backlog takes: of what the org has for itself, and of each destination's quota."""
        held = self._held()
        rooms = [self._room.own, *(quota.spool_bytes for quota in self._quotas)]
        return max((held / room for room in rooms if room > 0), default=0.0)

    def measure(self) -> None:
        """Let the other shards know how much this one holds."""
        self._room.record(self._shard, self._held())

    def _held(self) -> int:
        parked = self._parked.sizes()
        if not parked:
            return self._spool.bytes_held()
        # By checksum, for a parked batch that the spool has as well is one file with two names.
        return sum({**self._spool.sizes(), **parked}.values())

    def _fits(self) -> bool:
        return self._room.allows(self._shard, self._held())

    def _beyond(self, quota: Quota) -> str:
        """Bring one destination back within its quota; why that is not possible."""
        while (waiting := quota.queue.spool_bytes()) > quota.spool_bytes:
            if not quota.sets_aside:
                return _sentence(
                    quota, f"has {_mb(waiting)} of the spool waiting, and may have {_mb(quota.spool_bytes)}"
                )
            while (parked := quota.queue.parked_bytes()) > quota.parked_bytes:
                if not (quota.drops and quota.queue.drop()):
                    return _sentence(quota, f"has {_mb(parked)} set aside, and may have {_mb(quota.parked_bytes)}")
            if not quota.queue.set_aside():
                return ""
        return ""

    def _total(self) -> str:
        """The limit for everything together; whoever may drop does so first."""
        for quota in self._quotas:
            while quota.drops and not self._fits() and quota.queue.drop():
                pass
        if self._fits() or not self._quotas:
            return ""
        most = max(self._quotas, key=lambda quota: quota.queue.spool_bytes() + quota.queue.parked_bytes())
        waiting = most.queue.spool_bytes() + most.queue.parked_bytes()
        limit = f"all together may have {_mb(self._room.limit)}"
        if not self._room.alone:
            limit += f": this org's own {_mb(self._room.own)} are full, and so is what the orgs share"
        return _sentence(most, f"has {_mb(waiting)} waiting, and {limit}")


def _sentence(quota: Quota, what: str) -> str:
    problem = quota.problem()
    return f"{quota.name} {what} ({problem})" if problem else f"{quota.name} {what}"


def _mb(size: int) -> str:
    return f"{size / MB:,.1f} MB"
