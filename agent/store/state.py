"""What a shard remembers: a small transactional store of keys and values that never forgets by itself.

A *shard* is one org of the settings, or the process itself (`keys.PROCESS`). Nothing of what one shard stores concerns
another, and no transaction crosses shards. `agent.store.keys` lists the families of keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, runtime_checkable

from agent.store.batch_store import BatchStore
from agent.store.transaction import Transaction, Value


@runtime_checkable
class State(Protocol):
    """The keys of one shard. Safe for threads.

    Reads see what was committed, and inside a transaction of their own thread what that has written so far. Every
    method raises StateError when the store cannot be read or written, StateDamaged when it is damaged.
    """

    shard: str
    """An org's name in the settings, or `keys.PROCESS`."""
    id: str
    """Of the whole state, all shards: eight hexadecimal characters, given once."""
    directory: Path
    """Where the shard may keep files of its own."""

    def get(self, key: str) -> Value | None: ...

    def text(self, key: str) -> str | None:
        """The value if it is a `str`, else None."""
        ...

    def number(self, key: str) -> int:
        """The value if it is an `int`, else 0."""
        ...

    def data(self, key: str) -> bytes | None:
        """The value if it is `bytes`, else None."""
        ...

    def keys(self, prefix: str) -> list[str]:
        """All keys that begin with `prefix`, in the order of their code points."""
        ...

    def transact(self, wait: float | None = None) -> AbstractContextManager[Transaction]:
        """All writes inside become visible together, or none does: an exception undoes them, and passes on.

        May be nested: the outermost block commits, and is durable when it returns. An exception that leaves an inner
        block undoes what was written in it, and no more; the outer one may catch it and go on.

        `wait`: seconds until Busy is raised because another thread holds the state; unless given, as long as it takes.
        Raises DiskFull when there is no room; nothing was written then.
        """
        ...

    def batches(self, name: str) -> BatchStore:
        """The shard's batches of one purpose: `spool`, `aside` or `dead-letters`."""
        ...

    def give_up_ballast(self) -> None:
        """When there is no room: make what deleting needs. Does nothing where deleting needs none."""
        ...

    def restore_ballast(self) -> None:
        """Take it back; does nothing while there is no room for it."""
        ...


class StateRecall:
    """A read-only view of a shard's keys under a prefix (`agent.source.Recall`)."""

    def __init__(self, state: State, prefix: str) -> None:
        self._state = state
        self._prefix = prefix

    def __call__(self, key: str) -> bytes | None:
        return self._state.data(self._prefix + key)

    def keys(self, prefix: str) -> Iterator[str]:
        return (key.removeprefix(self._prefix) for key in self._state.keys(self._prefix + prefix))
