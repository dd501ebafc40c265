"""RestApi rows of which one in a hundred raises an alert, and the rule that raises it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from tests.bench.workload import write_log_file

ONE_IN = 100
USERS = 500
"""To whom the rows belong that raise nothing."""
BEGINNING = datetime(2026, 7, 1, tzinfo=UTC)
BETWEEN = timedelta(milliseconds=37)
"""Of event time from one row to the next; an alert comes every 3.7 s."""
LATE = timedelta(hours=1)
"""After its last row a file is there."""
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
    """Log files of these rows, one after the other, in the order of event time."""

    pool: pl.DataFrame
    """Rows as a log file has them; the columns that matter here are filled anew."""
    made: int = 0
    """Rows so far."""
    now: datetime = BEGINNING
    _rng: random.Random = field(default_factory=lambda: random.Random(7))

    @classmethod
    def of(cls, folder: Path, rows: int) -> AlertingRows:
        """With `rows` different rows, by way of a file in `folder`."""
        write_log_file(folder / "RestApi.csv", rows)
        return cls(pl.read_csv(folder / "RestApi.csv", infer_schema=False))

    def file(self, path: Path, size: int, alerting: Sequence[int]) -> Path:
        """A log file of `size` rows of which the first of each hundred alerts: those of the users with these numbers."""
        assert len(alerting) == -(-size // ONE_IN)
        users = [self._rng.randrange(USERS) for _ in range(size)]
        users[::ONE_IN] = alerting
        return self._file(path, users, pl.int_range(size, eager=True) % ONE_IN == 0)

    def alerts(self, path: Path, users: Sequence[int]) -> Path:
        """A log file with an alert of each of these users, and no other row."""
        return self._file(path, users, pl.repeat(value=True, n=len(users), eager=True))

    def _file(self, path: Path, users: Sequence[int], alerts: pl.Series) -> Path:
        size = len(users)
        numbers = range(self.made, self.made + size)
        times = pl.Series([BEGINNING + number * BETWEEN for number in numbers])
        names = pl.Series([f"005{user:012x}" for user in users])
        sessions = pl.Series([f"{user:016x}" for user in users])
        quick = pl.when(alerts).then(pl.lit("7")).otherwise(pl.lit("40"))
        rows = self.pool[[number % self.pool.height for number in numbers]].with_columns(
            times.dt.to_string("%Y%m%d%H%M%S%.3f").alias("TIMESTAMP"),
            times.dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ").alias("TIMESTAMP_DERIVED"),
            pl.Series([f"4{number:020x}" for number in numbers]).alias("REQUEST_ID"),
            names.alias("USER_ID"),
            (names + "AAA").alias("USER_ID_DERIVED"),
            sessions.alias("SESSION_KEY"),
            sessions.alias("LOGIN_KEY"),
            quick.alias("RUN_TIME"),
            quick.alias("CPU_TIME"),
        )
        self.made += size
        self.now = times[-1] + LATE
        rows.write_csv(path, quote_style="always", null_value="")
        return path
