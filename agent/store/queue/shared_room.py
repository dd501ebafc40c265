"""The room for batch files on the disk, shared by all orgs."""

from __future__ import annotations

import threading
from collections.abc import Collection


class SharedRoom:
    """Half of the room belongs to the orgs in equal parts, the other half to whichever needs more. Safe for threads.

    So one org whose SIEM is dead takes its own part and the shared half, and every other org still has its own part: no
    org stops another. With one org both halves are its own.

        most of all orgs together = limit = own * orgs + shared
    """

    def __init__(self, limit: int, orgs: Collection[str]) -> None:
        """`limit`: bytes; `orgs`: the names of those that share it, at least one.

        Other shards have no part of their own: Leakline's own events are few, and an org that the settings no longer
        name is not read. What they hold counts towards the shared half.
        """
        self.limit = limit
        self.own = limit // (2 * len(orgs))
        """Bytes that one org has whatever the others hold."""
        self.alone = len(orgs) == 1
        """Whether there is nobody to share with."""
        self._orgs = frozenset(orgs)
        self._shared = limit - self.own * len(orgs)
        self._held: dict[str, int] = {}
        self._lock = threading.Lock()

    @property
    def most(self) -> int:
        """Bytes that one org can have while the others hold no more than their own parts."""
        return self.own + self._shared

    def record(self, shard: str, held: int) -> None:
        """How many bytes a shard holds now; to be called now and then, for one that is not read asks for no room."""
        with self._lock:
            self._held[shard] = held

    def allows(self, shard: str, held: int) -> bool:
        """Whether the shard, which holds so many bytes now, may read on."""
        with self._lock:
            self._held[shard] = held
            beyond = sum(max(0, bytes_held - self._part(name)) for name, bytes_held in self._held.items())
        return held <= self._part(shard) or beyond <= self._shared

    def _part(self, shard: str) -> int:
        return self.own if shard in self._orgs else 0
