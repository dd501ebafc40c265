"""The state directory: one small transactional database for all shards, and a folder of files for each.

    database/               SQLite under diskcache, all keys
    orgs/<name>/            files of an org's shard: spool/, aside/, dead-letters/
    process/                the same of what is of no org
    downloads/ ballast lock identity

Values are `bytes`, `str` or `int`, keys are `str` with `/` between their parts. All writes go through `transact()`; there
is no other way to write.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import structlog

from agent.errors import Busy, StateDamaged, StateError
from agent.store import keys
from agent.store.directory import file_permissions, integrity, migrations, state_identity, state_version
from agent.store.directory.database import FOLDER, Database, open_database
from agent.store.directory.directory_lock import DirectoryLock
from agent.store.directory.failures import WAY_OUT, state_error
from agent.store.directory.shard_folders import all_batches, shard_folder
from agent.store.directory.shard_state import ShardState
from agent.store.directory.state_identity import StateIdentity
from agent.store.directory.state_version import StoredVersion
from agent.store.transaction import Transaction, Value

log = structlog.get_logger()

BALLAST_BYTES = 16 << 20
"""Room that is given up first on a full disk: SQLite needs some even to delete."""


class StateDirectory:
    """The opened directory; one process at a time holds it. Safe for threads."""

    def __init__(self, directory: Path, *, recovering: bool = False) -> None:
        """Open or create. Raises StateError when another process holds it or it cannot be written, UnknownVersion when it
        is of a version that this Leakline does not know, StateDamaged when the database is damaged, or missing although
        there are batch files (`recovering` begins a new one then).
        """
        self.directory = directory
        try:
            file_permissions.make_folder(directory)
            self._directory_lock = DirectoryLock(directory)
            try:
                stored = StoredVersion.of_database(directory)
                state_version.require_known(directory, stored)
                if not recovering:
                    _refuse_damage(directory, stored)
                self.openness = file_permissions.tighten(directory)
                """What others could do in the directory until now, in words; empty where it was private."""
                self._database = open_database(directory / FOLDER)
                self._begin_working(state_version.expected(directory, stored))
            except BaseException:
                self._directory_lock.release()
                raise
        except (OSError, sqlite3.DatabaseError) as error:
            raise state_error(error, f"the state directory {directory} cannot be used ({error})") from error
        self.restore_ballast()

    def _begin_working(self, version: int | None) -> None:
        """On an open database of this version; None: it is new."""
        try:
            # SQLite's own busy wait is coarse; threads queue here instead.
            self._lock = threading.RLock()
            self._after_commit: list[Callable[[], None]] | None = None
            """Of the transaction in hand."""
            self._ballast = self.directory / "ballast"
            migrated = migrations.bring_up_to_date(self._database, version)
            self.id = self._take_id()
            if migrated and state_identity.read(self.directory):
                self.write_identity()
        except BaseException:
            self._database.close()
            raise

    # Shards

    def shard(self, name: str) -> ShardState:
        """The part of one shard, new or known. `name`: an org's name in the settings, or `keys.PROCESS`."""
        return ShardState(self, name, shard_folder(self.directory, name))

    def shards(self) -> list[str]:
        """The shards that something is stored of, the process's first."""
        found: list[str] = []
        end = keys.following(keys.ORGS)
        place: str | None = keys.ORGS
        while place is not None and (first := self._keys_between(place, end, 1)):
            shard = keys.shard_of(first[0])
            if shard is None:
                break
            found.append(shard[0])
            place = keys.following(keys.shard_prefix(shard[0]))  # past all keys of the shard, however many it has
        return [keys.PROCESS, *sorted(found)]

    # Which state it is

    @property
    def identity(self) -> StateIdentity:
        generation = self.get(keys.GENERATION.prefix)
        return StateIdentity(self.id, generation if isinstance(generation, int) else 0)

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
            transaction.set(keys.GENERATION.prefix, max(known, self.identity.generation) + 1)

    def write_identity(self) -> None:
        """After the transaction of `begin`. Raises StateError when the file cannot be written."""
        try:
            state_identity.write(self.directory, self.identity)
        except OSError as error:
            raise state_error(error, f"{self.directory / state_identity.FILE} cannot be written ({error})") from error

    # Keys of all shards

    def get(self, key: str) -> Value | None:
        try:
            value: Value | None = self._database.get(key)
        except sqlite3.DatabaseError as error:
            raise self._unreadable(error) from error
        return value

    def keys(self, prefix: str) -> list[str]:
        """All keys that begin with `prefix`, sorted."""
        return self._keys_between(prefix, keys.following(prefix))

    def _keys_between(self, first: str, end: str | None, most: int = -1) -> list[str]:
        try:
            return self._database.keys_between(first, end, most)
        except sqlite3.DatabaseError as error:
            raise self._unreadable(error) from error

    @contextmanager
    def transact(self, wait: float | None = None) -> Iterator[Transaction]:
        """See `agent.store.state.State`; keys are whole ones, so that a start or a recovery can hold all shards at once."""
        if not self._lock.acquire(timeout=-1 if wait is None else wait):
            raise Busy(f"another thread has held the state for {wait:g} seconds", hint="the log shows what hangs")
        try:
            outermost = self._after_commit is None
            work = self._after_commit = [] if self._after_commit is None else self._after_commit
            asked_before = len(work)
            try:
                with self._database.transaction():
                    yield _Transaction(self._database, work)
            except BaseException as error:
                del work[asked_before:]
                if isinstance(error, sqlite3.DatabaseError):
                    message = f"the state in {self.directory} cannot be written ({error})"
                    raise state_error(error, message) from error
                raise
            finally:
                if outermost:
                    self._after_commit = None
        finally:
            self._lock.release()
        if outermost:
            _do(work)

    def give_up_ballast(self) -> None:
        """See `agent.store.state.State`."""
        self._ballast.unlink(missing_ok=True)

    def restore_ballast(self) -> None:
        """See `agent.store.state.State`."""
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
        known = self.get(keys.STATE_ID.prefix)
        if isinstance(known, str):
            return known
        new = state_identity.new_id()
        with self.transact() as transaction:
            transaction.set(keys.STATE_ID.prefix, new)
        return new

    def _unreadable(self, error: sqlite3.DatabaseError) -> StateError:
        return state_error(error, f"the state in {self.directory} cannot be read ({error})")


