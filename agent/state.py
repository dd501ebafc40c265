"""The one state directory: a small transactional database (diskcache over SQLite) that never forgets by itself.

diskcache is used as a database here, so everything that makes it a cache is turned off: no eviction, no culling,
no side files (they are written outside the transaction), no pickles. Values are `bytes`, `str` or `int`, keys are
`str` with `/` between their parts. All writes go through `State.transact()`; there is no other way to write.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diskcache

from agent.errors import Busy, DiskFull, StateError

Value = bytes | str | int

MAX_VALUE_BYTES = 1 << 20
BALLAST_BYTES = 16 << 20
"""Room that is given up first on a full disk: SQLite needs some even to delete."""

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


class _Database(diskcache.Cache):
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


class Transaction:
    """What can be written; valid inside one `State.transact()` block."""

    def __init__(self, database: _Database) -> None:
        self._database = database

    def set(self, key: str, value: Value) -> None:
        self._database.set(key, value)

    def delete(self, key: str) -> None:
        """Forget a key; one that is not there is fine."""
        self._database.delete(key)

    def apply(self, prefix: str, changes: Mapping[str, bytes | None]) -> None:
        """Set or (None) delete every key of `changes` under `prefix`."""
        for key, value in changes.items():
            if value is None:
                self.delete(prefix + key)
            else:
                self.set(prefix + key, value)


class State:
    """The opened state directory; one process at a time holds it. Safe for threads."""

    def __init__(self, directory: Path) -> None:
        """Open or create. Raises StateError when another process holds it or it cannot be written."""
        self.directory = directory
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._held = _hold(directory / "lock")
            self._database = _Database(str(directory / "database"), disk=_PlainDisk, **_SETTINGS)
        except (OSError, sqlite3.DatabaseError) as error:
            raise _state_error(error, f"the state directory {directory} cannot be used ({error})") from error
        # SQLite's own busy wait is coarse; threads queue here instead.
        self._turn = threading.RLock()
        self._ballast = directory / "ballast"
        self.restore_ballast()

    def get(self, key: str) -> Value | None:
        value: Value | None = self._database.get(key)
        return value

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
        """All keys that begin with `prefix`, sorted."""
        return self._database.keys_between(prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1))

    @contextmanager
    def transact(self, wait: float | None = None) -> Iterator[Transaction]:
        """All writes inside become visible together, or none does. May be nested; the outermost one commits.

        `wait`: seconds until Busy is raised because another thread holds the state; unless given, as long as it takes.
        Raises DiskFull when there is no room; nothing was written then.
        """
        if not self._turn.acquire(timeout=-1 if wait is None else wait):
            raise Busy(f"another thread has held the state for {wait:g} seconds", hint="the log says what hangs")
        try:
            try:
                with self._database.transact():
                    yield Transaction(self._database)
            except (OSError, sqlite3.DatabaseError) as error:
                self._database.abandon()
                raise _state_error(error, f"the state in {self.directory} cannot be written ({error})") from error
        finally:
            self._turn.release()

    def give_up_ballast(self) -> None:
        """On a full disk: make the room that deleting needs."""
        self._ballast.unlink(missing_ok=True)

    def restore_ballast(self) -> None:
        """Take the ballast back; while there is no room for it this does nothing."""
        if self._ballast.exists():
            return
        try:
            with self._ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, BALLAST_BYTES)
        except OSError:
            self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        self._database.close()
        os.close(self._held)


class StateRecall:
    """A source's read-only view of its own keys (`agent.model.Recall`)."""

    def __init__(self, state: State, prefix: str) -> None:
        self._state = state
        self._prefix = prefix

    def __call__(self, key: str) -> bytes | None:
        return self._state.data(self._prefix + key)

    def keys(self, prefix: str) -> Iterator[str]:
        return (key.removeprefix(self._prefix) for key in self._state.keys(self._prefix + prefix))


def _hold(path: Path) -> int:
    """Lock the directory for this process; the lock dies with it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise StateError(
            f"the state directory {path.parent} is held by process {holder}",
            hint="a daemon is running: use the commands that talk to it, or stop it first",
        ) from error
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor


def is_disk_full(error: BaseException) -> bool:
    """Whether an OSError or SQLite error says that there is no room."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, sqlite3.Error) and "full" in str(error)


def _state_error(error: BaseException, message: str) -> StateError:
    if is_disk_full(error):
        return DiskFull(message, hint="free some space; ingest goes on by itself then")
    return StateError(message, hint="it must be a directory that the service's user can write, on a local disk")
