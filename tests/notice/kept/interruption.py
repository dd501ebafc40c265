"""An end at any moment of a commit: at each write of its transaction, and around its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from agent.store.queue.state_stores import StateStores
from agent.store.transaction import Transaction, Value


class Interrupted(BaseException):
    """No error that anybody expects."""


def interrupt(moment: str) -> None:
    raise Interrupted(moment)


class Interruption:
    """Counts the moments that go by, and ends what runs at the one it is set to."""

    def __init__(self, patch: pytest.MonkeyPatch, end: Callable[[str], None] = interrupt) -> None:
        self._patch = patch
        self._end = end
        self._depth = 0
        self.at: int | str = 0
        """Which moment, from 1 on, or what its name begins with; 0: none."""
        self.passed: list[str] = []
        """What was done at each so far."""

    def set(self, at: int | str) -> None:
        self.at = at
        self.passed.clear()

    def watch(self, stores: StateStores) -> None:
        """From now on the moments of this shard count."""
        state, spool = stores.state, stores.spool
        transact = state.transact

        @contextmanager
        def interrupted(wait: float | None = None) -> Iterator[Transaction]:
            self._depth += 1
            try:
                with transact(wait) as transaction:
                    yield _CountedTransaction(transaction, self._pass)
                    self._pass("before the commit" if self._depth == 1 else "before the end of an inner block")
            finally:
                self._depth -= 1
            if not self._depth:
                self._committed("after the commit")

        self._patch.setattr(state, "transact", interrupted)
        self._patch.setattr(spool, "write", self._counted("write", spool.write, self._pass))
        self._patch.setattr(spool, "publish", self._counted("publish", spool.publish, self._committed))

    def _counted(self, name: str, work: Callable[..., Any], passing: Callable[[str], None]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            passing(f"before {name}")
            done = work(*arguments)
            passing(f"after {name}")
            return done

        return counted

    def _pass(self, what: str) -> None:
        self.passed.append(what)
        if len(self.passed) == self.at or (isinstance(self.at, str) and what.startswith(self.at)):
            self._end(what)

    def _committed(self, what: str) -> None:
        """What is stored cannot be undone by an exception any more; only a kill ends it here."""
        if self._end is not interrupt:
            self._pass(what)


class _CountedTransaction:
    """A `Transaction`."""

    def __init__(self, transaction: Transaction, passing: Callable[[str], None]) -> None:
        self._transaction = transaction
        self._passing = passing

    def set(self, key: str, value: Value) -> None:
        self._passing(f"set {key}")
        self._transaction.set(key, value)

    def delete(self, key: str) -> None:
        self._passing(f"delete {key}")
        self._transaction.delete(key)

    def apply(self, prefix: str, changes: Mapping[str, bytes | None]) -> None:
        for key, value in changes.items():
            self._passing(f"apply {prefix}{key}")
            self._transaction.apply(prefix, {key: value})

    def after_commit(self, work: Callable[[], None]) -> None:
        self._transaction.after_commit(work)
