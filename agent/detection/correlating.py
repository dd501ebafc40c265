"""Correlations over what the rules matched: rows by event time, alerts that grow.

A condition that more rows can only make hold raises its alert as soon as it holds on the rows seen. One that more rows
could make fail (`correlation.waits`) is judged when the watermark has passed its window. Contributing rows of one
group belong to one alert until the group keeps still for a timespan (or what the rule calls `quiet`). What comes after
an alert was raised, late rows included, revises it: when its count has doubled, `PATIENCE` after a change, and when it
can grow no more. Nothing is withdrawn.

The watermark of a correlation is the newest event time of each log source it uses, through other correlations as well,
at most now, less that source's lateness; the oldest of them counts. Rows that are older are counted and left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import polars as pl
import structlog

from agent import metrics
from agent.detection import (
    correlation_crowd,
    correlation_episode,
    correlation_growth,
    correlation_text,
    correlation_window,
)
from agent.detection.correlation import Correlation, ordered, sources, wanted
from agent.detection.correlation_episode import Episode
from agent.detection.correlation_growth import Growth
from agent.detection.correlation_memory import OPEN, Memory, Writing, recalled
from agent.detection.correlation_rows import Key, Matched, coded, handed_on, keys_of, picked, value_of
from agent.detection.correlation_shelf import Shelf
from agent.detection.correlation_text import Texts
from agent.detection.correlation_window import FOREVER
from agent.detection.rule import LogSource

log = structlog.get_logger()

LATENESS: Mapping[str, timedelta] = {"event_log_file": timedelta(hours=30)}
"""How late rows of a service may come: a daily log file is written up to six hours after its day."""

OTHERWISE = timedelta(hours=6)

PATIENCE = timedelta(minutes=15)
"""How long a change of an alert may stay untold, by the clock."""

AHEAD = 86_400_000
"""Milliseconds by which an event may lie in the future; what lies farther is left out."""

HOUR = 3_600_000

LEFT_OUT = "correlation/left_out"
"""Where the state holds what took no part: a list of `id`, `rule` (its name), `reason` and `rows`."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something to say: `alert.correlated` makes a row of it."""

    correlation: Correlation
    episode: Episode
    action: str
    merged_into: str = ""
    org: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        return self.episode.ids


@dataclass(slots=True)
class Step:
    """What one batch changes; nothing counts before `Correlating.commit`."""

    told: list[Told] = field(default_factory=list)
    remember: dict[str, bytes | None] = field(default_factory=dict)
    memories: dict[tuple[str, str], Memory] = field(default_factory=dict)
    texts: dict[str, Texts] = field(default_factory=dict)
    pieces: dict[str, pl.DataFrame | None] = field(default_factory=dict)
    newest: dict[str, dict[str, int]] = field(default_factory=dict)
    left_out: dict[tuple[str, str], int] = field(default_factory=dict)
    """Correlation id and reason to rows: `late`, `crowded`, `no_time`, `no_group`, `no_value`, `future`."""

    def count(self, correlation: Correlation, reason: str, rows: int) -> None:
        key = (correlation.rule.id, reason)
        self.left_out[key] = self.left_out.get(key, 0) + rows


