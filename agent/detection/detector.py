"""Rules over prepared batches: which rows match, and the alerts that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
import structlog

from agent.columns.picked_rows import picked
from agent.columns.timestamp import TIME
from agent.detection.alert.fold_memory import FoldChanges, FoldMemory
from agent.detection.alert.raised_alerts import MatchedEvents, late_counts
from agent.detection.baseline import alert as baseline_alert
from agent.detection.baseline.engine import BaselineChanges, BaselineEngine
from agent.detection.correlation import alert as correlation_alert
from agent.detection.correlation.batch_changes import BatchChanges
from agent.detection.correlation.engine import PATIENCE, CorrelationEngine
from agent.detection.detection import Detection
from agent.detection.matcher import Matcher
from agent.detection.memory.undo import Undo
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LATENESS, LogSource
from agent.detection.sigma.rule import Rule

log = structlog.get_logger()

Shape = Callable[[pl.DataFrame], pl.DataFrame]
"""Prepared rows to shaped ones, row for row."""

RuleMatches = Sequence[tuple[Rule, pl.Series]]
"""Rules with the numbers of the rows of a prepared frame that they match (UInt32, ascending)."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Detector:
    """What must be remembered of the alerts of rules: folded alerts, correlations, baselines.

    Each shard has its own over rules that all share. Within it each org is by itself: a batch of one org changes nothing
    of another's and makes nothing be told of it. One batch at a time: `detect`, transaction, `commit`.
    """

    def __init__(
        self,
        rules: RuleSet,
        *,
        recall: Callable[[str], bytes | None] = lambda _: None,
        fold: timedelta = timedelta(hours=1),
        lateness: Mapping[str, timedelta] = LATENESS,
        patience: timedelta = PATIENCE,
        long_ids: Callable[[pl.Series], pl.Series] = lambda ids: ids,
        matcher: Matcher | None = None,
    ) -> None:
        """`recall`: what earlier detections asked to remember; `fold`: the span in which repeats become one alert;
        `lateness`: service to how late its rows may come, for correlations; `patience`: how long a change of one's
        alert may stay untold; `long_ids`: record ids as a column of the rows to ids as events have them. `matcher`: of
        these rules; unless given, one of its own.
        """
        self.rules = rules
        self._matcher = matcher or Matcher(rules, log_rule_failure)
        self._long_ids = long_ids
        self._stored = recall
        self._unstored: dict[str, bytes | None] = {}
        """What batches asked to remember that have advanced and are not stored yet."""
        recall = self._recall
        self._folds = FoldMemory(fold, {rule.id for rule in rules}, recall)
        sources = {rule.id: rule.logsource for rule in rules}
        self._feeder_ids = rules.feeder_ids
        self.correlation_engine = CorrelationEngine(
            rules.correlations, sources, recall, lateness, patience, rules.feeder_ids
        )
        self.baseline_engine = BaselineEngine(rules.baselines, sources, recall)

    def detect(
        self,
        prepared: pl.DataFrame,
        source: LogSource,
        now: datetime,
        *,
        org: str | None = None,
        shape: Shape | None = None,
        final: bool = False,
        matches: RuleMatches | None = None,
    ) -> Detection:
        """What the rules' matches in a batch come to; a batch without rows is what the clock brings, to every org.

        `prepared`: vendor and computed columns with `event.id` and, where the rows have a time, `@timestamp`.
        `org`: the id of the org that was read; unless given, that of the first row.
        `shape`: how the rest of the program shapes the rows; without it vendor columns become `salesforce.<name>`.
        `final`: nothing follows, so that correlations judge what they would wait with.
        `matches`: what `matches` gave for this frame; unless given, the rules are tried here.
        """
        found = list(self.matches(prepared, source)) if matches is None else list(matches)
        counts = {rule.id: len(rows) for rule, rows in found}
        org = _org(prepared) if org is None else org
        correlated, compared = self._derive(found, prepared, org, source, now, final=final)
        found = [(rule, rows) for rule, rows in found if rule.id not in self._feeder_ids]
        folds = self._folds.changes()
        alerts = [*self._raise(found, prepared, org, shape or plain_shape, now, folds)]
        alerts += self._late([org] if prepared.height else self._folds.orgs, now, folds)
        derived = [
            *correlation_alert.frames(correlated.alert_changes, now),
            *baseline_alert.frames(compared.alert_changes, now),
        ]
        alerts += [
            frame.with_columns(self._long_ids(frame["user.id"])) if "user.id" in frame.columns else frame
            for frame in derived
        ]

        remember = {**self._folds.remembered(folds.changed), **correlated.remember, **compared.remember}

        def advance() -> Undo:
            undo = (
                self._folds.advance(folds.changed),
                self.correlation_engine.advance(correlated),
                self.baseline_engine.advance(compared),
            )
            self._unstored |= remember

            def take_back() -> None:
                for part in undo:
                    part()
                self._unstored.clear()

            return take_back

        def stored() -> None:
            self.correlation_engine.count(correlated)
            self.baseline_engine.count(compared)
            self._unstored.clear()

        return Detection(
            pl.concat(alerts, how="diagonal_relaxed") if alerts else pl.DataFrame(), remember, counts, advance, stored
        )

    def _recall(self, key: str) -> bytes | None:
        """What was asked to be remembered under a key, also by batches that are not stored yet."""
        return self._unstored[key] if key in self._unstored else self._stored(key)

    def _derive(
        self,
        found: RuleMatches,
        prepared: pl.DataFrame,
        org: str,
        source: LogSource,
        now: datetime,
        *,
        final: bool,
    ) -> tuple[BatchChanges, BaselineChanges]:
        """What the matches mean to correlations and to baselines; an empty batch is what the clock brings."""
        if not prepared.height:
            return self.correlation_engine.take({}, "", source, None, now, final=final), self.baseline_engine.tick(now)
        of_baselines, of_correlations = self.baseline_engine.bases, self.correlation_engine.bases
        frames: dict[tuple[int, ...], pl.DataFrame] = {}
        matched: dict[str, pl.DataFrame] = {}
        for rule, hits in found:
            if rule.id in of_baselines or rule.id in of_correlations:
                rows = tuple(hits.to_list())
                if rows not in frames:  # several rules often match the same rows
                    frames[rows] = picked(prepared, hits) if len(hits) < prepared.height else prepared
                matched[rule.id] = frames[rows]
        newest, times = _newest(prepared, now), self.baseline_engine.times
        if newest is not None:
            times = times.noting(org, source, newest, int(now.timestamp() * 1000))
        to_correlate = {rule: rows for rule, rows in matched.items() if rule in of_correlations}
        to_compare = {rule: rows for rule, rows in matched.items() if rule in of_baselines}
        return (
            self.correlation_engine.take(to_correlate, org, source, newest, now, final=final),
            self.baseline_engine.take(to_compare, org, times, now),
        )

    @property
    def broken(self) -> Mapping[str, str]:
        """Rule id to reason: rules that raised an error while they were tried, on some batch."""
        return self._matcher.broken

    def matches(self, prepared: pl.DataFrame, source: LogSource) -> Iterator[tuple[Rule, pl.Series]]:
        """Each rule that matches, with the numbers of the rows (`UInt32`, ascending)."""
        return self._matcher.matches(prepared, source)

    def _raise(
        self,
        found: RuleMatches,
        prepared: pl.DataFrame,
        org: str,
        shape: Shape,
        now: datetime,
        folds: FoldChanges,
    ) -> Iterator[pl.DataFrame]:
        """Alerts for the matches that are not folded into earlier ones: a shaped frame for each rule that raises any."""
        if not found:
            return
        events = MatchedEvents(found, prepared, shape, now)
        for rule, _ in found:
            alerts = events.alerts(rule, folds.folding(org, rule.id))
            if alerts is not None:
                yield alerts

    def _late(self, orgs: Sequence[str], now: datetime, folds: FoldChanges) -> Iterator[pl.DataFrame]:
        """Counts of what was folded, for windows of these orgs that are over."""
        for org in orgs:
            due = {rule for rule, folding in self._folds.of(org) if folding.alerts and folding.waits(now)}
            due |= {rule for owner, rule in folds.changed if owner == org}
            for rule in (rule for rule in self.rules if rule.id in due) if due else ():
                counts = late_counts(rule, folds.folding(org, rule.id), now)
                if counts is not None:
                    yield counts


def log_rule_failure(rule: Rule, error: Exception) -> None:
    log.error("rule breaks and is passed over", rule=rule.title, path=str(rule.path), reason=str(error))


def _org(prepared: pl.DataFrame) -> str:
    """The org of the first row; empty where rows say none."""
    return str(prepared["organization.id"][0] or "") if "organization.id" in prepared.columns else ""


def _newest(prepared: pl.DataFrame, now: datetime) -> int | None:
    """The newest event time of a batch in milliseconds, None if no row has a time.

    One in the future does not move a watermark past now: rows of the present would count as late ever after.
    """
    if "@timestamp" not in prepared.columns:
        return None
    latest = prepared["@timestamp"].cast(TIME).max()
    if not isinstance(latest, datetime):
        return None
    return min((latest - EPOCH) // timedelta(milliseconds=1), int(now.timestamp() * 1000))


def plain_shape(prepared: pl.DataFrame) -> pl.DataFrame:
    """Dotted columns as they are, the vendor's as `salesforce.<name in lower case>`."""
    return prepared.rename(lambda name: name if "." in name or name == "@timestamp" else f"salesforce.{name.lower()}")
