"""What the rules said: alerts by rule and day, and for each planted leak who found it and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import polars as pl

LEVELS = ("critical", "high", "medium", "low", "informational")

SAMPLES = 5
"""Sentences kept of each rule."""


@dataclass(frozen=True, slots=True)
class LeakFinding:
    """A rule found a leak. `after`: event time from the leak's first event to the one that the rule matched, or to the
    last that a correlation or baseline had counted when it spoke; `known`: to when the log file was there that made it speak.
    """

    rule: str
    after: timedelta
    known: timedelta


@dataclass
class Tally:
    """Fed with the alerts of one file after another. Only alerts raised count, not what revises them or counts on."""

    levels: Mapping[str, str]
    """Rule id to level."""
    first: date
    until: date
    """The innocent days: from the first to the one before the other."""
    innocent: Counter[str] = field(default_factory=Counter)
    """Rule id to alerts whose evidence begins on an innocent day."""
    samples: dict[str, list[str]] = field(default_factory=dict)
    """Rule id to a few such alerts' sentences, for who tunes the rule."""
    begun: dict[str, datetime] = field(default_factory=dict)
    """Scenario to its first event."""
    _scenario_of: dict[str, str] = field(default_factory=dict)
    _alerts: list[tuple[str, datetime, datetime, Sequence[str]]] = field(default_factory=list)

    def take(self, alerts: pl.DataFrame, planted: pl.DataFrame) -> None:
        """`planted`: `event.id`, `scenario`, `time` of the file's planted events."""
        for event, scenario, moment in planted.iter_rows():
            self._scenario_of[event] = scenario
            self.begun[scenario] = min(moment, self.begun.get(scenario, moment))
        if alerts.is_empty():
            return
        raised = alerts.filter(pl.col("event.action") == "alert-raised")
        for alert in raised.iter_rows(named=True):
            ids = alert["leakline.alert.event_ids"] or []
            if any(name in self._scenario_of for name in ids):
                counted = alert.get("leakline.correlation.type") or alert.get("leakline.baseline.type")
                holds = alert["event.end" if counted else "event.start"]
                self._alerts.append((alert["rule.id"], holds, alert["@timestamp"], ids))
            elif self.first <= alert["event.start"].date() < self.until:
                self.innocent[alert["rule.id"]] += 1
                told = self.samples.setdefault(alert["rule.id"], [])
                if len(told) < SAMPLES:
                    told.append(f"{alert['event.start']:%m-%d %H:%M} {alert['message']}")

    def found(self) -> dict[str, list[LeakFinding]]:
        """Scenario to the rules that found it, each once, the quickest first."""
        best: dict[str, dict[str, LeakFinding]] = {name: {} for name in self.begun}
        for rule, end, known, ids in self._alerts:
            for name in {self._scenario_of[finding] for finding in ids if finding in self._scenario_of}:
                finding = LeakFinding(rule, end - self.begun[name], known - self.begun[name])
                if rule not in best[name] or finding.known < best[name][rule].known:
                    best[name][rule] = finding
        return {
            name: sorted(rules.values(), key=lambda finding: (finding.known, finding.after))
            for name, rules in best.items()
        }

    def by_level(self) -> dict[str, int]:
        counts = dict.fromkeys(LEVELS, 0)
        for rule, number in self.innocent.items():
            counts[self.levels[rule]] += number
        return counts
