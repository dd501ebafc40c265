"""What is written to the state, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

Value = bytes | str | int


class Transaction(Protocol):
    """What can be written; valid inside one `State.transact()` block."""

    def set(self, key: str, value: Value) -> None:
        """Raises TypeError for another kind of key or value; ValueError for a value above 1 MB, a number of more than 64
        bits and text that is not Unicode.
        """
        ...

    def delete(self, key: str) -> None:
        """Forget a key; one that is not there is fine."""
        ...

    def apply(self, prefix: str, changes: Mapping[str, bytes | None]) -> None:
        """Set or (None) delete every key of `changes` under `prefix`."""
        ...

    def after_commit(self, work: Callable[[], None]) -> None:
        """Have `work` done once everything is committed, in the order in which it was asked for; never if it is not.

        It is done by the thread that committed, when others may write again, and a kill may prevent it. An error in it
        is logged, and neither raised nor in the way of what else was asked for: the commit happened.
        """
        ...
