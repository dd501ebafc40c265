"""Rules over prepared batches: which rows match, and the alerts that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
import structlog

from agent.columns.picked_rows import picked
from agent.columns.timestamp import TIME
from agent.columns.vendor_name import is_vendor_name
from agent.detection.alert.fold_memory import FoldChanges, FoldMemory
from agent.detection.alert.raised_alerts import MatchedEvents, late_counts
from agent.detection.baseline import alert as baseline_alert
from agent.detection.baseline.engine import BaselineChanges, BaselineEngine
from agent.detection.correlation import alert as correlation_alert
from agent.detection.correlation.batch_changes import BatchChanges
from agent.detection.correlation.engine import PATIENCE, CorrelationEngine
from agent.detection.covered_counts import CoveredCounts
from agent.detection.covered_rows import CoveredRows, PreferredMatches, RuleMatches, preferred
from agent.detection.detection import Detection
from agent.detection.matcher import Matcher
from agent.detection.memory.undo import Undo
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LATENESS, LogSource
from agent.detection.sigma.rule import Rule
from agent.detection.streamed_twins import StreamedTwins
from agent.detection.wording.baseline import BaselineWording
from agent.detection.wording.correlation import CorrelationWording

log = structlog.get_logger()

Shape = Callable[[pl.DataFrame], pl.DataFrame]
"""Prepared rows to shaped ones, row for row."""

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
        twins: StreamedTwins | None = None,
    ) -> None:
        """`recall`: what earlier detections asked to remember; `fold`: the span in which repeats become one alert;
        `lateness`: service to how late its rows may come, for correlations; `patience`: how long a change of one's
        alert may stay untold; `long_ids`: record ids as a column of the rows to ids as events have them. `matcher`: of
        these rules; unless given, one of its own. `twins`: of these rules, for whoever prefers the stream.
        """
        self.rules = rules
        self._matcher = matcher or Matcher(rules, log_rule_failure)
        self._twins = twins or StreamedTwins(rules, {})
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
        self.covered = CoveredCounts(recall)
        """Rows for which no rule alerted again, because the stream had told of them."""
        titles = {rule.id: rule.title for rule in rules.all_rules}
        self._correlation_wording = CorrelationWording(titles, rules.correlations)
        self._baseline_wording = BaselineWording(titles)

    def detect(
        self,
        prepared: pl.DataFrame,
        source: LogSource,
        now: datetime,
        *,
        org: str | None = None,
        shape: Shape | None = None,
        final: bool = False,
        ends: datetime | None = None,
        matches: RuleMatches | None = None,
        covered: CoveredRows | None = None,
    ) -> Detection:
        """What the rules' matches in a batch come to; a batch without rows is what the clock brings, to every org.

        `prepared`: vendor and computed columns with `event.id` and, where the rows have a time, `@timestamp`.
        `org`: the id of the org that was read; unless given, that of the first row.
        `shape`: how the rest of the program shapes the rows; without it vendor columns become `salesforce.<name>`.
        `final`: nothing follows, so that correlations judge what they would wait with. `ends`: of a batch without rows,
        the same of `org` in particular, of which everything up to then was read: baselines judge what waits as well.
        `matches`: what `matches` gave for this frame; unless given, the rules are tried here. `covered`: the rows for
        which rules do not alert where they saw the happening in the stream, or have a twin that did.
        """
        found = list(self.matches(prepared, source)) if matches is None else list(matches)
        matched = preferred(found, covered, self._twins, self.broken)
        counts = {rule.id: len(rows) for rule, rows in matched.feeding}
        org = _org(prepared) if org is None else org
        correlated, compared = self._derive(matched, prepared, org, source, now, final=final, ends=ends)
        found = [(rule, rows) for rule, rows in matched.alerting if rule.id not in self._feeder_ids]
        folds = self._folds.changes()
        alerts = [*self._raise(found, prepared, org, shape or plain_shape, now, folds)]
        alerts += self._late([org] if prepared.height else self._folds.orgs, now, folds)
        derived = [
            *correlation_alert.frames(correlated.alert_changes, now, self._correlation_wording),
            *baseline_alert.frames(compared.alert_changes, now, self._baseline_wording),
        ]
        alerts += [
            frame.with_columns(self._long_ids(frame["user.id"])) if "user.id" in frame.columns else frame
            for frame in derived
        ]

        remember = {**self._folds.remembered(folds.changed), **correlated.remember, **compared.remember}
        counted = self.covered.counting(covered.event_type, matched.left_out) if covered is not None else None
        if counted is not None:
            remember |= counted.remembered

        def advance() -> Undo:
            undo = (
                self._folds.advance(folds.changed),
                self.correlation_engine.advance(correlated),
                self.baseline_engine.advance(compared),
                self.covered.advance(counted),
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
            self.covered.count(counted)
            self._unstored.clear()

        return Detection(
            pl.concat(alerts, how="diagonal_relaxed") if alerts else pl.DataFrame(), remember, counts, advance, stored
        )

    def _recall(self, key: str) -> bytes | None:
        """What was asked to be remembered under a key, also by batches that are not stored yet."""
        return self._unstored[key] if key in self._unstored else self._stored(key)

    def _derive(
        self,
        matches: PreferredMatches,
        prepared: pl.DataFrame,
        org: str,
        source: LogSource,
        now: datetime,
        *,
        final: bool,
        ends: datetime | None,
    ) -> tuple[BatchChanges, BaselineChanges]:
        """What the matches mean to correlations and to baselines; an empty batch is what the clock brings."""
        if not prepared.height:
            settled = self.baseline_engine.tick(now) if ends is None else self.baseline_engine.settle(org, ends, now)
            final = final or ends is not None
            return self.correlation_engine.take({}, "", source, None, now, final=final), settled
        of_baselines, of_correlations = self.baseline_engine.bases, self.correlation_engine.bases
        frames: dict[tuple[int, ...], pl.DataFrame] = {}
        matched: dict[str, pl.DataFrame] = {}

        def frame(hits: pl.Series) -> pl.DataFrame:
            rows = tuple(hits.to_list())
            if rows not in frames:  # several rules often match the same rows
                frames[rows] = picked(prepared, hits) if len(hits) < prepared.height else prepared
            return frames[rows]

        for rule, hits in matches.feeding:
            if rule.id in of_baselines or rule.id in of_correlations:
                matched[rule.id] = frame(hits)
        instead = {
            derived: {base: frame(hits) for base, hits in less.items()} for derived, less in matches.instead.items()
        }
        newest, times = _newest(prepared, now), self.baseline_engine.times
        if newest is not None:
            times = times.noting(org, source, newest, int(now.timestamp() * 1000))
        to_correlate = {rule: rows for rule, rows in matched.items() if rule in of_correlations}
        to_compare = {rule: rows for rule, rows in matched.items() if rule in of_baselines}
        return (
            self.correlation_engine.take(to_correlate, org, source, newest, now, final=final, instead=instead),
            self.baseline_engine.take(to_compare, org, times, now, instead),
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
    log.error("rule failed and is skipped", rule=rule.title, path=str(rule.path), reason=str(error))


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
    return prepared.rename(
        lambda name: f"salesforce.{name.lower().replace('.', '_')}" if is_vendor_name(name) else name
    )
