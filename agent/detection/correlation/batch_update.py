"""One correlation, one org, one batch: rows come in, alerts grow, what is over is let go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
import structlog

from agent.detection.correlation import growth as correlation_growth
from agent.detection.correlation import open_alert as correlation_episode
from agent.detection.correlation import thinning as correlation_crowd
from agent.detection.correlation import windows as correlation_window
from agent.detection.correlation.batch_changes import AlertChange, BatchChanges
from agent.detection.correlation.correlation import Correlation
from agent.detection.correlation.growth import Growth
from agent.detection.correlation.memory import OPEN, Memory, Writing
from agent.detection.correlation.open_alert import OpenAlert
from agent.detection.correlation.rows import MatchedRows, picked

log = structlog.get_logger()

AHEAD = 86_400_000
"""Milliseconds by which an event may lie in the future; what lies farther is left out."""

HOUR = 3_600_000


def is_idle(correlation: Correlation, found: Mapping[str, MatchedRows], mark: int, memory: Memory) -> bool:
    """Whether a turn would change nothing: of a batch's many correlations most have none."""
    return found.keys().isdisjoint(correlation.steps) and mark - memory.mark < _stride(correlation)


def _stride(correlation: Correlation) -> int:
    """How far the watermark must move to be worth the work, in milliseconds."""
    return max(1_000, min(correlation.milliseconds, HOUR) // 32)


class BatchUpdate:
    """Made for one batch; what it changes is in the step."""

    def __init__(
        self, correlation: Correlation, org: str, step: BatchChanges, memory: Memory, writing: Writing, clock: int
    ) -> None:
        """`clock`: the time by the clock, in milliseconds; 0 if nothing depends on it."""
        self._one = correlation
        self._org = org
        self._step = step
        self._clock = clock
        self._before = self._memory = memory
        self._writing = writing
        self._span = correlation.milliseconds
        self._silent = False

    def take(
        self, found: Mapping[str, MatchedRows], mark: int, carried: Sequence[str], *, silent: bool
    ) -> pl.DataFrame:
        """Rows at which the condition holds, as it was not known to before.

        `mark`: the watermark; `carried`: fields that correlations of this one look at; `silent`: whether it only feeds
        these.
        """
        self._silent = silent
        fresh = self._picked(found, carried) if not found.keys().isdisjoint(self._one.steps) else pl.DataFrame()
        ends = [self._grown(fresh)] if fresh.height else []
        if mark - self._memory.mark >= _stride(self._one):
            if self._one.waits:
                ends.append(self._judged(mark))
            self._settle(mark)
        self._keep()
        return pl.concat([one for one in ends if one.height]) if any(one.height for one in ends) else pl.DataFrame()

    def tell_changes(self, since: int) -> None:
        """Of alerts that changed at this time of the clock, or before."""
        due = [one for some in self._memory.episodes.values() for one in some if 0 < one.changed <= since]
        if due:
            self._put({one.id: self._revised(one) for one in due})
            self._keep()

    def _picked(self, found: Mapping[str, MatchedRows], carried: Sequence[str]) -> pl.DataFrame:
        latest = self._clock + AHEAD if self._clock else None
        some = picked(self._one, carried, found, latest)
        rows = some.rows.filter(pl.col("time") >= self._memory.mark)
        for reason, count in (*some.left_out.items(), ("late", some.rows.height - rows.height)):
            if count:
                self._step.count(self._one, reason, count)
        return rows

    def _grown(self, fresh: pl.DataFrame) -> pl.DataFrame:
        """With new rows; a condition that waits is not judged by them."""
        growth = correlation_growth.NONE
        if not self._one.waits:
            near, mine = self._near(fresh)
            again = mine.join(near, on=["id", "step"], how="semi")
            if again.height:
                fresh, mine = (part.join(again, on=["id", "step"], how="anti", maintain_order="left") for part in (fresh, mine))  # fmt: skip
            if mine.height:
                growth = correlation_growth.by_rows(self._one, near, mine, self._step.texts[self._org])
        if fresh.height:
            self._memory = self._writing.add(self._memory, fresh, max(self._span, HOUR))
            self._thin()
        return self._applied(growth)

    def _thin(self) -> None:
        held = self._memory.height
        self._memory = correlation_crowd.thinned(self._memory, self._writing, correlation_crowd.ROWS)
        if self._memory.height < held:
            lost = held - self._memory.height
            self._step.count(self._one, "crowded", lost)
            log.warning("a correlation has too many rows", rule=self._one.rule.title, org=self._org, dropped=lost)

    def _near(self, fresh: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Kept rows no more than two timespans away, and new ones, of the groups that could fire: of most none is."""
        reach = 2 * self._span
        span = fresh.group_by("group").agg(
            (pl.col("time").min() - reach).alias("from"), (pl.col("time").max() + reach).alias("to")
        )
        parts = self._writing.rows(self._memory, span["from"].min(), span["to"].max())  # type: ignore[arg-type]
        kept = pl.concat(parts) if parts else fresh.clear()
        groups = correlation_growth.promising(self._one, kept, fresh, span)
        span = span.join(groups, on="group", how="semi")
        near = kept.lazy().join(span.lazy(), on="group", how="inner").filter(pl.col("time").is_between("from", "to"))
        return near.drop("from", "to").collect(), fresh.join(groups, on="group", how="semi", maintain_order="left")

    def _judged(self, mark: int) -> pl.DataFrame:
        since = self._memory.mark
        parts = self._writing.rows(self._memory, since - 2 * self._span, mark)
        if not parts:
            return pl.DataFrame()
        rows = pl.concat(parts).filter(pl.col("time").is_between(since - 2 * self._span, mark, closed="left"))
        rows = rows.unique(["id", "step"], keep="first")
        return self._applied(correlation_growth.by_windows(self._one, rows, since, mark, self._step.texts[self._org]))

    def _applied(self, growth: Growth) -> pl.DataFrame:
        """Alerts raised and revised."""
        if (growth.clusters or growth.higher) and not self._silent:
            episodes = dict(self._memory.episodes)
            for cluster in growth.clusters:
                group = cluster["group"]
                episodes[group] = self._joined(episodes.get(group, ()), cluster)
            higher = [one for one in growth.higher if one[0] in episodes]
            for group, time, measured in higher:
                episodes[group] = tuple(self._measured(one, time, measured) for one in episodes[group])
            self._memory = replace(self._memory, episodes=episodes)
            self._announce({*(cluster["group"] for cluster in growth.clusters), *(group for group, *_ in higher)})
        return growth.ends

    def _measured(self, one: OpenAlert, time: int, measured: float) -> OpenAlert:
        """With what was measured at a time that belongs to it, if that is beyond what was measured before."""
        quiet = int(self._one.quiet.total_seconds() * 1000)
        if not one.start - quiet <= time <= one.end + quiet or one.measured is None:
            return one
        best = (min if correlation_window.least(self._one) else max)(one.measured, measured)
        return one if best == one.measured else replace(one, measured=best)

    def _joined(self, mine: tuple[OpenAlert, ...], cluster: Mapping[str, Any]) -> tuple[OpenAlert, ...]:
        """The group's alerts with one more cluster of contributing rows in them."""
        quiet = int(self._one.quiet.total_seconds() * 1000)
        near = [one for one in mine if one.start - quiet <= cluster["end"] and cluster["start"] - quiet <= one.end]
        if not near:
            return (*mine, correlation_episode.begun(self._one, self._org, cluster))
        near.sort(key=lambda one: (one.told == 0, one.start))
        whole = correlation_episode.joined(near, cluster, least=correlation_window.least(self._one))
        for other in near[1:]:
            if other.told:
                gone = replace(other, revision=other.revision + 1)
                self._tell(gone, "alert-revised", whole.id)
                whole = replace(whole, told=min(whole.told, whole.count // 2))
        return (*(one for one in mine if one not in near), whole)

    def _announce(self, groups: set[str]) -> None:
        """Say at once what is new or has doubled; note what changed beside that."""
        changed: dict[str, OpenAlert] = {}
        old = {one.id: one for group in groups for one in self._before.episodes.get(group, ())}
        for group in groups:
            for one in self._memory.episodes[group]:
                if not one.told:
                    changed[one.id] = replace(one, told=one.count, changed=0)
                    self._tell(changed[one.id], "alert-raised")
                elif one.count >= 2 * one.told:
                    changed[one.id] = self._revised(one)
                elif old.get(one.id) is not one and not one.changed:
                    changed[one.id] = replace(one, changed=max(self._clock, 1))
        self._put(changed)

    def _put(self, changed: Mapping[str, OpenAlert]) -> None:
        episodes = dict(self._memory.episodes)
        for group in {one.group for one in changed.values()}:
            episodes[group] = tuple(changed.get(one.id, one) for one in episodes[group])
        self._memory = replace(self._memory, episodes=episodes)

    def _revised(self, one: OpenAlert) -> OpenAlert:
        one = replace(one, told=one.count, revision=one.revision + 1, changed=0)
        self._tell(one, "alert-revised")
        return one

    def _tell(self, one: OpenAlert, action: str, merged_into: str = "") -> None:
        self._step.told.append(AlertChange(self._one, one, action, merged_into, self._org))

    def _settle(self, mark: int) -> None:
        """With a new watermark: alerts that can grow no more are told for the last time, old rows go."""
        quiet = int(self._one.quiet.total_seconds() * 1000)
        over = mark - self._span - quiet
        closed = {one.id for one in self._closing(over)}
        if closed:
            for one in [one for some in self._memory.episodes.values() for one in some if one.id in closed]:
                if one.changed:
                    self._revised(one)
            left = {
                group: kept
                for group, some in self._memory.episodes.items()
                if (kept := tuple(one for one in some if one.id not in closed))
            }
            self._memory = replace(self._memory, episodes=left)
        old = [piece.number for piece in self._memory.pieces if piece.newest < mark - 2 * self._span]
        self._memory = replace(self._writing.without(self._memory, old), mark=mark)

    def _closing(self, over: int) -> Iterator[OpenAlert]:
        """Alerts that ended before `over`, and those too many."""
        held = [one for some in self._memory.episodes.values() for one in some]
        if len(held) > OPEN:
            held.sort(key=lambda one: (one.end, one.id))
            yield from held[: len(held) - OPEN]
        yield from (one for one in held if one.end < over)

    def _keep(self) -> None:
        """What the batch's transaction must store."""
        if self._memory is not self._before:
            if not (self._memory.empty and self._before.empty):  # where nothing is, the mark follows from the rest
                self._memory = self._writing.remember(self._memory, self._before)
            self._step.memories[self._one.rule.id, self._org] = self._memory
