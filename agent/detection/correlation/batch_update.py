"""One correlation, one org, one batch: rows come in, alerts grow, what is over is let go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
import structlog

from agent.columns.timestamp import HOUR
from agent.detection.correlation import at_once, growth, open_alert, thinning, windows
from agent.detection.correlation.batch_changes import AlertChange, BatchChanges
from agent.detection.correlation.definition.correlation import Correlation
from agent.detection.correlation.group_windows import LiveGroups
from agent.detection.correlation.memory import OPEN_ALERTS, Memory, MemoryWriter, first_change
from agent.detection.correlation.open_alert import OpenAlert
from agent.detection.correlation.rows import MatchedRows, correlation_rows

log = structlog.get_logger()

NOTHING = pl.DataFrame()
"""No rows, without columns."""

AHEAD = 24 * HOUR
"""Milliseconds by which an event may lie in the future; what lies farther is left out."""


def stride(correlation: Correlation) -> int:
    """How far the watermark must move to be worth the work, in milliseconds."""
    # A 32nd of the timespan, so that a window waits hardly longer than it is, but a second at least and 112.5 s at
    # most.
    return max(1_000, min(correlation.milliseconds, HOUR) // 32)


def rests(correlation: Correlation, memory: Memory, mark: int) -> bool:
    """Whether a new watermark (milliseconds) changes nothing but the watermark: there is no window to judge, no alert that
    closes, no row that goes.
    """
    if memory.stale or (correlation.waits and memory.pieces):
        return False
    alerts = [alert.end for of_group in memory.alerts.values() for alert in of_group]
    if len(alerts) > OPEN_ALERTS or (alerts and min(alerts) < _over(correlation, mark)):
        return False
    return not _old_pieces(correlation, memory, mark)


def _over(correlation: Correlation, mark: int) -> int:
    """Alerts that ended before this can grow no more; milliseconds, as the watermark."""
    # A row to come lies at or after the mark, and windows that it completes begin a timespan before: an alert that
    # ended more than `quiet` before these is not theirs.
    return mark - correlation.milliseconds - int(correlation.quiet.total_seconds() * 1000)


def _old_pieces(correlation: Correlation, memory: Memory, mark: int) -> list[int]:
    """Numbers of the pieces whose last row is too old."""
    # Two timespans, as `near_rows` and `_judge` look back.
    return [piece.number for piece in memory.pieces if piece.newest < mark - 2 * correlation.milliseconds]


class BatchUpdate:
    """Made for one correlation, org and batch; what it changes is in `changes`."""

    def __init__(
        self,
        correlation: Correlation,
        org: str,
        changes: BatchChanges,
        memory: Memory,
        writer: MemoryWriter,
        clock: int,
        *,
        in_order: bool,
    ) -> None:
        """`clock`: the time by the clock, in milliseconds; 0 if nothing depends on it. `in_order`: whether all rows of an
        event have one time.
        """
        self._correlation = correlation
        self._org = org
        self._changes = changes
        self._clock = clock
        self._in_order = in_order
        self._before = self._memory = memory
        self._writer = writer
        self._span = correlation.milliseconds
        self._quiet = int(correlation.quiet.total_seconds() * 1000)
        self._silent = False
        self._changed_groups: set[str] = set()
        """Whose alerts are others than before."""

    def take(
        self, found: Mapping[str, MatchedRows], mark: int, carried: Sequence[str], *, silent: bool
    ) -> pl.DataFrame:
        """Rows (`memory.schema`, `measured`, `known`) at which the condition holds, as it was not known to before; no
        columns if there are none.

        `mark`: the watermark, in milliseconds; `carried`: fields that correlations of this one look at; `silent`:
        whether it only feeds these.
        """
        self._silent = silent
        fresh = self._fresh_rows(found, carried) if not found.keys().isdisjoint(self._correlation.bases) else NOTHING
        parts = [self._grow(fresh)] if fresh.height else []
        if mark - self._memory.mark >= stride(self._correlation):
            if self._correlation.waits:
                parts.append(self._judge(mark))
            self._settle(mark)
        self._store()
        anchors = [part for part in parts if part.height]
        return pl.concat(anchors) if anchors else NOTHING

    def revise_due(self, since: int) -> None:
        """Revise alerts that changed at `since` by the clock (milliseconds), or before."""
        due = [alert for alerts in self._memory.alerts.values() for alert in alerts if 0 < alert.changed <= since]
        if due:
            self._put({alert.id: self._revised(alert) for alert in due})
        # What waited may have been announced since.
        self._memory = replace(self._memory, waiting=first_change(self._memory.alerts.values()))
        self._store()

    def _fresh_rows(self, found: Mapping[str, MatchedRows], carried: Sequence[str]) -> pl.DataFrame:
        """The batch's rows (`memory.schema`) that take part; what does not is counted."""
        latest = self._clock + AHEAD if self._clock else None
        taken = correlation_rows(self._correlation, carried, found, latest)
        # Windows that end before the mark were judged, and rows and alerts before it may be gone.
        rows = taken.rows
        if rows.height and int(rows["time"].min()) < self._memory.mark:  # type: ignore[arg-type]
            rows = rows.filter(pl.col("time") >= self._memory.mark)
        for reason, count in (*taken.left_out.items(), ("late", taken.rows.height - rows.height)):
            if count:
                self._changes.count(self._correlation, reason, count)
        return rows

    def _grow(self, fresh: pl.DataFrame) -> pl.DataFrame:
        """With new rows (`memory.schema`); a condition that waits is not judged by them, and has no anchors then."""
        grown = growth.NO_GROWTH
        if not self._correlation.waits:
            self._memory, fresh, grown = at_once.grown(
                self._correlation,
                self._memory,
                self._writer,
                fresh,
                self._changes.texts[self._org],
                in_order=self._in_order,
            )
        if fresh.height:
            # An hour is the least bucket of time in which rows are stored.
            self._memory = self._writer.add(self._memory, fresh, max(self._span, HOUR))
            self._thin()
        return self._apply(grown)

    def _thin(self) -> None:
        """With no more rows than there may be; those that go are counted as `crowded`."""
        held = self._memory.height
        self._memory = thinning.thinned(self._memory, self._writer, thinning.ROWS)
        if self._memory.height < held:
            self._memory = replace(self._memory, live=LiveGroups())
            lost = held - self._memory.height
            self._changes.count(self._correlation, "crowded", lost)
            log.warning(
                "a correlation has too many rows", rule=self._correlation.rule.title, org=self._org, dropped=lost
            )

    def _judge(self, mark: int) -> pl.DataFrame:
        """The windows that are over since the mark before: they end from there on, and before the new mark."""
        # Of these the first begins a timespan before; whether its rows were members depends on one timespan more. A
        # window that ends at the mark itself may still get a row of just that time.
        since = self._memory.mark
        parts = self._writer.rows(self._memory, since - 2 * self._span, mark)
        if not parts:
            return NOTHING
        rows = pl.concat(parts).filter(pl.col("time").is_between(since - 2 * self._span, mark, closed="left"))
        return self._apply(growth.by_windows(self._correlation, rows, since, mark, self._changes.texts[self._org]))

    def _apply(self, grown: growth.Growth) -> pl.DataFrame:
        """Alerts raised and revised; the anchors that there are now."""
        if (grown.clusters or grown.remeasured) and not self._silent:
            alerts = dict(self._memory.alerts)
            for cluster in grown.clusters:
                group = cluster["group"]
                alerts[group] = self._with_cluster(alerts.get(group, ()), cluster)
            remeasured = [measure for measure in grown.remeasured if measure[0] in alerts]
            for group, time, measured in remeasured:
                alerts[group] = tuple(self._with_measure(alert, time, measured) for alert in alerts[group])
            groups = {*(cluster["group"] for cluster in grown.clusters), *(group for group, *_ in remeasured)}
            self._changed_groups |= groups
            self._memory = replace(self._memory, alerts=alerts)
            self._announce(groups)
        return grown.anchors

    def _with_measure(self, alert: OpenAlert, time: int, measured: float) -> OpenAlert:
        """With what was measured at a time that belongs to it, if that is beyond what was measured before."""
        if not alert.start - self._quiet <= time <= alert.end + self._quiet or alert.measured is None:
            return alert
        best = (min if windows.least(self._correlation) else max)(alert.measured, measured)
        return alert if best == alert.measured else replace(alert, measured=best)

    def _with_cluster(self, alerts: tuple[OpenAlert, ...], cluster: Mapping[str, Any]) -> tuple[OpenAlert, ...]:
        """The group's alerts with one more cluster of contributing rows in them.

        It may lie near several, which are one from now on: the one announced first goes on, the others are merged into
        it.
        """
        near = [
            alert
            for alert in alerts
            if alert.start - self._quiet <= cluster["end"] and cluster["start"] - self._quiet <= alert.end
        ]
        if not near:
            return (*alerts, open_alert.begun(self._correlation, self._org, cluster))
        near.sort(key=lambda alert: (alert.announced == 0, alert.start))
        whole = open_alert.joined(near, cluster, least=windows.least(self._correlation))
        for other in near[1:]:
            if other.announced:
                gone = replace(other, revision=other.revision + 1)
                self._say(gone, "alert-revised", whole.id)
                whole = replace(
                    whole, announced=min(whole.announced, whole.count // 2)
                )  # so that it is revised at once
        return (*(alert for alert in alerts if alert not in near), whole)

    def _announce(self, groups: set[str]) -> None:
        """Say at once what is new or has doubled; note what changed beside that."""
        changed: dict[str, OpenAlert] = {}
        old = {alert.id: alert for group in groups for alert in self._before.alerts.get(group, ())}
        for group in groups:
            for alert in self._memory.alerts[group]:
                if not alert.announced:
                    changed[alert.id] = replace(alert, announced=alert.count, changed=0)
                    self._say(changed[alert.id], "alert-raised")
                elif alert.count >= 2 * alert.announced:
                    changed[alert.id] = self._revised(alert)
                elif old.get(alert.id) is not alert and not alert.changed:
                    changed[alert.id] = replace(alert, changed=max(self._clock, 1))
        self._put(changed)

    def _put(self, changed: Mapping[str, OpenAlert]) -> None:
        """With these alerts, by id, in the place of what they were."""
        alerts = dict(self._memory.alerts)
        for group in {alert.group for alert in changed.values()}:
            alerts[group] = tuple(changed.get(alert.id, alert) for alert in alerts[group])
            self._changed_groups.add(group)
        self._memory = replace(self._memory, alerts=alerts)

    def _revised(self, alert: OpenAlert) -> OpenAlert:
        """Announced anew, with all that it counts by now."""
        alert = replace(alert, announced=alert.count, revision=alert.revision + 1, changed=0)
        self._say(alert, "alert-revised")
        return alert

    def _say(self, alert: OpenAlert, action: str, merged_into: str = "") -> None:
        self._changes.alert_changes.append(AlertChange(self._correlation, alert, action, merged_into, self._org))

    def _settle(self, mark: int) -> None:
        """With a new watermark: alerts that can grow no more are revised for the last time, old rows go."""
        over = _over(self._correlation, mark)
        closed = list(self._closing(over))
        if closed:
            for alert in closed:
                if alert.changed:
                    self._revised(alert)
            ids, alerts = {alert.id for alert in closed}, dict(self._memory.alerts)
            for group in {alert.group for alert in closed}:
                alerts[group] = tuple(alert for alert in alerts[group] if alert.id not in ids)
                if not alerts[group]:
                    del alerts[group]
                self._changed_groups.add(group)
            live = self._memory.live if closed[-1].end < over else LiveGroups()
            self._memory = replace(self._memory, alerts=alerts, live=live)
        old = _old_pieces(self._correlation, self._memory, mark)
        if old:
            self._memory = self._writer.without(self._memory, old)
            # No window to come has a row of groups that are still for as long: followed, they would only take room.
            self._memory = replace(self._memory, live=self._memory.live.since(mark - 2 * self._span))
        self._memory = replace(self._memory, mark=mark)

    def _closing(self, over: int) -> Iterator[OpenAlert]:
        """Alerts that ended before `over` (milliseconds), and of too many those that ended first."""
        held = [alert for alerts in self._memory.alerts.values() for alert in alerts]
        if len(held) > OPEN_ALERTS:
            held.sort(key=lambda alert: (alert.end, alert.id))
            yield from held[: len(held) - OPEN_ALERTS]
            held = held[len(held) - OPEN_ALERTS :]
        yield from (alert for alert in held if alert.end < over)

    def _store(self) -> None:
        """What the batch's transaction must store."""
        if self._memory is not self._before:
            changed = (self._memory.alerts.get(group, ()) for group in self._changed_groups)
            first = first_change(changed)
            if first:
                self._memory = replace(self._memory, waiting=min(first, self._memory.waiting or first))
            if not (self._memory.empty and self._before.empty):  # where nothing is, the mark follows from the rest
                self._memory = self._writer.remember(self._memory, self._before, self._changed_groups)
            self._changes.memories.setdefault(self._org, {})[self._correlation.rule.id] = self._memory
