"""One shard's part of a state directory: its keys in the common database, its files in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from agent.store import keys
from agent.store.batch_store import BatchStore
from agent.store.directory import file_permissions
from agent.store.directory.batch_folder import BatchFolder
from agent.store.transaction import Transaction, Value


class SharedState(Protocol):
    """What the shards of one directory share."""

    id: str

    def get(self, key: str) -> Value | None: ...

    def keys(self, prefix: str) -> list[str]: ...

    def transact(self, wait: float | None = None) -> AbstractContextManager[Transaction]: ...

    def doubt(self) -> str: ...

    def give_up_ballast(self) -> None: ...

    def restore_ballast(self) -> None: ...


class ShardState:
    """A `State`."""

    def __init__(self, shared: SharedState, shard: str, directory: Path) -> None:
        """`directory`: the folder for the shard's files; made here."""
        self.shard = shard
        self.id = shared.id
        self.directory = directory
        self._shared = shared
        self._prefix = keys.shard_prefix(shard)
        file_permissions.make_folder(directory)

    def get(self, key: str) -> Value | None:
        return self._shared.get(self._prefix + key)

    def text(self, key: str) -> str | None:
        value = self.get(key)
        return value if isinstance(value, str) else None

    def number(self, key: str) -> int:
        value = self.get(key)
        return value if isinstance(value, int) else 0

    def data(self, key: str) -> bytes | None:
        value = self.get(key)
        return value if isinstance(value, bytes) else None

    def keys(self, prefix: str) -> list[str]:
        return [key.removeprefix(self._prefix) for key in self._shared.keys(self._prefix + prefix)]

    @contextmanager
    def transact(self, wait: float | None = None) -> Iterator[Transaction]:
        with self._shared.transact(wait) as transaction:
            yield _ShardTransaction(transaction, self._prefix)

    def batches(self, name: str) -> BatchStore:
        return BatchFolder(self.directory / name, self.id, self._shared.doubt)

    def give_up_ballast(self) -> None:
        self._shared.give_up_ballast()

    def restore_ballast(self) -> None:
        self._shared.restore_ballast()


class _ShardTransaction:
    """A `Transaction` whose keys are a shard's."""

    def __init__(self, transaction: Transaction, prefix: str) -> None:
        self._transaction = transaction
        self._prefix = prefix

    def set(self, key: str, value: Value) -> None:
        self._transaction.set(self._prefix + key, value)

    def delete(self, key: str) -> None:
        self._transaction.delete(self._prefix + key)

    def apply(self, prefix: str, changes: Mapping[str, bytes | None]) -> None:
        self._transaction.apply(self._prefix + prefix, changes)

    def after_commit(self, work: Callable[[], None]) -> None:
        self._transaction.after_commit(work)
