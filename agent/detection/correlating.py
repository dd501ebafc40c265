"""Correlations over what the rules matched: rows by event time, alerts that grow.

An alert is raised as soon as its condition holds on the rows seen. Contributing rows of one group that are less than a
timespan apart belong to one alert; the next after a longer pause raises another. What comes after it was raised, late
rows included, revises it: when its count has doubled, and once when its window is over. Nothing is withdrawn.

The watermark of a correlation is the newest event time of each log source it uses, at most now, less that source's
lateness; the oldest of them counts. Rows more than a timespan older are settled; rows of that time that come later
are counted and left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import orjson
import polars as pl
import structlog

from agent.detection.correlation import Correlation
from agent.detection.correlation_memory import OPEN, ROWS, SCHEMA, Episode, Memory, recalled, stored
from agent.detection.correlation_window import members
from agent.detection.rule import LogSource

log = structlog.get_logger()

LATENESS: Mapping[str, timedelta] = {"event_log_file": timedelta(hours=30)}
"""How late rows of a service may come: a daily log file is written up to six hours after its day."""

OTHERWISE = timedelta(hours=6)

IDS = 100
NAMES = 20
"""Users and addresses that an alert names."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something to say: `alert.correlated` makes a row of it."""

    correlation: Correlation
    episode: Episode
    action: str
    ids: tuple[str, ...]
    merged_into: str = ""
    org: str = ""


@dataclass(slots=True)
class Step:
    """What one batch changes; nothing counts before `Correlating.commit`."""

    told: list[Told] = field(default_factory=list)
    remember: dict[str, bytes | None] = field(default_factory=dict)
    memories: dict[tuple[str, str], Memory] = field(default_factory=dict)
    newest: dict[str, dict[str, int]] = field(default_factory=dict)
    late: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)


class Correlating:
    """All correlations of a rule set."""

    def __init__(
        self,
        correlations: Sequence[Correlation],
        sources: Mapping[str, LogSource],
        recall: Callable[[str], bytes | None],
        lateness: Mapping[str, timedelta] = LATENESS,
    ) -> None:
        """`sources`: rule id to log source."""
        self._correlations = correlations
        self.bases = frozenset(base for one in correlations for base in one.bases)
        self._sources = sources
        self._recall = recall
        self._lateness = lateness
        self._memories: dict[tuple[str, str], Memory] = {}
        self.newest: dict[str, dict[str, int]] = orjson.loads(recall("correlation/newest") or b"{}")
        self.late: dict[str, int] = {}
        """Correlation id to rows that came after their time was settled, since the start."""
        self.dropped: dict[str, int] = {}
        """Correlation id to rows dropped because there were too many, since the start."""

    def take(self, found: Mapping[str, pl.DataFrame], org: str, source: LogSource, newest: int | None) -> Step:
        """`found`: rule id to its matched rows, prepared, with `event.id`. `newest`: newest event time of the batch."""
        step = Step(newest={**self.newest})
        if newest is not None:
            mine = {**step.newest.get(org, {})}
            name = orjson.dumps([source.product, source.service, source.category]).decode()
            mine[name] = max(newest, mine.get(name, newest))
            step.newest[org] = mine
        for correlation in self._correlations:
            self._advance(correlation, org, found, step)
        step.told = [replace(one, org=org) for one in step.told]
        if step.newest != self.newest:
            step.remember["correlation/newest"] = orjson.dumps(step.newest)
        return step

    def commit(self, step: Step) -> None:
        self._memories.update(step.memories)
        self.newest = step.newest
        for mine, more in ((self.late, step.late), (self.dropped, step.dropped)):
            for rule, count in more.items():
                mine[rule] = mine.get(rule, 0) + count

    def _advance(self, correlation: Correlation, org: str, found: Mapping[str, pl.DataFrame], step: Step) -> None:
        key, prefix = (correlation.rule.id, org), f"correlation/{correlation.rule.id}/{org}"
        span = int(correlation.span.total_seconds() * 1000)
        if key not in self._memories:
            self._memories[key] = recalled(self._recall, prefix, span)
        before = memory = self._memories[key]
        fresh = _rows(correlation, found)
        late = fresh.filter(pl.col("time") < memory.floor).height if fresh.height else 0
        if late:
            step.late[correlation.rule.id] = late
            fresh = fresh.filter(pl.col("time") >= memory.floor)
        if fresh.height:
            fresh = _unknown(fresh, memory.rows)
            rows = pl.concat([memory.rows, fresh])
            memory = _grown(correlation, org, replace(memory, rows=rows), fresh["group"].unique(), step)
        floor = max(self._floor(correlation, step.newest.get(org, {}), span), _crowded(correlation, memory, step))
        if floor - memory.floor >= max(span, 3_600_000) // 2 or memory.rows.height > ROWS:
            memory = _settled(correlation, memory, floor, span, step)
        if memory is not before:
            memory, changes = stored(memory, before, fresh, prefix, span)
            step.remember |= changes
            step.memories[key] = memory

    def _floor(self, correlation: Correlation, newest: Mapping[str, int], span: int) -> int:
        """The watermark less a timespan."""
        wanted = [self._sources[base] for base in correlation.bases]
        marks = []
        for name, time in newest.items():
            source = LogSource(*orjson.loads(name))
            if any(one.covers(source) for one in wanted):
                late = self._lateness.get(source.service or "", OTHERWISE)
                marks.append(time - int(late.total_seconds() * 1000))
        return min(marks, default=0) - span