class _Transaction:
    """A `Transaction` over the keys of all shards."""

    def __init__(self, database: Database, after_commit: list[Callable[[], None]]) -> None:
        self._database = database
        self._after_commit = after_commit

    def set(self, key: str, value: Value) -> None:
        self._require_open()
        self._database.put_all({key: value})

    def delete(self, key: str) -> None:
        self._require_open()
        self._database.delete_all([key])

    def apply(self, prefix: str, changes: Mapping[str, bytes | None]) -> None:
        if not changes:
            return
        self._require_open()
        self._database.put_all({prefix + key: value for key, value in changes.items() if value is not None})
        self._database.delete_all(prefix + key for key, value in changes.items() if value is None)

    def after_commit(self, work: Callable[[], None]) -> None:
        self._after_commit.append(work)

    def _require_open(self) -> None:
        """SQLite may have undone all of it on a full disk, in a part whose error was caught: a write would be alone then."""
        if not self._database.in_transaction:
            raise StateError("the transaction has ended: nothing more can be written in it")


def _do(work: list[Callable[[], None]]) -> None:
    """What waits for a commit. What fails of it is told and not raised: whoever sees an error would take the transaction
    for undone, and remove what it names.
    """
    for task in work:
        try:
            task()
        except Exception:  # noqa: BLE001 - whatever it is, the commit happened
            log.error("a step after a commit failed", traceback=traceback.format_exc())


def _refuse_damage(directory: Path, stored: StoredVersion) -> None:
    """Before anything is written: a new database beside old batch files would make them nobody's."""
    examined = integrity.examine(directory)
    place = directory / FOLDER
    if examined.condition == "damaged":
        raise StateDamaged(f"the state's database in {place} is damaged ({examined.findings[0]})", hint=WAY_OUT)
    if state_version.is_lost(directory, stored):
        raise StateDamaged(f"the state's database in {place} has lost its version", hint=WAY_OUT)
    if examined.condition in ("missing", "empty") and (count := sum(1 for _ in all_batches(directory))):
        raise StateDamaged(
            f"the state's database in {place} is {examined.condition}, but there are {count} batch files beside it "
            "that may not have been delivered",
            hint=WAY_OUT,
        )
