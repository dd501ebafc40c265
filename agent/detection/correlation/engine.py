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

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import orjson
import polars as pl

from agent import metrics
from agent.detection.correlation import text_codes as correlation_text
from agent.detection.correlation.batch_changes import BatchChanges
from agent.detection.correlation.batch_update import BatchUpdate, is_idle
from agent.detection.correlation.correlation import Correlation, ordered, sources, wanted
from agent.detection.correlation.memory import Memory, Writing, recalled
from agent.detection.correlation.piece_cache import PieceCache
from agent.detection.correlation.rows import Key, MatchedRows, coded, handed_on, keys_of, value_of
from agent.detection.correlation.text_codes import Texts
from agent.detection.correlation.windows import FOREVER
from agent.detection.sigma.log_source import LATENESS, OTHERWISE, LogSource

PATIENCE = timedelta(minutes=15)
"""How long a change of an alert may stay untold, by the clock."""

LEFT_OUT = "correlation/left_out"
"""Where the state holds what took no part: a list of `id`, `rule` (its name), `reason` and `rows`."""


class CorrelationEngine:
    """All correlations of a rule set."""

    def __init__(
        self,
        correlations: Sequence[Correlation],
        log_sources: Mapping[str, LogSource],
        recall: Callable[[str], bytes | None],
        lateness: Mapping[str, timedelta] = LATENESS,
        patience: timedelta = PATIENCE,
        silent: frozenset[str] = frozenset(),
    ) -> None:
        """`log_sources`: rule id to log source. `patience`: how long a change of an alert may stay untold; `silent`: ids
        of those that raise no alerts.
        """
        self._correlations = ordered(correlations)
        self.bases = frozenset(base for one in correlations for base in one.bases)
        self._silent = silent
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
        self._lates: dict[tuple[str, str], int | None] = {}
        self._patience = int(patience.total_seconds() * 1000)
        self._shelf = PieceCache(recall)
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
    ) -> BatchChanges:
        """`found`: rule id to its matched rows, prepared, with `event.id`. `newest`: newest event time of the batch.

        `now`: by the clock, without which no change is told for its age; with neither org nor rows those of every org are.
        `final`: nothing will ever follow.
        """
        step, clock = BatchChanges(newest={**self.newest}), int(now.timestamp() * 1000) if now else 0
        if newest is not None:
            _see(step, org, source, newest)
        if found or newest is not None:
            self._advance(found, org, step, clock, final=final)
        for other in {org, *step.newest} if final else ():
            self._advance({}, other, step, clock, final=True)
        if clock:
            self._tell_changes([org] if org or found or newest is not None else list(step.newest), step, clock)
        if step.newest != self.newest:
            step.remember["correlation/newest"] = orjson.dumps(step.newest)
        if step.left_out:
            step.remember[LEFT_OUT] = self._left_out(step)
        return step

    def _left_out(self, step: BatchChanges) -> bytes:
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

    def commit(self, step: BatchChanges) -> None:
        self._memories.update(step.memories)
        self._texts.update(step.texts)
        self._shelf.commit(step.pieces)
        self.newest = step.newest
        for key, count in step.left_out.items():
            self.left_out[key] = self.left_out.get(key, 0) + count
            metrics.CORRELATION_ROWS_LEFT_OUT.labels(self._titles[key[0]], key[1]).inc(count)

    def _advance(
        self, found: Mapping[str, pl.DataFrame], org: str, step: BatchChanges, clock: int, *, final: bool
    ) -> None:
        """One org's correlations, each after those it is made of."""
        if org not in self._texts:
            self._texts[org] = correlation_text.recalled(self._recall, f"correlation/texts/{org}")
        step.texts.setdefault(org, self._texts[org])
        known = self._coded({base: rows for base, rows in found.items() if base in self.bases}, org, step)
        newest, floors = step.newest.get(org, {}), []
        for correlation in self._correlations:
            name = correlation.rule.id
            mark = FOREVER if final else self._mark(correlation, newest)
            if not is_idle(correlation, known, mark, self._memory(correlation, org, step)):
                turn = self._turn(correlation, org, step, clock)
                ends = turn.take(known, mark, self._carried[name], silent=name in self._silent)
                if name in self.bases and ends.height:
                    known |= self._coded({name: handed_on(ends, self._carried[name], step.texts[org])}, org, step)
            floors.append(self._memory(correlation, org, step).mark - 2 * correlation.milliseconds)
        step.texts[org], changes = correlation_text.stored(
            step.texts[org], f"correlation/texts/{org}", min(floors, default=0)
        )
        step.remember |= changes

    def _coded(self, found: Mapping[str, pl.DataFrame], org: str, step: BatchChanges) -> dict[str, MatchedRows]:
        step.texts[org], known = coded(found, self._keys, self._values, step.texts[org])
        return known

    def _tell_changes(self, orgs: Iterable[str], step: BatchChanges, clock: int) -> None:
        """Changes of these orgs' alerts that were not told for too long."""
        for org in orgs:
            for correlation in self._correlations:
                if correlation.rule.id not in self._silent and self._memory(correlation, org, step).episodes:
                    self._turn(correlation, org, step, clock).tell_changes(clock - self._patience)

    def _turn(self, correlation: Correlation, org: str, step: BatchChanges, clock: int) -> BatchUpdate:
        writing = Writing(self._shelf, step.pieces, step.remember)
        return BatchUpdate(correlation, org, step, self._memory(correlation, org, step), writing, clock)

    def _memory(self, correlation: Correlation, org: str, step: BatchChanges) -> Memory:
        key = (correlation.rule.id, org)
        if key not in self._memories:
            shape = orjson.dumps([correlation.shape, self._carried[correlation.rule.id]]).decode()
            self._memories[key] = recalled(self._recall, f"correlation/{correlation.rule.id}/{org}", shape)
        return step.memories.get(key, self._memories[key])

    def _mark(self, correlation: Correlation, newest: Mapping[str, int]) -> int:
        """The watermark; 0 as long as nothing of its log sources was seen."""
        late = {name: self._late(correlation.rule.id, name) for name in newest}
        return max(min((newest[name] - by for name, by in late.items() if by is not None), default=0), 0)

    def _late(self, rule: str, name: str) -> int | None:
        """How late rows of a log source may come, in milliseconds; None if the correlation does not use it."""
        if (rule, name) not in self._lates:
            source = LogSource(*orjson.loads(name))
            used = any(one.covers(source) for one in self._sources[rule])
            late = self._lateness.get(source.service or "", OTHERWISE)
            self._lates[rule, name] = int(late.total_seconds() * 1000) if used else None
        return self._lates[rule, name]


def _see(step: BatchChanges, org: str, source: LogSource, newest: int) -> None:
    mine = {**step.newest.get(org, {})}
    name = orjson.dumps([source.product, source.service, source.category]).decode()
    mine[name] = max(newest, mine.get(name, newest))
    step.newest[org] = mine
