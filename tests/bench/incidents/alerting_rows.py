"""RestApi rows of which one in a hundred raises an alert, and the rule that raises it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from agent.model import Batch, Cursor
from tests.bench.beside import agent_names
from tests.bench.workload import write_log_file

ONE_IN = 100
BEGINNING = datetime(2026, 7, 1, tzinfo=UTC)
BETWEEN = timedelta(milliseconds=37)
"""Of event time from one row to the next; an alert comes every 3.7 s."""
LATE = timedelta(hours=1)
"""After its last row a batch is there."""
FOLD = "1s"
"""Matches of a user that are further apart are alerts of their own: all but a few are."""

RULE = """
title: A call that is over at once
id: 5b0f7e1c-8f0e-4c39-9a52-7b1b0a7b7d10
status: test
level: high
logsource: {product: salesforce, service: event_log_file}
detection: {selection: {EVENT_TYPE: RestApi, RUN_TIME: 7, CPU_TIME: 7}, condition: selection}
"""


@dataclass
class AlertingRows:
    """Batches of these rows, one after the other, in the order of event time."""

    pool: pl.DataFrame
    """Rows as a log file has them: what is left of them are the columns that do not matter here."""
    org: str
    made: int = 0
    """Rows so far."""
    batches: int = 0
    now: datetime = BEGINNING
    _rng: random.Random = field(default_factory=lambda: random.Random(7))

    @classmethod
    def of(cls, folder: Path, rows: int) -> AlertingRows:
        """With `rows` different rows, by way of a file in `folder`."""
        write_log_file(folder / "RestApi.csv", rows)
        found = list(agent_names.batches_of(folder / "RestApi.csv"))
        return cls(pl.concat([batch.frame for batch in found], how="diagonal"), found[0].org)

    def batch(self, size: int, alerting: Sequence[int]) -> Batch:
        """`size` rows of which the first of each hundred alerts: those of the users with these numbers."""
        assert len(alerting) == -(-size // ONE_IN)
        users = [self._rng.randrange(500) for _ in range(size)]
        users[::ONE_IN] = alerting
        alerts = pl.int_range(size, eager=True) % ONE_IN == 0
        return self._batch(users, alerts)

    def alerts(self, users: Sequence[int]) -> Batch:
        """An alert of each of these users, and no other row."""
        return self._batch(users, pl.repeat(value=True, n=len(users), eager=True))

    def _batch(self, users: Sequence[int], alerts: pl.Series) -> Batch:
        size = len(users)
        rows = pl.Series([(self.made + number) % self.pool.height for number in range(size)])
        times = pl.Series([BEGINNING + (self.made + number) * BETWEEN for number in range(size)])
        names = pl.Series([f"005{user:012x}" for user in users])
        quick = pl.when(alerts).then(pl.lit("7")).otherwise(pl.lit("40"))
        frame = self.pool[rows].with_columns(
            times.dt.to_string("%Y%m%d%H%M%S%.3f").alias("TIMESTAMP"),
            times.dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ").alias("TIMESTAMP_DERIVED"),
            pl.Series([f"4{self.made + number:020x}" for number in range(size)]).alias("REQUEST_ID"),
            names.alias("USER_ID"),
            (names + "AAA").alias("USER_ID_DERIVED"),
            pl.Series([f"{user:016x}" for user in users]).alias("SESSION_KEY"),
            pl.Series([f"{user:016x}" for user in users]).alias("LOGIN_KEY"),
            quick.alias("RUN_TIME"),
            quick.alias("CPU_TIME"),
        )
        self.made += size
        self.batches += 1
        self.now = times[-1] + LATE
        ids = agent_names.identify(frame, self.org, "RestApi")
        cursor = Cursor(str(self.batches))
        return Batch(
            self.org, "event_log_file", "RestApi", frame.with_columns(ids.alias("event.id")), cursor=cursor, input=str(cursor)
        )
