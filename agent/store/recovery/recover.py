"""`leakline state recover`: a state that can be worked on again, with everything of it that can be read.

A damaged database is replaced by one with its readable values and kept beside it; one that is gone begins anew. Batch
files that no transaction names get places at the end of their lanes, for every destination of their shard: rows may
come twice then (with the same ids), but none is lost. All of the second part is one transaction, so it may be killed
and run again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent.model import LANES, Lane
from agent.store import keys
from agent.store.directory import file_permissions, orphan_files, startup, state_identity, state_version
from agent.store.directory.orphan_files import DatabaseView
from agent.store.directory.shard_folders import shard_folders
from agent.store.directory.state_directory import StateDirectory
from agent.store.directory.state_version import StoredVersion
from agent.store.problems import Problems
from agent.store.recovery import rebuild
from agent.store.recovery.books import Books, Destinations
from agent.store.recovery.orphan_batch import OrphanBatch, in_order
from agent.store.recovery.rebuild import RebuildReport
from agent.store.state import State
from agent.store.transaction import Transaction
from agent.wording.number import counted

_FILE = re.compile(rb'"([^"/]+\.arrow)')


@dataclass(frozen=True, slots=True)
class ShardRecovery:
    """What was done for one shard."""

    batches: Sequence[OrphanBatch]
    """Taken in again."""
    dead_letters: Sequence[OrphanBatch]
    unreadable: Sequence[OrphanBatch]
    """Moved to `quarantine/`."""
    new_books: bool
    """Whether the accounts begin anew, because too much of them was lost."""

    @property
    def nothing(self) -> bool:
        return not (self.batches or self.dead_letters or self.unreadable or self.new_books)

    @property
    def rows(self) -> int:
        return sum(found.rows for found in self.batches)

    def sentences(self) -> Iterator[str]:
        """For people."""
        if self.batches:
            yield f"{counted(len(self.batches), 'batch file')} with {counted(self.rows, 'row')} read again"
        if self.dead_letters:
            yield f"{counted(sum(found.rows for found in self.dead_letters), 'dead letter')} read again"
        if self.unreadable:
            yield f"{counted(len(self.unreadable), 'batch file')} moved to quarantine, because they cannot be read"
        if self.new_books:
            yield "the row counts start again with what is in the spool"


@dataclass(frozen=True, slots=True)
class RecoveryReport:
    """What was done."""

    rebuilt: RebuildReport | None
    lost_version: bool
    """Whether the database did not say any more of which version it is."""
    shards: Mapping[str, ShardRecovery]
    """By name: an org of the settings, or `keys.PROCESS`."""

    @property
    def nothing(self) -> bool:
        return not self.rebuilt and not self.lost_version and all(shard.nothing for shard in self.shards.values())

    @property
    def rows(self) -> int:
        return sum(shard.rows for shard in self.shards.values())

    def of_database(self) -> Iterator[str]:
        """What was done for all shards together, for people."""
        if self.rebuilt:
            lost = "an unknown number" if self.rebuilt.lost is None else f"{self.rebuilt.lost:,}"
            yield (
                f"the database was damaged ({self.rebuilt.reason}): {self.rebuilt.kept:,} values could be read, {lost} "
                f"could not; the damaged one is kept in {self.rebuilt.broken}"
            )
        elif self.lost_version:
            yield f"the database had lost its version; it is of version {keys.VERSION} again"

    def sentences(self) -> Iterator[str]:
        """For people."""
        yield from self.of_database()
        several = len(self.shards) > 1
        for name, shard in self.shards.items():
            of = f" (of {keys.shard_title(name)})" if several else ""
            yield from (f"{sentence}{of}" for sentence in shard.sentences())


def recover(
    directory: Path, destinations: Callable[[str], Destinations], now: Callable[[], datetime]
) -> RecoveryReport:
    """Works without the daemon. `destinations`: those of a shard, by name to the lanes they take.

    Raises StateError when another process holds the state, or it cannot be written; UnknownVersion for one that this
    Leakline does not know, which stays as it is.
    """
    file_permissions.make_folder(directory)
    rebuild.rebuild(directory, now())
    lost_version = state_version.is_lost(directory, StoredVersion.of_database(directory))
    with closing(StateDirectory(directory, recovering=True)) as whole:
        data = whole.get(keys.REBUILT.prefix)
        rebuilt = RebuildReport.decode(data) if isinstance(data, bytes) else None
        names = dict.fromkeys((*whole.shards(), *shard_folders(directory)))
        shards = {name: whole.shard(name) for name in names}
        for shard in shards.values():
            _gather(shard, distrust=rebuilt is not None or bool(whole.doubt()))
        waiting = {name: _Waiting.of(shard) for name, shard in shards.items()}
        with whole.transact() as transaction:
            _keep_identity(whole, transaction)
            found = {
                name: _commit(shard, destinations(name), waiting[name], rebuilt=rebuilt is not None)
                for name, shard in shards.items()
            }
            done = RecoveryReport(rebuilt, lost_version, found)
            if not done.nothing:
                _report(shards, done, now)
            transaction.delete(keys.REBUILT.prefix)
    for name, recovery in done.shards.items():
        _move(recovery.unreadable, waiting[name].repeats)
    return done


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Batch files of a shard that no transaction names."""

    batches: Sequence[OrphanBatch]
    dead_letters: Sequence[OrphanBatch]
    repeats: Sequence[OrphanBatch]
    """Those with the content of an earlier one."""

    @classmethod
    def of(cls, shard: State) -> _Waiting:
        paths = startup.orphans(shard)
        found, repeats = in_order(path for path in paths if path.parts[-3] == "spool")
        dead, repeated = in_order(path for path in paths if path.parts[-3] == "dead-letters")
        return cls(found, dead, [*repeats, *repeated])


