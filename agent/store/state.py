"""The one state directory: a small transactional database that never forgets by itself, and what lies beside it.

Values are `bytes`, `str` or `int`, keys are `str` with `/` between their parts. All writes go through
`State.transact()`; there is no other way to write.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agent.errors import Busy, DiskFull, StateDamaged, StateError
from agent.store import integrity
from agent.store.database import FOLDER, Transaction, Value, is_damaged, open_database
from agent.store.directory import file_permissions, orphan_files, state_identity
from agent.store.directory.directory_lock import DirectoryLock
from agent.store.directory.state_identity import StateIdentity

__all__ = ["State", "StateRecall", "Transaction", "Value", "is_disk_full"]

BALLAST_BYTES = 16 << 20
"""Room that is given up first on a full disk: SQLite needs some even to delete."""

WAY_OUT = "stop the daemon; `leakline state inspect` says what is there, `leakline state recover` goes on with it"


class State:
    """The opened state directory; one process at a time holds it. Safe for threads."""

    def __init__(self, directory: Path, *, recovering: bool = False) -> None:
        """Open or create. Raises StateError when another process holds it or it cannot be written; StateDamaged when
        the database is damaged, or missing although there are batch files (`recovering` begins a new one then).
        """
        self.directory = directory
        try:
            file_permissions.make_folder(directory)
            self._directory_lock = DirectoryLock(directory)
            try:
                self.openness = file_permissions.tighten(directory)
                """What others could do in the directory until now, in words; empty where it was private."""
                if not recovering:
                    _refuse_damage(directory)
                self._database = open_database(directory / FOLDER)
                # SQLite's own busy wait is coarse; threads queue here instead.
                self._lock = threading.RLock()
                self._ballast = directory / "ballast"
                self.id = self._take_id()
            except BaseException:
                self._directory_lock.release()
                raise
        except (OSError, sqlite3.DatabaseError) as error:
            raise _state_error(error, f"the state directory {directory} cannot be used ({error})") from error
        self.restore_ballast()

    @property
    def identity(self) -> StateIdentity:
        return StateIdentity(self.id, self.number(state_identity.GENERATION))

    def doubt(self) -> str:
        """Why this database is not the one that was here at the last start; empty where all speaks for it."""
        return self.identity.doubt(state_identity.read(self.directory))

    def begin(self) -> None:
        """A daemon starts on this state: from here on the database is the one that is here. Call it in a transaction
        with what is reported of a doubt; the file follows with `write_identity`.
        """
        before = state_identity.read(self.directory)
        known = before.generation if before and before.id == self.id else 0
        with self.transact() as transaction:
            transaction.set(state_identity.GENERATION, max(known, self.number(state_identity.GENERATION)) + 1)

    def write_identity(self) -> None:
        """After the transaction of `begin`. Raises StateError when the file cannot be written."""
        try:
            state_identity.write(self.directory, self.identity)
        except OSError as error:
            raise _state_error(error, f"{self.directory / state_identity.FILE} cannot be written ({error})") from error

    def get(self, key: str) -> Value | None:
        try:
            value: Value | None = self._database.get(key)
        except sqlite3.DatabaseError as error:
            raise self._unreadable(error) from error
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
        try:
            return self._database.keys_between(prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1))
        except sqlite3.DatabaseError as error:
            raise self._unreadable(error) from error

    @contextmanager
    def transact(self, wait: float | None = None) -> Iterator[Transaction]:
        """All writes inside become visible together, or none does. May be nested; the outermost one commits.

        `wait`: seconds until Busy is raised because another thread holds the state; unless given, as long as it takes.
        Raises DiskFull when there is no room; nothing was written then.
        """
        if not self._lock.acquire(timeout=-1 if wait is None else wait):
            raise Busy(f"another thread has held the state for {wait:g} seconds", hint="the log says what hangs")
        try:
            try:
                with self._database.transact():
                    yield Transaction(self._database)
            except (OSError, sqlite3.DatabaseError) as error:
                with suppress(sqlite3.DatabaseError):
                    self._database.abandon()
                raise _state_error(error, f"the state in {self.directory} cannot be written ({error})") from error
        finally:
            self._lock.release()

    def give_up_ballast(self) -> None:
        """On a full disk: make the room that deleting needs."""
        self._ballast.unlink(missing_ok=True)

    def restore_ballast(self) -> None:
        """Take the ballast back; while there is no room for it this does nothing."""
        if self._ballast.exists():
            return
        try:
            file = os.open(self._ballast, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(file, 0, BALLAST_BYTES)
            finally:
                os.close(file)
        except OSError:
            self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        self._database.close()
        self._directory_lock.release()

    def _take_id(self) -> str:
        known = self.text(state_identity.ID)
        if known is None:
            known = state_identity.new_id()
            with self.transact() as transaction:
                transaction.set(state_identity.ID, known)
        return known

    def _unreadable(self, error: sqlite3.DatabaseError) -> StateError:
        return _state_error(error, f"the state in {self.directory} cannot be read ({error})")


class StateRecall:
    """A source's read-only view of its own keys (`agent.source.Recall`)."""

    def __init__(self, state: State, prefix: str) -> None:
        self._state = state
        self._prefix = prefix

    def __call__(self, key: str) -> bytes | None:
        return self._state.data(self._prefix + key)

    def keys(self, prefix: str) -> Iterator[str]:
        return (key.removeprefix(self._prefix) for key in self._state.keys(self._prefix + prefix))


def _refuse_damage(directory: Path) -> None:
    """Before anything is written: a new database beside old batch files would make them nobody's."""
    examined = integrity.examine(directory)
    place = directory / FOLDER
    if examined.condition == "damaged":
        raise StateDamaged(f"the state's database in {place} is damaged ({examined.findings[0]})", hint=WAY_OUT)
    if examined.condition in ("missing", "empty"):
        files = [name for folder in orphan_files.FOLDERS for name in orphan_files.batches(directory / folder)]
        if files:
            raise StateDamaged(
                f"the state's database in {place} is {examined.condition}, but {len(files)} batch files lie beside it "
                "that may not be delivered",
                hint=WAY_OUT,
            )


def is_disk_full(error: BaseException) -> bool:
    """Whether an OSError or SQLite error says that there is no room."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, sqlite3.Error) and "full" in str(error)


def _state_error(error: BaseException, message: str) -> StateError:
    if is_disk_full(error):
        return DiskFull(message, hint="free some space; ingest goes on by itself then")
    if is_damaged(error):
        return StateDamaged(message, hint=WAY_OUT)
    return StateError(message, hint="it must be a directory that the service's user can write, on a local disk")