def _rows(correlation: Correlation, found: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Matched rows as `correlation_memory.SCHEMA`, those without a time or with an empty group key left out."""
    parts = []
    for place, base in enumerate(dict.fromkeys(correlation.bases)):
        if base in found and "@timestamp" in found[base].columns:
            parts.append(_picked(correlation, base, place, found[base]))
    return pl.concat([SCHEMA.to_frame(), *parts])


def _picked(correlation: Correlation, base: str, place: int, matched: pl.DataFrame) -> pl.DataFrame:
    keys = [_text(matched, correlation.field_of(name, base)) for name, _ in correlation.group_by]
    value = _text(matched, correlation.field) if correlation.field else pl.lit(None, dtype=pl.String)
    weight = value.str.strip_chars().cast(pl.Float64, strict=False).fill_null(0.0)
    whole = pl.all_horizontal(pl.col("time").is_not_null(), *(key.is_not_null() for key in keys))
    return (
        matched.with_columns(pl.col("@timestamp").cast(pl.Datetime("ms", "UTC")).dt.epoch("ms").alias("time"))
        .filter(whole)
        .select(
            pl.struct(key.alias(str(number)) for number, key in enumerate(keys)).struct.json_encode().alias("group")
            if keys
            else pl.lit("{}").alias("group"),
            "time",
            pl.col("event.id").alias("id"),
            pl.lit(place, dtype=pl.Int64).alias("step"),
            value.alias("value"),
            weight.alias("weight"),
            pl.coalesce(_text(matched, "user.name"), _text(matched, "user.id")).alias("user"),
            _text(matched, "source.ip").alias("address"),
        )
    )


def _text(frame: pl.DataFrame, name: str) -> pl.Expr:
    if name not in frame.columns or frame.schema[name].is_nested():
        return pl.lit(None, dtype=pl.String)
    return pl.col(name).cast(pl.String)


def _unknown(fresh: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Without the rows that are there already: a row that comes again has the same id and the same time."""
    key = ["id", "step"]
    near = rows.filter(pl.col("time").is_between(fresh["time"].min(), fresh["time"].max()))
    return fresh.unique(key, keep="first", maintain_order=True).join(near, on=key, how="anti", maintain_order="left")


def _promising(correlation: Correlation, rows: pl.DataFrame) -> pl.DataFrame:
    """Without the groups that could not fire if all their rows lay in one window: most groups, cheaply."""
    most = {
        "event_count": pl.len(),
        "value_count": pl.col("value").n_unique(),
        "value_sum": pl.col("weight").clip(lower_bound=0).sum(),
    }.get(correlation.kind, pl.col("step").n_unique())
    needed = len(set(correlation.bases)) if correlation.kind == "temporal_ordered" else correlation.threshold
    groups = rows.group_by("group").agg(most.alias("most")).filter(pl.col("most") >= needed)
    return rows.join(groups, on="group", how="semi")


def _clusters(correlation: Correlation, memory: Memory, groups: pl.Series) -> list[dict[str, Any]]:
    """Contributing rows that are not settled, by alert: `group`, `start`, `end`, `count`, `ids`, `measured`, names."""
    mine = _promising(correlation, memory.rows.filter(pl.col("group").is_in(groups)))
    if not mine.height:
        return []
    return (
        members(mine, correlation)
        .filter(pl.col("time") >= memory.floor)
        .unique(["group", "id"], keep="first", maintain_order=True)
        .group_by("group", "cluster", maintain_order=True)
        .agg(
            pl.col("time").min().alias("start"),
            pl.col("time").max().alias("end"),
            pl.len().alias("count"),
            pl.col("id").head(IDS).alias("ids"),
            pl.col("measured").max(),
            pl.col("user").drop_nulls().unique().sort().head(NAMES),
            pl.col("address").drop_nulls().unique().sort().head(NAMES),
        )
        .to_dicts()
    )


def _grown(correlation: Correlation, org: str, memory: Memory, groups: pl.Series, step: Step) -> Memory:
    """Alerts raised and revised by new rows of these groups."""
    span = int(correlation.span.total_seconds() * 1000)
    episodes = list(memory.episodes)
    for cluster in _clusters(correlation, memory, groups):
        near = [
            one
            for one in episodes
            if one.group == cluster["group"]
            and one.start - span <= cluster["end"]
            and cluster["start"] - span <= one.end
        ]
        if near:
            whole, ids = _joined(near, cluster)
            if whole.count >= 2 * whole.told or len(near) > 1:
                whole = replace(whole, told=whole.count, revision=whole.revision + 1)
                step.told.append(Told(correlation, whole, "alert-revised", ids))
            episodes[episodes.index(near[0])] = whole
            for other in near[1:]:
                episodes.remove(other)
                gone = replace(other, revision=other.revision + 1)
                step.told.append(Told(correlation, gone, "alert-revised", other.settled_ids, whole.id))
        else:
            raised = _raised(correlation, org, cluster)
            step.told.append(Told(correlation, raised, "alert-raised", tuple(cluster["ids"])))
            episodes.append(raised)
    return replace(memory, episodes=tuple(episodes))


def _raised(correlation: Correlation, org: str, cluster: Mapping[str, Any]) -> Episode:
    ids: Sequence[str] = cluster["ids"]
    seed = "\n".join((correlation.rule.id, org, str(cluster["group"]), ids[0]))
    identity = hashlib.blake2b(seed.encode(), digest_size=16).hexdigest()
    blank = Episode(identity, str(cluster["group"]), cluster["start"], cluster["end"], 0, 0)
    whole, _ = _joined([blank], cluster)
    return replace(whole, told=whole.count)


def _joined(near: Sequence[Episode], cluster: Mapping[str, Any]) -> tuple[Episode, tuple[str, ...]]:
    """The first of `near` with what the others had settled and with the cluster's rows; and the ids to name."""
    first = near[0]
    settled = sum(one.settled for one in near)
    ids = tuple(dict.fromkeys(one for part in (*(n.settled_ids for n in near), cluster["ids"]) for one in part))
    names = {
        name: sorted({*(one for part in near for one in part.about.get(name, ())), *cluster[name]})[:NAMES]
        for name in ("user", "address")
    }
    whole = replace(
        first,
        start=min(cluster["start"], *(one.start for one in near)),
        end=max(cluster["end"], *(one.end for one in near)),
        count=settled + cluster["count"],
        settled=settled,
        settled_ids=tuple(dict.fromkeys(one for part in near for one in part.settled_ids))[:IDS],
        measured=max(cluster["measured"], *(one.measured for one in near)),
        about=names,
    )
    return whole, ids[:IDS]


def _crowded(correlation: Correlation, memory: Memory, step: Step) -> int:
    """The floor that leaves no more than half of the rows allowed, where there are more than that."""
    if memory.rows.height <= ROWS:
        return 0
    span = int(correlation.span.total_seconds() * 1000)
    oldest: int = memory.rows["time"].sort(descending=True)[ROWS // 2]
    lost = memory.rows.filter(pl.col("time") < oldest).height
    log.warning("a correlation drops its oldest rows", rule=correlation.rule.title, rows=lost)
    step.dropped[correlation.rule.id] = lost
    return oldest + span


def _settled(correlation: Correlation, memory: Memory, floor: int, span: int, step: Step) -> Memory:
    """With a new floor: rows below it become part of their alerts for good; alerts whose windows are over are closed."""
    episodes = [_with_settled(one, part, floor) for one, part in _parts(correlation, memory)]
    episodes.sort(key=lambda one: one.end)
    still = []
    for place, one in enumerate(episodes):
        if one.end + span >= floor and place >= len(episodes) - OPEN:
            still.append(one)
        elif one.count != one.told:
            last = replace(one, told=one.count, revision=one.revision + 1)
            step.told.append(Told(correlation, last, "alert-revised", one.settled_ids))
    rows = memory.rows.filter(pl.col("time") >= floor - span)
    return replace(memory, rows=rows, floor=floor, episodes=tuple(still))


def _parts(correlation: Correlation, memory: Memory) -> Iterator[tuple[Episode, pl.DataFrame]]:
    """Each open alert with its contributing rows that are not settled."""
    if not memory.episodes:
        return
    mine = memory.rows.filter(pl.col("group").is_in([one.group for one in memory.episodes]))
    met = members(mine, correlation).filter(pl.col("time") >= memory.floor).unique(["group", "id"], keep="first", maintain_order=True)  # fmt: skip
    by_group = {str(key[0]): part for key, part in met.group_by("group", maintain_order=True)}
    for one in memory.episodes:
        part = by_group.get(one.group, met.clear())
        yield one, part.filter(pl.col("time").is_between(one.start, one.end))


def _with_settled(one: Episode, part: pl.DataFrame, floor: int) -> Episode:
    below = part.filter(pl.col("time") < floor)
    ids = (*one.settled_ids, *below["id"].head(IDS))
    return replace(one, settled=one.settled + below.height, settled_ids=ids[:IDS])
