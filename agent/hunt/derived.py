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
from agent.wording.number import counted


class DerivedRules:
    """What single events cannot say."""

    def __init__(self, rules: RuleSet, clock: Sequence[str], *, raw: bool = False) -> None:
        """`clock`: columns that may hold the time of an event, the best first; `raw`: whether an `event.id` may be
        anything.
        """
        self._correlations = CorrelationHunt(rules.correlations, clock, silent=rules.feeder_ids, raw=raw)
        self._baselines = BaselineHunt(rules.baselines, clock, raw=raw)

    @property
    def fields(self) -> frozenset[str]:
        """Columns that are looked at, times excepted."""
        return self._correlations.fields | self._baselines.fields

    def saw(self, frame: pl.DataFrame) -> None:
        """All events of some consecutive lines, matched or not."""
        self._baselines.saw(frame)

    def add(self, rule: Rule, rows: pl.Series, events: EventChunk, file: str) -> None:
        """`rows`: numbers of the events that the rule matches."""
        for hunt in (self._correlations, self._baselines):
            if rule.id in hunt.bases:
                hunt.add(rule.id, events.frame[rows], events.lines.gather(rows), file)

    def alerts(self) -> Iterator[tuple[Rule, dict[str, Any], str, int]]:
        """Each alert: its rule, what it says by dotted names, and where its last event stands."""
        for change, last in self._correlations.alerts():
            yield change.correlation.rule, correlation_document(change), last[FILE], last[LINE]
        for revision, last in self._baselines.alerts():
            yield revision.baseline.rule, baseline_document(revision), last[FILE], last[LINE]

    @property
    def left_out(self) -> list[str]:
        """What was not judged, in words for people."""
        counts = {
            "without a time left out of correlations": self._correlations.untimed,
            "left out of baselines, which have too many groups": self._baselines.dropped,
            "without a value to group by left out of correlations": self._correlations.ungrouped,
            "without a value to count left out of correlations": self._correlations.valueless,
        }
        return [f"{counted(count, 'match')} {words}" for words, count in counts.items() if count]
