"""What snapshots report of themselves, as events of Leakline's own.

Actions: `snapshot-baseline` (the first look at an object: nothing is compared yet), `snapshot-widened` (records were there
before and can be seen only now); `snapshot-failed` and its end `snapshot-taken`; `snapshot-doubtful` (much is missing at
once) and its end `snapshot-settled`; `differences-left-out`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from agent.model import Batch
from agent.own_event import own_event


class SnapshotNews:
    """Of one look at one object. Each method gives a batch of one event; `joined` makes them one batch."""

    def __init__(self, org: str, source: str, name: str, now: datetime) -> None:
        self._org = org
        self._source = source
        self._name = name
        self._now = now

    def baseline(self, count: int, lacking: str) -> Batch:
        """`lacking`: a permission without which perhaps not all records are seen; empty where that is not known."""
        message = (
            f"{count:,} records of {self._name} are known from now on, and what changes after this becomes an event"
        )
        if lacking:
            message += f". The user does not have the permission {lacking} and perhaps sees only a part of them"
        return self._event("snapshot-baseline", message, count)

    def widened(self, count: int) -> Batch:
        message = f"{count:,} older records of {self._name} can be seen only now: they are not reported as granted"
        return self._event("snapshot-widened", message, count)

    def failed(self, reason: str) -> Batch:
        message = f"{self._name} could not be compared, and nothing follows from this look: {reason}"
        return self._event("snapshot-failed", message, failure=True)

    def taken(self) -> Batch:
        return self._event("snapshot-taken", f"{self._name} is compared again")

    def doubtful(self, held: int, reason: str) -> Batch:
        """`held`: records that may have been revoked."""
        message = f"{held:,} records of {self._name} are missing at once and are not reported as revoked yet: {reason}"
        return self._event("snapshot-doubtful", message, held, failure=True)

    def settled(self) -> Batch:
        return self._event("snapshot-settled", f"what was missing of {self._name} is back or was revoked")

    def left_out(self, count: int) -> Batch:
        message = f"{count:,} differences of {self._name} were left out: a look reports grants first, then changes, then revocations"
        told = self._event("differences-left-out", message, count, failure=True)
        return replace(told, frame=told.frame.with_columns(pl.lit(count).alias("leakline.problem.count")))

    def joined(self, told: Sequence[Batch]) -> Batch:
        """One batch of all their events."""
        return replace(told[0], frame=pl.concat([batch.frame for batch in told], how="diagonal"))

    def _event(self, action: str, message: str, count: int | None = None, *, failure: bool = False) -> Batch:
        fields: dict[str, str | int | float | bool] = {
            "event.provider": self._source,
            "salesforce.object.name": self._name,
        }
        if count is not None:
            fields["salesforce.snapshot.records"] = count
        told = own_event(self._org, action, message, self._now, failure=failure, fields=fields)
        return replace(told, input=f"{self._source} {self._name}")
