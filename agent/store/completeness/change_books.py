"""Changes that two feeds should both tell: those of the last days, kept until it is known whether both did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import orjson

from agent import metrics
from agent.store import keys
from agent.store.problems import Problems
from agent.store.state import State
from agent.store.transaction import Transaction

WINDOW = 10 * 60_000
"""Milliseconds by which the two may differ about the time of a change: both write it down within seconds."""
WAIT = timedelta(hours=1)
"""After a change, before it is asked whether both told it: rows may become visible late."""
KEPT = timedelta(days=4)
"""A stream's gap is filled within three days."""
MOST = 2_000
"""Of one shard; above it the oldest go. An administrator makes some dozens a day."""
ACTION = "change-told-once"

Span = tuple[int, int]
ToldSpans = Callable[[str], Sequence[Span]]
"""For which times, in milliseconds, a feed of this name has told everything."""


class ToldChange(NamedTuple):
    """A change as one feed told it."""

    teller: str
    kind: str
    target: str
    actor: str
    time: int
    name: str
    is_told_by_both: bool
    is_judged: bool = False

    def is_other_half_of(self, change: ToldChange) -> bool:
        """Whether it is the same change, told by the other feed. What is not told of it fits everything."""
        return (
            self.teller != change.teller
            and self.kind == change.kind
            and self.actor == change.actor
            and (self.target == change.target or not self.target or not change.target)
            and abs(self.time - change.time) <= WINDOW
        )


class ChangeBooks:
    """Of one shard."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, transaction: Transaction, changes: Iterable[Sequence[str | int | bool]]) -> None:
        """What a batch tells, each in the order of `ToldChange`'s fields."""
        told = [ToldChange(*change) for change in changes]  # type: ignore[arg-type]
        if told:
            self._store(transaction, [*self.changes(), *told])

    def changes(self) -> list[ToldChange]:
        return [ToldChange(*change) for change in orjson.loads(self._state.data(keys.CHANGES.prefix) or b"[]")]

    def judge(self, now: datetime, told: ToldSpans, problems: Problems, org: str, tellers: Sequence[str]) -> None:
        """Announce changes that one feed told and the other did not, although it told everything of that time; each once.

        Costs no write while there is none to judge. `tellers`: the two feeds.
        """
        changes = self.changes()
        ripe = _milliseconds(now - WAIT)
        spans = {teller: told(teller) for teller in tellers} if changes else {}
        judged = {
            number
            for number, change in enumerate(changes)
            if not change.is_judged and change.time <= ripe and _is_covered(change.time, spans[_other(change, tellers)])
        }
        oldest = _milliseconds(now - KEPT)
        if not judged and all(change.time >= oldest for change in changes):
            return
        lone = [
            changes[number]
            for number in sorted(judged)
            if changes[number].is_told_by_both and not any(map(changes[number].is_other_half_of, changes))
        ]
        kept = [
            change._replace(is_judged=change.is_judged or number in judged)
            for number, change in enumerate(changes)
            if change.time >= oldest
        ]
        with self._state.transact() as transaction:
            self._store(transaction, kept)
            for change in lone:
                _announce(problems, change, _other(change, tellers), org)
        for change in lone:
            metrics.CHANGES_TOLD_ONCE.labels(change.teller).inc()

    def _store(self, transaction: Transaction, changes: Sequence[ToldChange]) -> None:
        newest = sorted(changes, key=lambda change: change.time)[-MOST:]
        transaction.set(keys.CHANGES.prefix, orjson.dumps([list(change) for change in newest]))


def _announce(problems: Problems, change: ToldChange, other: str, org: str) -> None:
    when = datetime.fromtimestamp(change.time / 1000, UTC)
    name = f" {change.name}" if change.name else ""
    what = {"contents": f"changed the permission set{name}"}.get(change.kind, f"{change.kind} the permission set{name}")
    problems.announce(
        ACTION,
        f"{change.teller} says that {change.actor} {what} at {when:%Y-%m-%d %H:%M:%S} UTC; {other} does not",
        fields={
            "event.provider": change.teller,
            "event.start": when.isoformat(),
            "user.name": change.actor,
            "leakline.change.kind": change.kind,
            "leakline.change.permission_set": change.name,
            "leakline.change.not_told_by": other,
        },
        org=org,
    )


def _other(change: ToldChange, tellers: Sequence[str]) -> str:
    return next(teller for teller in tellers if teller != change.teller)


def _is_covered(time: int, spans: Iterable[Span]) -> bool:
    return any(begin <= time - WINDOW and time + WINDOW <= end for begin, end in spans)


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)