class Correlating:
    """All correlations of a rule set."""

    def __init__(
        self,
        correlations: Sequence[Correlation],
        log_sources: Mapping[str, LogSource],
        recall: Callable[[str], bytes | None],
        lateness: Mapping[str, timedelta] = LATENESS,
        patience: timedelta = PATIENCE,
    ) -> None:
        """`log_sources`: rule id to log source. `patience`: how long a change of an alert may stay untold."""
        self._correlations = ordered(correlations)
        self.bases = frozenset(base for one in correlations for base in one.bases)
        self._silent = frozenset(base for one in correlations if not one.generate for base in one.bases)
        fields = wanted(self._correlations)
        self._carried = {one.rule.id: tuple(sorted(fields.get(one.rule.id, ()))) for one in self._correlations}
        self._keys: dict[str, set[Key]] = {}
        self._values: dict[str, set[Key]] = {}
        for one in self._correlations:
            for base in one.steps:
                self._keys.setdefault(base, set()).update(keys_of(one, self._carried[one.rule.id], base))
                self._values.setdefault(base, set()).update({value_of(one, base)} - {()})
        fed = sources(self._correlations)
        self._sources = {key: [log_sources[base] for base in bases if base in log_sources] for key, bases in fed.items()}  # fmt: skip
        self._titles = {one.rule.id: one.rule.name or one.rule.id for one in correlations}
        self._recall = recall
        self._lateness = lateness
        self._patience = int(patience.total_seconds() * 1000)
        self._shelf = Shelf(recall)
        self._memories: dict[tuple[str, str], Memory] = {}
        self._texts: dict[str, Texts] = {}
        self.newest: dict[str, dict[str, int]] = orjson.loads(recall("correlation/newest") or b"{}")
        told = orjson.loads(recall(LEFT_OUT) or b"[]")
        self.left_out: dict[tuple[str, str], int] = {(one["id"], one["reason"]): one["rows"] for one in told}
        """Correlation id and reason to rows that took no part, ever."""

    def take(
        self,
        found: Mapping[str, pl.DataFrame],
        org: str,
        source: LogSource,
        newest: int | None,
        now: datetime | None = None,
        *,
        final: bool = False,
    ) -> Step:
        """`found`: rule id to its matched rows, prepared, with `event.id`. `newest`: newest event time of the batch.

        `now`: by the clock, without which no change is told for its age. `final`: nothing will ever follow.
        """
        step, clock = Step(newest={**self.newest}), int(now.timestamp() * 1000) if now else 0
        if newest is not None:
            _see(step, org, source, newest)
        if found or newest is not None:
            self._advance(found, org, step, clock, final=final)
        for other in {org, *step.newest} if final else ():
            self._advance({}, other, step, clock, final=True)
        if clock:
            self._tell_changes(step, clock)
        if step.newest != self.newest:
            step.remember["correlation/newest"] = orjson.dumps(step.newest)
        if step.left_out:
            step.remember[LEFT_OUT] = self._left_out(step)
        return step

    def _left_out(self, step: Step) -> bytes:
        """All that was left out, for `leakline status` and for the time after a restart."""
        whole = {**self.left_out}
        for key, rows in step.left_out.items():
            whole[key] = whole.get(key, 0) + rows
        return orjson.dumps(
            [
                {"id": rule, "rule": self._titles.get(rule, rule), "reason": reason, "rows": rows}
                for (rule, reason), rows in sorted(whole.items())
            ]
        )

    def commit(self, step: Step) -> None:
        self._memories.update(step.memories)
        self._texts.update(step.texts)
        self._shelf.commit(step.pieces)
        self.newest = step.newest
        for key, count in step.left_out.items():
            self.left_out[key] = self.left_out.get(key, 0) + count
            metrics.CORRELATION_ROWS_LEFT_OUT.labels(self._titles[key[0]], key[1]).inc(count)

    def _advance(self, found: Mapping[str, pl.DataFrame], org: str, step: Step, clock: int, *, final: bool) -> None:
        """One org's correlations, each after those it is made of."""
        if org not in self._texts:
            self._texts[org] = correlation_text.recalled(self._recall, f"correlation/texts/{org}")
        step.texts.setdefault(org, self._texts[org])
        known = self._coded({base: rows for base, rows in found.items() if base in self.bases}, org, step)
        for correlation in self._correlations:
            ends = _Turn(self, correlation, org, step, clock).take(known, final=final)
            name = correlation.rule.id
            if name in self.bases and ends.height:
                known |= self._coded({name: handed_on(ends, self._carried[name], step.texts[org])}, org, step)
        floor = min((self.memory(one, org, step).mark - 2 * one.milliseconds for one in self._correlations), default=0)
        step.texts[org], changes = correlation_text.stored(step.texts[org], f"correlation/texts/{org}", floor)
        step.remember |= changes

    def _coded(self, found: Mapping[str, pl.DataFrame], org: str, step: Step) -> dict[str, Matched]:
        step.texts[org], known = coded(found, self._keys, self._values, step.texts[org])
        return known

    def _tell_changes(self, step: Step, clock: int) -> None:
        """Changes that were not told for too long, of whatever org."""
        for org in step.newest:
            for correlation in self._correlations:
                if correlation.rule.id not in self._silent:
                    _Turn(self, correlation, org, step, clock).tell_changes(clock - self._patience)

    def memory(self, correlation: Correlation, org: str, step: Step) -> Memory:
        key = (correlation.rule.id, org)
        if key not in self._memories:
            shape = orjson.dumps([correlation.shape, self._carried[correlation.rule.id]]).decode()
            self._memories[key] = recalled(self._recall, f"correlation/{correlation.rule.id}/{org}", shape)
        return step.memories.get(key, self._memories[key])

    def mark(self, correlation: Correlation, newest: Mapping[str, int]) -> int:
        """The watermark; 0 as long as nothing of its log sources was seen."""
        marks = []
        for name, time in newest.items():
            source = LogSource(*orjson.loads(name))
            if any(one.covers(source) for one in self._sources[correlation.rule.id]):
                late = self._lateness.get(source.service or "", OTHERWISE)
                marks.append(time - int(late.total_seconds() * 1000))
        return max(min(marks, default=0), 0)

    def carried(self, correlation: Correlation) -> tuple[str, ...]:
        return self._carried[correlation.rule.id]

    def writing(self, step: Step) -> Writing:
        return Writing(self._shelf, step.pieces, step.remember)

    def silent(self, correlation: Correlation) -> bool:
        return correlation.rule.id in self._silent


