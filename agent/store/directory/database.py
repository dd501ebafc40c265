"""The database of the state: diskcache over SQLite, with everything that makes it a cache turned off.

No eviction, no culling, no side files (they are written outside the transaction), no pickles. Values are `bytes`, `str`
or `int`, keys are `str`. Its files are readable by their owner alone, whatever the umask.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import diskcache

from agent.errors import StateError
from agent.store.directory.file_permissions import make_folder

MAX_VALUE_BYTES = 1 << 20

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


class _PlainDisk(diskcache.Disk):
    """A Disk that stores and reads plain values only: a pickle in a state directory would be code."""

    def store(self, value: Any, read: bool, key: Any = diskcache.UNKNOWN) -> Any:
        if read or type(value) not in (bytes, str, int):
            raise TypeError(f"the state takes bytes, str and int, not {type(value).__name__}")
        if not isinstance(value, int) and len(value) > MAX_VALUE_BYTES:
            raise ValueError(f"the state takes values up to {MAX_VALUE_BYTES} bytes; {key!r} has {len(value)}")
        return super().store(value, read, key)

    def put(self, key: Any) -> Any:
        if type(key) is not str:
            raise TypeError(f"the state's keys are str, not {type(key).__name__}")
        return super().put(key)

    def fetch(self, mode: int, filename: Any, value: Any, read: bool) -> Any:
        if mode != diskcache.core.MODE_RAW:
            raise StateError("the state database holds a value that Leakline did not write")
        return super().fetch(mode, filename, value, read)


class Database(diskcache.Cache):
    """diskcache has no look-up by prefix, though its index would serve one."""

    def keys_between(self, first: str, end: str) -> list[str]:
        rows = self._sql(  # type: ignore[attr-defined]
            "SELECT key FROM Cache WHERE key >= ? AND key < ? AND raw = 1 ORDER BY key", (first, end)
        )
        return [key for (key,) in rows]

    def abandon(self) -> None:
        """Roll back what a failed COMMIT left open (diskcache does not)."""
        if self._con.in_transaction:  # type: ignore[attr-defined]
            self._sql("ROLLBACK")  # type: ignore[attr-defined]


def open_database(folder: Path) -> Database:
    """Open or create the database in `folder`. Raises OSError, sqlite3.DatabaseError."""
    make_folder(folder)
    # SQLite makes its file by the umask, and the -wal and -shm beside it as that file is: so it must be there before.
    os.close(os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    return Database(str(folder), disk=_PlainDisk, **_SETTINGS)
