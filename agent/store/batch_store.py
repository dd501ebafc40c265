"""Where batches are kept, beside the state that names them.

The life of a batch: `hold` brings it to the store, and nobody knows of it; a transaction names it (its `BatchFile` goes
into the state) and calls `put`; a later one lets go of it with `delete`. A kill in between leaves at worst a batch
that no transaction names, and `clear` decides at the next start what becomes of it. A batch that a transaction named is
there, whole, until a transaction let go of it: `read` says Damaged where a disk failed that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import polars as pl

from agent.store.batch_file import BatchFile
from agent.store.origin import Origin
from agent.store.transaction import Transaction


@runtime_checkable
class BatchStore(Protocol):
    """The batches of one purpose of one shard. Safe for threads.

    Every method raises StateError when the store cannot be read or written.
    """

    def hold(
        self, frames: Sequence[pl.DataFrame], kind: str, number: int, origins: Sequence[Origin | None] = ()
    ) -> BatchFile:
        """Bring frames to the store, at least one, as one batch. `kind`: a lane, `aside` or `dead`; `number`: the next one
        of that kind; `origins`: one for each frame, or none at all.

        Raises DiskFull; nothing is left behind then.
        """
        ...

    def hold_copy(self, store: BatchStore, file: BatchFile, kind: str, number: int) -> BatchFile:
        """Hold here what `store` holds as `file`, where that is possible without a copy. Raises DiskFull.

        One that is not there is found to be missing when it is read.
        """
        ...

    def put(self, transaction: Transaction, *files: BatchFile) -> None:
        """The transaction names these files."""
        ...

    def delete(self, transaction: Transaction, *files: BatchFile) -> None:
        """The transaction lets go of these files: they are gone once it is committed, and not before."""
        ...

    def discard(self, *files: BatchFile) -> None:
        """Let go of files that were held, and whose transaction did not happen."""
        ...

    def read(self, file: BatchFile) -> list[pl.DataFrame]:
        """The frames again, the very ones that were held. Raises Damaged for one that is missing or damaged."""
        ...

    def clear(self, following: Mapping[str, int], named: frozenset[str]) -> None:
        """At a start: let go of batches that no transaction names and nobody misses.

        `following`: the next number of each kind; `named`: the names of all files that the state names.
        """
        ...