def _see(step: Step, org: str, source: LogSource, newest: int) -> None:
    mine = {**step.newest.get(org, {})}
    name = orjson.dumps([source.product, source.service, source.category]).decode()
    mine[name] = max(newest, mine.get(name, newest))
    step.newest[org] = mine


class _Turn:
    """One correlation, one org, one batch."""

    def __init__(self, all_of_them: Correlating, correlation: Correlation, org: str, step: Step, clock: int) -> None:
        self._all = all_of_them
        self._one = correlation
        self._org = org
        self._step = step
        self._clock = clock
        self._before = self._memory = all_of_them.memory(correlation, org, step)
        self._writing = all_of_them.writing(step)
        self._span = correlation.milliseconds

    def take(self, found: Mapping[str, Matched], *, final: bool) -> pl.DataFrame:
        """Rows at which the condition holds, as it was not known to before."""
        fresh = self._picked(found) if not found.keys().isdisjoint(self._one.steps) else pl.DataFrame()
        ends = [self._grown(fresh)] if fresh.height else []
        mark = FOREVER if final else self._all.mark(self._one, self._step.newest.get(self._org, {}))
        if mark - self._memory.mark >= self._stride():
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

    def _stride(self) -> int:
        """How far the watermark must move to be worth the work."""
        return max(1_000, min(self._span, HOUR) // 32)

    def _picked(self, found: Mapping[str, Matched]) -> pl.DataFrame:
        latest = self._clock + AHEAD if self._clock else None
        some = picked(self._one, self._all.carried(self._one), found, latest)
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
        if growth.clusters and not self._all.silent(self._one):
            episodes = dict(self._memory.episodes)
            for cluster in growth.clusters:
                group = cluster["group"]
                episodes[group] = self._joined(episodes.get(group, ()), cluster)
            self._memory = replace(self._memory, episodes=episodes)
            self._announce({cluster["group"] for cluster in growth.clusters})
        return growth.ends

    def _joined(self, mine: tuple[Episode, ...], cluster: Mapping[str, Any]) -> tuple[Episode, ...]:
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
        changed: dict[str, Episode] = {}
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

    def _put(self, changed: Mapping[str, Episode]) -> None:
        episodes = dict(self._memory.episodes)
        for group in {one.group for one in changed.values()}:
            episodes[group] = tuple(changed.get(one.id, one) for one in episodes[group])
        self._memory = replace(self._memory, episodes=episodes)

    def _revised(self, one: Episode) -> Episode:
        one = replace(one, told=one.count, revision=one.revision + 1, changed=0)
        self._tell(one, "alert-revised")
        return one

    def _tell(self, one: Episode, action: str, merged_into: str = "") -> None:
        self._step.told.append(Told(self._one, one, action, merged_into, self._org))

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

    def _closing(self, over: int) -> Iterator[Episode]:
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
