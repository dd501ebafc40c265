"""`leakline state recover`: a state that can be worked on again, with everything of it that can be read.

A damaged database is replaced by one with its readable values and kept beside it; one that is gone begins anew. Batch
files that no transaction names get places at the end of their lanes, for every destination: rows may come twice then
(with the same ids), but none is lost. All of the second part is one transaction, so it may be killed and run again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent.model import LANES, Lane
from agent.store import startup
from agent.store.directory import file_permissions, orphan_files, state_identity
from agent.store.directory.orphan_files import DatabaseView
from agent.store.problems import Problems
from agent.store.recovery import rebuild
from agent.store.recovery.books import Books, Destinations
from agent.store.recovery.orphan_batch import OrphanBatch, in_order
from agent.store.recovery.rebuild import REBUILT, RebuildReport
from agent.store.state import State, Transaction

_FILE = re.compile(rb'"([^"/]+\.arrow)')
_NAMING = ("spool/batch/", "aside/", "repair/", "dead/")
"""Prefixes of keys whose values name batch files."""


@dataclass(frozen=True, slots=True)
class RecoveryReport:
    """What was done."""

    rebuilt: RebuildReport | None
    batches: Sequence[OrphanBatch]
    """Taken in again."""
    dead_letters: Sequence[OrphanBatch]
    unreadable: Sequence[OrphanBatch]
    """Moved to `quarantine/`."""
    new_books: bool
    """Whether the accounts begin anew, because too much of them was lost."""

    @property
    def nothing(self) -> bool:
        return not (self.rebuilt or self.batches or self.dead_letters or self.unreadable or self.new_books)

    @property
    def rows(self) -> int:
        return sum(found.rows for found in self.batches)

    def sentences(self) -> Iterator[str]:
        """For people."""
        if self.rebuilt:
            lost = "an unknown number" if self.rebuilt.lost is None else f"{self.rebuilt.lost:,}"
            yield (
                f"the database was damaged ({self.rebuilt.reason}): {self.rebuilt.kept:,} values could be read, {lost} "
                f"could not; the damaged one is kept in {self.rebuilt.broken}"
            )
        if self.batches:
            yield f"{len(self.batches):,} batch files with {self.rows:,} rows were taken in again"
        if self.dead_letters:
            yield f"{sum(found.rows for found in self.dead_letters):,} dead letters were taken in again"
        if self.unreadable:
            yield f"{len(self.unreadable):,} batch files cannot be read: they are in quarantine"
        if self.new_books:
            yield "the accounts begin anew with what is in the spool"


def recover(directory: Path, destinations: Destinations, now: Callable[[], datetime]) -> RecoveryReport:
    """Works without the daemon. `destinations`: name to the lanes it takes.

    Raises StateError when another process holds the state, or it cannot be written.
    """
    file_permissions.make_folder(directory)
    rebuild.rebuild(directory, now())
    with closing(State(directory, recovering=True)) as state:
        data = state.data(REBUILT)
        rebuilt = RebuildReport.decode(data) if data else None
        _gather(state, distrust=rebuilt is not None)
        waiting = startup.orphans(state)
        found, repeats = in_order(path for path in waiting if path.parts[-3] == "spool")
        dead, repeated = in_order(path for path in waiting if path.parts[-3] == "dead-letters")
        problems = Problems(state, now)
        with state.transact() as transaction:
            done = _commit(state, transaction, destinations, rebuilt, found, dead)
            if not done.nothing:
                _report(problems, done)
    for orphan in done.unreadable:
        quarantine = orphan.path.parent.parent / "quarantine"
        file_permissions.make_folder(quarantine)
        orphan.path.rename(quarantine / orphan.path.name)
    for orphan in (*repeats, *repeated):
        orphan.path.unlink()
    return done


def _gather(state: State, *, distrust: bool) -> None:
    """All files that no transaction names, in folders `unnamed`; of a database that lost values no leftover is trusted
    to be one. Nothing is removed from those folders, so a kill here is harmless.
    """
    values = (state.data(key) or b"" for prefix in _NAMING for key in state.keys(prefix))
    named = frozenset(name.decode() for value in values for name in _FILE.findall(value))
    following = {str(lane): state.number(f"spool/next/{lane}") for lane in LANES} | {"dead": state.number("dead/next")}
    for folder in orphan_files.FOLDERS:
        path = state.directory / folder
        if path.is_dir():
            doubt = distrust or bool(state.doubt()) or folder == "aside"  # whose names have no numbers
            orphan_files.clear(path, DatabaseView(state.id, following, named, doubt))
    waiting = state.directory / "spool" / orphan_files.ASIDE
    file_permissions.make_folder(waiting)
    for path in (state.directory / "aside" / orphan_files.ASIDE).glob("*.arrow"):
        path.rename(waiting / path.name)


def _commit(
    state: State,
    transaction: Transaction,
    destinations: Destinations,
    rebuilt: RebuildReport | None,
    found: Sequence[OrphanBatch],
    dead: Sequence[OrphanBatch],
) -> RecoveryReport:
    books = Books(state, transaction, destinations)
    before = state_identity.read(state.directory)
    if before and not state.number(
        state_identity.GENERATION
    ):  # the database lost who it is, or is new: it goes on as it was
        transaction.set(state_identity.ID, before.id)
        transaction.set(state_identity.GENERATION, before.generation)
    if found or rebuilt:
        books.close_gaps(_least(found))
    batches = [orphan for orphan in found if orphan.file]
    for orphan in batches:
        lane: Lane = "alerts" if orphan.kind == "alerts" else "events"
        if orphan.file:
            books.add(lane, orphan.file)
    for orphan in dead:
        if orphan.file:
            number = max(state.number("dead/next"), *(int(key[-16:]) + 1 for key in state.keys("dead/file/")), 0)
            transaction.set(f"dead/file/{number:016d}", orphan.file.encode())
            transaction.set("dead/next", number + 1)
    if found or rebuilt:
        books.place_destinations()
    new_books = not books.is_balanced()
    if new_books:
        books.reset_accounts()
    transaction.delete(REBUILT)
    unreadable = [orphan for orphan in (*found, *dead) if not orphan.file]
    return RecoveryReport(rebuilt, batches, [orphan for orphan in dead if orphan.file], unreadable, new_books)


def _least(found: Iterable[OrphanBatch]) -> dict[str, int]:
    """For each lane a number above all that its files bear, so that none of them is taken for a leftover later."""
    least: dict[str, int] = {}
    for orphan in found:
        if orphan.name:
            least[orphan.kind] = max(least.get(orphan.kind, 0), orphan.name.sequence + 1)
    return least


def _report(problems: Problems, done: RecoveryReport) -> None:
    """In the transaction: the event about it goes out when the daemon runs again."""
    message = "the state was recovered: " + "; ".join(done.sentences())
    problems.report("state-recovered", startup.STATE, message, count=done.rows)
    if done.unreadable:
        rows = sum(found.rows for found in done.unreadable)
        names = ", ".join(found.path.name for found in done.unreadable[:3])
        lost = f"{len(done.unreadable)} batch files with {rows:,} rows cannot be read ({names}); they are in quarantine"
        problems.report("rows-lost", startup.STATE, lost, count=rows)
    for kind, subject in (("state-restored", startup.SPOOL), ("state-damaged", startup.STATE)):
        problems.settle(kind, subject, 1 << 62, "`leakline state recover` has dealt with it")
