"""Rows that are taken once: those of a batch that says so (`Batch.once`) and whose ids were committed before are left out.

Two sources of an org may bring the same happening at the same time, so what decides is the commit lock: inside it each
batch of a group loses what is known by then, those ahead of it in the group included, and rules see what is left. Before
its steps a batch loses what is known already, so that a source which reads an overlap does not pay for it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import polars as pl

from agent.model import Batch, TakenOnce
from agent.pipeline.batch_writer import PreparedBatch, Settle
from agent.store.queue.state_stores import StateStores
from agent.store.taken.committed_ids import CommittedIds
from agent.store.transaction import Transaction


class TakenRows:
    """The families of one shard. Every method is called under the commit lock."""

    def __init__(self, stores: StateStores) -> None:
        self._stores = stores
        self._families: dict[str, CommittedIds] = {}

    def left_of(self, batch: Batch) -> Batch:
        """The batch without what was taken before; nothing is noted."""
        unknown = self._unknown(batch)
        return batch if unknown is None else _part(batch, unknown)

    def take(self, ready: PreparedBatch) -> PreparedBatch:
        """The batch without what was taken before; what is left counts as taken until `take_back`."""
        batch, once = ready.batch, ready.batch.once
        unknown = self._unknown(batch)
        if unknown is not None:
            batch, prepared = _part(batch, unknown), ready.prepared.filter(unknown)
            shaped = ready.shaped.filter(unknown) if ready.shaped.height else ready.shaped
            matches = ready.steps.match(batch, prepared)
            ready = replace(ready, batch=batch, prepared=prepared, matches=matches, shaped=shaped)
        if once is not None and batch.frame.height:
            self._family(once).take(batch.frame["event.id"])
        return ready

    def settling(self, settle: Settle | None, now: datetime) -> Settle | None:
        """What commits with the group: `settle`, and the ids that were taken."""
        pending = [ids for ids in self._families.values() if ids.has_pending]
        if not pending:
            return settle

        def settle_all(transaction: Transaction) -> None:
            for ids in pending:
                ids.store(transaction, now)
            if settle is not None:
                settle(transaction)

        return settle_all

    def commit(self) -> None:
        """The group is stored."""
        for ids in self._families.values():
            ids.commit()

    def take_back(self) -> None:
        """It is not: nothing of it was taken."""
        for ids in self._families.values():
            ids.take_back()

    def _unknown(self, batch: Batch) -> pl.Series | None:
        if batch.once is None or not batch.frame.height:
            return None
        return self._family(batch.once).unknown(batch.frame["event.id"])

    def _family(self, once: TakenOnce) -> CommittedIds:
        if once.family not in self._families:
            self._families[once.family] = CommittedIds(self._stores.state, once, self._report)
        return self._families[once.family]

    def _report(self, message: str) -> None:
        self._stores.problems.report("ids-forgotten", self._stores.shard, message)


def _part(batch: Batch, keep: pl.Series) -> Batch:
    frame = batch.frame.filter(keep)
    numbers = batch.row_numbers.filter(keep) if batch.row_numbers is not None else None
    duplicates = batch.duplicates + batch.frame.height - frame.height
    return replace(batch, frame=frame, row_numbers=numbers, duplicates=duplicates, early=None)
