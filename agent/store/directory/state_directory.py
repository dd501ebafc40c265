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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from agent.errors import Busy, StateDamaged, StateError
from agent.store import keys
from agent.store.directory import file_permissions, integrity, migrations, orphan_files, state_identity
from agent.store.directory.database import FOLDER, Database, open_database
from agent.store.directory.directory_lock import DirectoryLock
from agent.store.directory.failures import WAY_OUT, state_error
from agent.store.directory.shard_state import ShardState
from agent.store.directory.state_identity import StateIdentity
from agent.store.transaction import Transaction, Value

BALLAST_BYTES = 16 << 20
"""Room that is given up first on a full disk: SQLite needs some even to delete."""


class StateDirectory:
    """The opened directory; one process at a time holds it. Safe for threads."""

    def __init__(self, directory: Path, *, recovering: bool = False) -> None:
        """Open or create. Raises StateError when another process holds it, it cannot be written or is of a version that
        this Leakline does not know; StateDamaged when the database is damaged, or missing although there are batch
        files (`recovering` begins a new one then).
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
                self._after_commit: list[Callable[[], None]] | None = None
                """Of the transaction in hand."""
                self._ballast = directory / "ballast"
                migrations.bring_up_to_date(self._database, recovering=recovering)
                self.id = self._take_id()
            except BaseException:
                self._directory_lock.release()
                raise
        except (OSError, sqlite3.DatabaseError) as error:
            raise state_error(error, f"the state directory {directory} cannot be used ({error})") from error
        self.restore_ballast()

    # Shards

    def shard(self, name: str) -> ShardState:
        """The part of one shard, new or known. `name`: an org's name in the settings, or `keys.PROCESS`."""
        return ShardState(self, name, shard_folder(self.directory, name))

    def shards(self) -> list[str]:
        """The shards that something is stored of, the process's first."""
        found = {shard[0] for key in self.keys("org/") if (shard := keys.shard_of(key))}
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
        try:
            return self._database.keys_between(prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1))
        except sqlite3.DatabaseError as error:
            raise self._unreadable(error) from error

    @contextmanager
    def transact(self, wait: float | None = None) -> Iterator[Transaction]:
        """See `agent.store.state.State`."""
        if not self._lock.acquire(timeout=-1 if wait is None else wait):
            raise Busy(f"another thread has held the state for {wait:g} seconds", hint="the log says what hangs")
        try:
            outermost = self._after_commit is None
            work: list[Callable[[], None]] = [] if self._after_commit is None else self._after_commit
            self._after_commit = work
            try:
                with self._database.transact():
                    yield _Transaction(self._database, work)
            except (OSError, sqlite3.DatabaseError) as error:
                with suppress(sqlite3.DatabaseError):
                    self._database.abandon()
                raise state_error(error, f"the state in {self.directory} cannot be written ({error})") from error
            finally:
                if outermost:
                    self._after_commit = None
        finally:
            self._lock.release()
        if outermost:
            for done in work:
                done()

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
        self._database.set(key, value)

    def delete(self, key: str) -> None:
        self._database.delete(key)

    def apply(self, prefix: str, changes: Mapping[str, bytes | None]) -> None:
        for key, value in changes.items():
            if value is None:
                self.delete(prefix + key)
            else:
                self.set(prefix + key, value)

    def after_commit(self, work: Callable[[], None]) -> None:
        self._after_commit.append(work)


def shard_folder(directory: Path, shard: str) -> Path:
    """Where the files of a shard of the state in `directory` are."""
    return directory / "orgs" / shard if shard else directory / "process"


def shard_folders(directory: Path) -> dict[str, Path]:
    """The folders of all shards that have one, the process's first."""
    orgs = directory / "orgs"
    names = sorted(path.name for path in orgs.iterdir() if path.is_dir()) if orgs.is_dir() else []
    found = {name: shard_folder(directory, name) for name in (keys.PROCESS, *names)}
    return {name: folder for name, folder in found.items() if folder.is_dir()}


def _refuse_damage(directory: Path) -> None:
    """Before anything is written: a new database beside old batch files would make them nobody's."""
    examined = integrity.examine(directory)
    place = directory / FOLDER
    if examined.condition == "damaged":
        raise StateDamaged(f"the state's database in {place} is damaged ({examined.findings[0]})", hint=WAY_OUT)
    if examined.condition in ("missing", "empty"):
        files = [
            name
            for shard in shard_folders(directory).values()
            for folder in orphan_files.FOLDERS
            for name in orphan_files.batches(shard / folder)
        ]
        if files:
            raise StateDamaged(
                f"the state's database in {place} is {examined.condition}, but {len(files)} batch files lie beside it "
                "that may not be delivered",
                hint=WAY_OUT,
            )