def _move(unreadable: Sequence[OrphanBatch], repeats: Sequence[OrphanBatch]) -> None:
    """After the transaction."""
    for orphan in unreadable:
        quarantine = orphan.path.parent.parent / "quarantine"
        file_permissions.make_folder(quarantine)
        orphan.path.rename(quarantine / orphan.path.name)
    for orphan in repeats:
        orphan.path.unlink()


def _gather(shard: State, *, distrust: bool) -> None:
    """All files that no transaction names, in folders `unnamed`; of a database that lost values no leftover is trusted
    to be one (`distrust`). Nothing is removed from those folders, so a kill here is harmless.
    """
    values = (shard.data(key) or b"" for family in keys.NAMING for key in shard.keys(family.prefix))
    named = frozenset(name.decode() for value in values for name in _FILE.findall(value))
    following = {str(lane): shard.number(keys.NEXT_BATCH.key(lane)) for lane in LANES}
    following["dead"] = shard.number(keys.NEXT_DEAD_LETTERS.prefix)
    for folder in orphan_files.FOLDERS:
        path = shard.directory / folder
        if path.is_dir():
            doubt = distrust or folder == "aside"  # whose names have numbers of another kind
            orphan_files.clear(path, DatabaseView(shard.id, following, named, doubt))
    waiting = shard.directory / "spool" / orphan_files.ASIDE
    file_permissions.make_folder(waiting)
    for path in (shard.directory / "aside" / orphan_files.ASIDE).glob("*.arrow"):
        path.rename(waiting / path.name)


def _keep_identity(whole: StateDirectory, transaction: Transaction) -> None:
    """A database that lost who it is, or is new, goes on as the one that was here."""
    before = state_identity.read(whole.directory)
    if before and not whole.identity.generation:
        transaction.set(keys.STATE_ID.prefix, before.id)
        transaction.set(keys.GENERATION.prefix, before.generation)


def _commit(shard: State, destinations: Destinations, waiting: _Waiting, *, rebuilt: bool) -> ShardRecovery:
    with shard.transact() as transaction:
        books = Books(shard, transaction, destinations)
        if waiting.batches or rebuilt:
            books.close_gaps(_least(waiting.batches))
        batches = [orphan for orphan in waiting.batches if orphan.file]
        for orphan in batches:
            lane: Lane = "alerts" if orphan.kind == "alerts" else "events"
            if orphan.file:
                books.add(lane, orphan.file)
        dead = [orphan for orphan in waiting.dead_letters if orphan.file]
        for orphan in dead:
            if orphan.file:
                _name_dead_letters(shard, transaction, orphan.file.encode())
        if waiting.batches or rebuilt:
            books.place_destinations()
        new_books = not books.is_balanced()
        if new_books:
            books.reset_accounts()
    unreadable = [orphan for orphan in (*waiting.batches, *waiting.dead_letters) if not orphan.file]
    return ShardRecovery(batches, dead, unreadable, new_books)


def _name_dead_letters(shard: State, transaction: Transaction, file: bytes) -> None:
    known = [int(keys.DEAD_LETTERS.rest(key)) + 1 for key in shard.keys(keys.DEAD_LETTERS.prefix)]
    number = max(shard.number(keys.NEXT_DEAD_LETTERS.prefix), *known, 0)
    transaction.set(keys.DEAD_LETTERS.key(number), file)
    transaction.set(keys.NEXT_DEAD_LETTERS.prefix, number + 1)


def _least(found: Iterable[OrphanBatch]) -> dict[str, int]:
    """For each lane a number above all that its files bear, so that none of them is taken for a leftover later."""
    least: dict[str, int] = {}
    for orphan in found:
        if orphan.name:
            least[orphan.kind] = max(least.get(orphan.kind, 0), orphan.name.sequence + 1)
    return least


def _report(shards: Mapping[str, State], done: RecoveryReport, now: Callable[[], datetime]) -> None:
    """In the transaction: the events about it go out when the daemon runs again, to each org what concerns it; of the
    database to the process's shard alone, for it is of no org.
    """
    for name, recovery in done.shards.items():
        problems = Problems(shards[name], now)
        about, spool = startup.subject(name, startup.STATE), startup.subject(name, startup.SPOOL)
        sentences = [*(done.of_database() if name == keys.PROCESS else ()), *recovery.sentences()]
        if sentences:
            message = "the state was recovered: " + "; ".join(sentences)
            problems.report("state-recovered", about, message, count=recovery.rows)
        if recovery.unreadable:
            rows = sum(found.rows for found in recovery.unreadable)
            names = ", ".join(found.path.name for found in recovery.unreadable[:3])
            lost = (
                f"{counted(len(recovery.unreadable), 'batch file')} with {counted(rows, 'row')} cannot be read ({names}); "
                "they are in quarantine"
            )
            problems.report("rows-lost", about, lost, count=rows)
        for kind, subject in (("state-restored", spool), ("state-damaged", about)):
            problems.settle(kind, subject, 1 << 62, "`leakline state recover` has dealt with it")
