"""Rules over many events in a hunt: correlations and baselines, fed while files are read, judged when all are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from agent.detection.baseline.alert import document as baseline_document
from agent.detection.correlation.alert import document as correlation_document
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.rule import Rule
from agent.hunt.baseline import BaselineHunt
from agent.hunt.correlation import CorrelationHunt
from agent.hunt.raw import EventChunk
from agent.hunt.rows import FILE, LINE


class DerivedRules:
    """What single events cannot say."""

    def __init__(self, rules: RuleSet, clock: Sequence[str], *, raw: bool = False) -> None:
        """`clock`: columns that may hold the time of an event, the best first; `raw`: whether an `event.id` may be
        anything.
        """
        self._gathered = CorrelationHunt(rules.correlations, clock, silent=rules.silent, raw=raw)
        self._compared = BaselineHunt(rules.baselines, clock, raw=raw)

    @property
    def fields(self) -> frozenset[str]:
        """Columns that are looked at, times excepted."""
        return self._gathered.fields | self._compared.fields

    def saw(self, frame: pl.DataFrame) -> None:
        """All events of some consecutive lines, matched or not."""
        self._compared.saw(frame)

    def add(self, rule: Rule, rows: pl.Series, examined: EventChunk, file: str) -> None:
        """`rows`: numbers of the events that the rule matches."""
        for those in (self._gathered, self._compared):
            if rule.id in those.bases:
                those.add(rule.id, examined.frame[rows], examined.lines.gather(rows), file)

    def alerts(self) -> Iterator[tuple[Rule, dict[str, Any], str, int]]:
        """Each alert: its rule, what it says by dotted names, and where its last event stands."""
        for told, last in self._gathered.alerts():
            yield told.correlation.rule, correlation_document(told), last[FILE], last[LINE]
        for alarm, last in self._compared.alerts():
            yield alarm.baseline.rule, baseline_document(alarm), last[FILE], last[LINE]

    @property
    def left_out(self) -> list[str]:
        """What was not judged, in words for people."""
        counts = {
            "matches without a time were left out of correlations": self._gathered.untimed,
            "matches were too many for baselines": self._compared.dropped,
            "matches without a value to group by were left out of correlations": self._gathered.ungrouped,
            "matches without a value to count were left out of correlations": self._gathered.valueless,
        }
        return [f"{count:,} {words}" for words, count in counts.items() if count]
