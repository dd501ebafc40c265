"""The database of the state: diskcache over SQLite, with everything that makes it a cache turned off.

No eviction, no culling, no side files (they are written outside the transaction), no pickles. Values are `bytes`, `str`
or `int` of 64 bits, keys are `str`. Its files are readable by their owner alone, whatever the umask.

diskcache opens a connection for each thread that comes; it is closed here when the thread ends. The file descriptor of
the database itself SQLite keeps for the next thread, so that a process has as many as it had threads at a time.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import diskcache

from agent.errors import StateError
from agent.store.directory.file_permissions import make_folder

MAX_VALUE_BYTES = 1 << 20
_INTEGERS = range(-(1 << 63), 1 << 63)
"""What SQLite holds as a number; diskcache would make a pickle of anything beyond."""

FOLDER, FILE = "database", "cache.db"

_SETTINGS: dict[str, Any] = {
    "eviction_policy": "none",
    "cull_limit": 0,
    "size_limit": 1 << 50,
    "disk_min_file_size": 1 << 40,
    "sqlite_synchronous": 2,
    "sqlite_mmap_size": 0,
    "sqlite_cache_size": 512,
}


_FROM = "SELECT key FROM Cache WHERE key >= ? AND raw = 1 ORDER BY key LIMIT ?"
_BETWEEN = "SELECT key FROM Cache WHERE key >= ? AND key < ? AND raw = 1 ORDER BY key LIMIT ?"


# diskcache looks for the row first, and then updates or inserts it: two statements, and twice the time. `raw` and `mode`
# are 1 for what is no pickle (`diskcache.core.MODE_RAW`).
_SET = """
INSERT INTO Cache (key, raw, store_time, access_time, mode, value)
VALUES (?1, 1, ?2, ?2, 1, ?3)
ON CONFLICT (key, raw) DO UPDATE SET store_time = ?2, access_time = ?2, value = ?3
"""
_DELETE = "DELETE FROM Cache WHERE key = ? AND raw = 1"


class _PlainDisk(diskcache.Disk):
    """A Disk that stores and reads plain values only: a pickle in a state directory would be code."""

    def store(self, value: Any, read: bool, key: Any = diskcache.UNKNOWN) -> Any:
        if read or type(value) not in (bytes, str, int):
            raise TypeError(f"the state takes bytes, str and int, not {type(value).__name__}")
        if isinstance(value, int):
            if value not in _INTEGERS:
                raise ValueError(f"the state takes integers of 64 bits; {key!r} has a larger one")
        elif (size := len(value.encode() if isinstance(value, str) else value)) > MAX_VALUE_BYTES:
            raise ValueError(f"the state takes values up to {MAX_VALUE_BYTES} bytes; {key!r} has {size}")
        return super().store(value, read, key)

    def put(self, key: Any) -> Any:
        if type(key) is not str:
            raise TypeError(f"the state's keys are str, not {type(key).__name__}")
        return super().put(key)

    def fetch(self, mode: int, filename: Any, value: Any, read: bool) -> Any:
        if mode != diskcache.core.MODE_RAW:
            raise StateError("the state database holds a value that Leakline did not write")
        return super().fetch(mode, filename, value, read)


class _ConnectionCloser:
    """Closes a connection when nothing refers to this any more, as when a thread's own variables go.

    A connection by itself is part of a circle (its cache of statements), and waits for a collection of garbage.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        with suppress(sqlite3.Error):  # a thread may only close its own
            self.connection.close()


class Database(diskcache.Cache):
    """What diskcache lacks: look-ups by prefix, though its index serves them, and transactions inside transactions."""

    def keys_between(self, first: str, end: str | None, most: int = -1) -> list[str]:
        """Keys from `first` on, below `end` where there is one, sorted; at most `most` of them unless that is below 0."""
        if end is None:
            rows = self._connection.execute(_FROM, (first, most))
        else:
            rows = self._connection.execute(_BETWEEN, (first, end, most))
        return [key for (key,) in rows]

    def put_all(self, values: Mapping[str, bytes | str | int]) -> None:
        """Write values under their keys, inside a transaction. Raises TypeError and ValueError as `set` does."""
        now = time.time()
        # The last of what `store` gives is the value as SQLite takes it; `_SETTINGS` let nothing be put anywhere else.
        rows = [(self.disk.put(key)[0], now, self.disk.store(value, False, key)[-1]) for key, value in values.items()]
        self._connection.executemany(_SET, rows)

    def delete_all(self, keys: Iterable[str]) -> None:
        """Forget keys, inside a transaction; one that is not there is fine."""
        self._connection.executemany(_DELETE, [(key,) for key in keys])

    @property
    def in_transaction(self) -> bool:
        """False once SQLite itself has undone the whole transaction, as it may on a full disk."""
        return self._connection.in_transaction

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction of the calling thread, or a part of the one that is open: an exception undoes the transaction, or the
        part. Callers keep other threads out. Raises sqlite3.DatabaseError.
        """
        connection = self._connection
        inner = connection.in_transaction
        connection.execute("SAVEPOINT part" if inner else "BEGIN IMMEDIATE")
        self._txn_id: int | None = (
            threading.get_ident()
        )  # diskcache's own `set` and `delete` begin none of their own then
        try:
            yield
            connection.execute("RELEASE part" if inner else "COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK TO part" if inner else "ROLLBACK")
                if inner:
                    connection.execute("RELEASE part")
            raise
        finally:
            if not inner:
                self._txn_id = None

    @property
    def _con(self) -> sqlite3.Connection:
        """As diskcache has it, closed with its thread."""
        connection: sqlite3.Connection = super()._con  # type: ignore[misc]
        known = getattr(self._local, "closer", None)  # type: ignore[attr-defined]
        if known is None or known.connection is not connection:
            self._local.closer = _ConnectionCloser(connection)  # type: ignore[attr-defined]
        return connection

    @property
    def _connection(self) -> sqlite3.Connection:
        """That of the calling thread."""
        connection: sqlite3.Connection = self._con
        return connection


def open_database(folder: Path) -> Database:
    """Open or create the database in `folder`. Raises OSError, sqlite3.DatabaseError."""
    make_folder(folder)
    # SQLite makes its file by the umask, and the -wal and -shm beside it as that file is: so it must be there before.
    os.close(os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return Database(str(folder), disk=_PlainDisk, **_SETTINGS)
