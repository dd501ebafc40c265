"""Detection over the rows of a backfill: the same rules, with a memory of their own, apart from that of live collection.

What it remembers is stored under `keys.HISTORY`, by the id of the backfill, and forgotten when that ends. Its alerts have
`leakline.alert.history`, by which nobody is paged for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl

from agent.detection.alert.alert import HISTORY
from agent.detection.covered_rows import RuleMatches
from agent.detection.detection import Detection
from agent.detection.detector import Detector, Shape
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LATENESS, SALESFORCE, LogSource
from agent.model import Batch, History
from agent.store import keys
from agent.store.state import State

LATE = max(LATENESS.values())
"""How late rows of any service may come in a backfill: a day is read feed after feed, so the last one is a day behind."""
LATENESS_OF_HISTORY = dict.fromkeys((*SALESFORCE, "agent"), LATE)
MOST_FORGOTTEN = 2_000
"""Keys forgotten in one transaction."""


def of_history(rules: RuleSet) -> RuleSet:
    """The rules, whose baselines wait for rows that are as late as those of a backfill."""
    waiting = [replace(baseline, wait=max(baseline.wait, LATE)) for baseline in rules.baselines]
    return replace(rules, baselines=tuple(waiting))


class HistoryDetection:
    """Of one shard. For one thread at a time: whoever detects its batches."""

    def __init__(
        self,
        detector: Callable[[Callable[[str], bytes | None]], Detector],
        recall: Callable[[str], bytes | None],
        fold: timedelta,
    ) -> None:
        """`detector`: one with a memory; `recall`: what the shard's detection remembered; `fold`: after how long repeats are
        told.
        """
        self._make = detector
        self._recall = recall
        self._fold = fold
        self._made: tuple[str, Detector] | None = None
        """Of the backfill that was seen last."""

    def detect(
        self,
        batch: Batch,
        history: History,
        prepared: pl.DataFrame,
        source: LogSource,
        now: datetime,
        shape: Shape,
        matches: RuleMatches,
    ) -> Detection:
        """As `Detector.detect`; where the backfill ends, everything is judged and told that waits."""
        # Of what was folded all is told at the end: the clock of a whole span later has come for it.
        clock = now if history.ends is None else now + self._fold
        found = self._detector(history.job).detect(
            prepared, source, clock, org=batch.org, shape=shape, matches=matches, ends=history.ends
        )
        alerts, prefix = found.alerts, _prefix(history.job)
        if alerts.height:
            raised = [pl.lit(now).cast(alerts.schema[name]).alias(name) for name in ("@timestamp", "event.created")]
            alerts = alerts.with_columns(*raised, pl.lit(value=True).alias(HISTORY))
        return replace(found, alerts=alerts, remember={prefix + key: value for key, value in found.remember.items()})

    def _detector(self, job: str) -> Detector:
        if self._made is None or self._made[0] != job:
            prefix = _prefix(job)
            self._made = job, self._make(lambda key: self._recall(prefix + key))
        return self._made[1]


def _prefix(job: str) -> str:
    """Under `keys.DETECTION`."""
    return keys.DETECTION.rest(keys.HISTORY.key(job, ""))


def forget(state: State, kept: str = "") -> None:
    """What detection remembers of backfills that are over, all but the one with the id `kept`. Raises DiskFull."""
    own = keys.HISTORY.key(kept, "") if kept else ""
    gone = [key for key in state.keys(keys.HISTORY.prefix) if not own or not key.startswith(own)]
    for begin in range(0, len(gone), MOST_FORGOTTEN):
        with state.transact() as transaction:
            transaction.apply("", dict.fromkeys(gone[begin : begin + MOST_FORGOTTEN]))
