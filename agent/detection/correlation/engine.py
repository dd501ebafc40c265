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
from dataclasses import replace
from datetime import datetime, timedelta

import orjson
import polars as pl

from agent import metrics
from agent.detection.correlation import text_codes
from agent.detection.correlation.batch_changes import BatchChanges
from agent.detection.correlation.batch_update import BatchUpdate, rests, stride
from agent.detection.correlation.definition.correlation import (
    Correlation,
    awaited_sources,
    bases_first,
    feeding_rules,
    fields_by_base,
    told_in_order,
)
from agent.detection.correlation.memory import Memory, MemoryWriter, recalled
from agent.detection.correlation.rows import Key, MatchedRows, handed_on, keys_of, read_matched, value_of
from agent.detection.correlation.text_codes import TextCodes
from agent.detection.correlation.windows import FOREVER
from agent.detection.memory.piece_cache import PieceCache
from agent.detection.memory.undo import Undo, replace_values
from agent.detection.sigma.log_source import LATENESS, OTHERWISE, LogSource

PATIENCE = timedelta(minutes=15)
"""How long a change of an alert may wait for its revision, by the clock."""

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
        """`log_sources`: rule id to log source. `patience`: how long a change of an alert may wait for its
        revision; `silent`: ids of those that raise no alerts.
        """
        self._correlations = bases_first(correlations)
        self._by_id = {correlation.rule.id: correlation for correlation in self._correlations}
        self.bases = frozenset(base for correlation in correlations for base in correlation.bases)
        self._silent = silent
        self._made_of = {
            correlation.rule.id: [base for base in self._correlations if base.rule.id in correlation.bases]
            for correlation in self._correlations
        }
        self._in_order = told_in_order(self._correlations)
        fields = fields_by_base(self._correlations)
        self._carried = {
            correlation.rule.id: tuple(sorted(fields.get(correlation.rule.id, ())))
            for correlation in self._correlations
        }
        self._keys: dict[str, set[Key]] = {}
        self._values: dict[str, set[Key]] = {}
        for correlation in self._correlations:
            for base in correlation.steps:
                self._keys.setdefault(base, set()).update(
                    keys_of(correlation, self._carried[correlation.rule.id], base)
                )
                self._values.setdefault(base, set()).update({value_of(correlation, base)} - {()})
        # Correlations that the same log sources feed have one watermark.
        fed = feeding_rules(self._correlations)
        self._sources = {
            key: frozenset(log_sources[base] for base in bases if base in log_sources) for key, bases in fed.items()
        }
        self._feeds = set(self._sources.values())
        self._awaited = awaited_sources(self._correlations, log_sources)
        self._strides = {correlation.rule.id: stride(correlation) for correlation in self._correlations}
        self._titles = {
            correlation.rule.id: correlation.rule.name or correlation.rule.id for correlation in correlations
        }
        self._recall = recall
        self._lateness = lateness
        self._lateness_by: dict[tuple[frozenset[LogSource], str], int | None] = {}
        self._patience = int(patience.total_seconds() * 1000)
        self._cache = PieceCache(recall)
        self._memories: dict[str, dict[str, Memory]] = {}
        """By org and correlation id."""
        self._texts: dict[str, TextCodes] = {}
        self.newest: dict[str, dict[str, int]] = orjson.loads(recall("correlation/newest") or b"{}")
        counts = orjson.loads(recall(LEFT_OUT) or b"[]")
        self.left_out: dict[tuple[str, str], int] = {(count["id"], count["reason"]): count["rows"] for count in counts}
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
        instead: Mapping[str, Mapping[str, pl.DataFrame]] | None = None,
    ) -> BatchChanges:
        """`found`: rule id to its matched rows, prepared, with `event.id` (String) and `@timestamp` (Datetime).
        `newest`: newest event time of the batch, in milliseconds.

        `now`: by the clock, without which no alert is revised for the age of its changes; with neither org nor rows
        those of every org are. `final`: nothing will ever follow. `instead`: id of a correlation to what its bases
        matched, of those bases of which it is not to see all that was `found`.
        """
        changes, clock = BatchChanges(newest={**self.newest}), int(now.timestamp() * 1000) if now else 0
        if newest is not None:
            _note_newest(changes, org, source, newest)
        if found or newest is not None:
            self._advance(found, org, changes, clock, final=final, instead=instead or {})
        for other in {org, *changes.newest} if final else ():
            self._advance({}, other, changes, clock, final=True, instead={})
        if clock:
            self._revise_due([org] if org or found or newest is not None else list(changes.newest), changes, clock)
        if changes.newest != self.newest:
            changes.remember["correlation/newest"] = orjson.dumps(changes.newest)
        if changes.left_out:
            changes.remember[LEFT_OUT] = self._left_out(changes)
        return changes

    def _left_out(self, changes: BatchChanges) -> bytes:
        """All that was left out, for `leakline status` and for the time after a restart."""
        whole = {**self.left_out}
        for key, rows in changes.left_out.items():
            whole[key] = whole.get(key, 0) + rows
        return orjson.dumps(
            [
                {"id": rule, "rule": self._titles.get(rule, rule), "reason": reason, "rows": rows}
                for (rule, reason), rows in sorted(whole.items())
            ]
        )

    def advance(self, changes: BatchChanges) -> Undo:
        """What `take` gave counts from now on, although it is not stored yet; returns what takes that back."""
        newest, pieces = self.newest, self._cache.held(changes.pieces)
        left_out = {key: self.left_out.get(key, 0) + rows for key, rows in changes.left_out.items()}
        replaced = (
            *(replace_values(self._memories[org], memories) for org, memories in changes.memories.items()),
            replace_values(self._texts, changes.texts),
            replace_values(self.left_out, left_out),
        )
        self._cache.commit(changes.pieces)
        self.newest = changes.newest

        def take_back() -> None:
            for part in replaced:
                part()
            self._cache.commit(pieces)
            self.newest = newest

        return take_back

    def count(self, changes: BatchChanges) -> None:
        """After the batch's transaction: what it left out is told."""
        for (rule, reason), rows in changes.left_out.items():
            metrics.CORRELATION_ROWS_LEFT_OUT.labels(self._titles[rule], reason).inc(rows)

    def _advance(
        self,
        found: Mapping[str, pl.DataFrame],
        org: str,
        changes: BatchChanges,
        clock: int,
        *,
        final: bool,
        instead: Mapping[str, Mapping[str, pl.DataFrame]],
    ) -> None:
        """One org's correlations, each after those it is made of."""
        if org not in self._texts:
            self._texts[org] = text_codes.recalled(self._recall, f"correlation/texts/{org}")
        changes.texts.setdefault(org, self._texts[org])
        # What a correlation hands on is matched for those made of it, which come later in the same batch.
        matched = self._read({base: rows for base, rows in found.items() if base in self.bases}, org, changes)
        marks = dict.fromkeys(self._feeds, FOREVER) if final else self._marks(changes.newest.get(org, {}))
        memories = {**self._recalled(org), **changes.memories.get(org, {})}
        moved = False
        for correlation in self._correlations:
            name = correlation.rule.id
            mark = self._mark(name, marks, changes.newest.get(org, {}))
            # What a correlation hands on has times from its mark on: one made of it must not be ahead, or that would be late.
            for base in self._made_of[name]:
                mark = min(mark, memories[base.rule.id].mark)
            seen = self._seen(matched, instead[name], org, changes) if name in instead else matched
            if seen.keys().isdisjoint(correlation.bases):  # of a batch's many correlations most have no rows in it
                if mark - memories[name].mark < self._strides[name]:
                    continue
                if memories[name].empty or rests(correlation, memories[name], mark):
                    moved = moved or not memories[name].empty  # where nothing is, the mark follows from the rest
                    memories[name] = replace(memories[name], mark=mark)
                    changes.memories.setdefault(org, {})[name] = memories[name]
                    continue
            update = self._update(correlation, org, changes, clock)
            anchors = update.take(seen, mark, self._carried[name], silent=name in self._silent)
            memories[name] = self._memory(correlation, org, changes)
            if name in self.bases and anchors.height:
                matched |= self._read({name: handed_on(anchors, self._carried[name], changes.texts[org])}, org, changes)
        if moved:  # one value for all: of each correlation its own would be some 35 of the 50 that a small batch stores
            marks_of = {name: memory.mark for name, memory in memories.items() if not memory.empty}
            changes.remember[_marks_key(org)] = orjson.dumps(marks_of)
        if changes.texts[org].changed:
            self._store_texts(org, changes, memories)

    def _seen(
        self, matched: Mapping[str, MatchedRows], instead: Mapping[str, pl.DataFrame], org: str, changes: BatchChanges
    ) -> dict[str, MatchedRows]:
        """What was matched, with the rows of `instead` for the bases that it names."""
        whole = {base: rows for base, rows in matched.items() if base not in instead}
        return whole | self._read(instead, org, changes)

    def _store_texts(self, org: str, changes: BatchChanges, memories: Mapping[str, Memory]) -> None:
        """Rows before two timespans from the mark are needed no more, nor are their texts if no correlation needs them."""
        floors = (
            memories[correlation.rule.id].mark - 2 * correlation.milliseconds for correlation in self._correlations
        )
        changes.texts[org], stored = text_codes.stored(
            changes.texts[org], f"correlation/texts/{org}", min(floors, default=0)
        )
        changes.remember |= stored

    def _read(self, found: Mapping[str, pl.DataFrame], org: str, changes: BatchChanges) -> dict[str, MatchedRows]:
        """Matched rows with codes of the org's texts."""
        changes.texts[org], matched = read_matched(found, self._keys, self._values, changes.texts[org])
        return matched

    def _revise_due(self, orgs: Iterable[str], changes: BatchChanges, clock: int) -> None:
        """Revise alerts of these orgs whose changes were not announced for too long. `clock`: milliseconds."""
        for org in orgs:
            changed = changes.memories.get(org, {})
            for name, memory in self._recalled(org).items():
                waiting = changed.get(name, memory).waiting
                if waiting and waiting <= clock - self._patience and name not in self._silent:
                    self._update(self._by_id[name], org, changes, clock).revise_due(clock - self._patience)

    def _update(self, correlation: Correlation, org: str, changes: BatchChanges, clock: int) -> BatchUpdate:
        """`clock`: milliseconds; 0 without one."""
        writer = MemoryWriter(self._cache, changes.pieces, changes.remember)
        memory, in_order = self._memory(correlation, org, changes), correlation.rule.id in self._in_order
        return BatchUpdate(correlation, org, changes, memory, writer, clock, in_order=in_order)

    def _memory(self, correlation: Correlation, org: str, changes: BatchChanges) -> Memory:
        """As this batch has made it so far."""
        name = correlation.rule.id
        return changes.memories.get(org, {}).get(name) or self._recalled(org)[name]

    def _recalled(self, org: str) -> Mapping[str, Memory]:
        """Of all correlations, as the last commit left them, in the order of their bases."""
        if org not in self._memories:
            marks = orjson.loads(self._recall(_marks_key(org)) or b"{}")
            self._memories[org] = {
                name: recalled(
                    self._recall,
                    f"correlation/{name}/{org}",
                    orjson.dumps([correlation.shape, self._carried[name]]).decode(),
                    marks.get(name, 0),
                )
                for name, correlation in self._by_id.items()
            }
        return self._memories[org]

    def _marks(self, newest: Mapping[str, int]) -> dict[frozenset[LogSource], int]:
        """By what feeds a correlation its watermark, in milliseconds: nothing older is expected of any of these sources.

        0 as long as nothing of them was seen. `newest`: log source (as JSON) to its newest event time.
        """
        marks = {}
        for sources in self._feeds:
            late = {name: self._late(sources, name) for name in newest}
            marks[sources] = max(min((newest[name] - by for name, by in late.items() if by is not None), default=0), 0)
        return marks

    def _mark(self, correlation: str, marks: Mapping[frozenset[LogSource], int], newest: Mapping[str, int]) -> int:
        """0 as long as nothing came of a log source whose rows must be absent: they always would be. The rest as above."""
        for source in self._awaited[correlation]:
            if all(self._late(frozenset({source}), name) is None for name in newest):
                return 0
        return marks[self._sources[correlation]]

    def _late(self, sources: frozenset[LogSource], name: str) -> int | None:
        """How late rows of a log source may come, in milliseconds; None if it is none of these."""
        if (sources, name) not in self._lateness_by:
            source = LogSource(*orjson.loads(name))
            used = any(log_source.covers(source) for log_source in sources)
            late = self._lateness.get(source.service or "", OTHERWISE)
            self._lateness_by[sources, name] = int(late.total_seconds() * 1000) if used else None
        return self._lateness_by[sources, name]


def _marks_key(org: str) -> str:
    """Where the state holds how far watermarks have moved where nothing else changed: correlation id to milliseconds."""
    return f"correlation/marks/{org}"


def _note_newest(changes: BatchChanges, org: str, source: LogSource, newest: int) -> None:
    """The newest event time (milliseconds) of a log source only grows: late rows move no watermark back."""
    by_source = {**changes.newest.get(org, {})}
    name = orjson.dumps([source.product, source.service, source.category]).decode()
    by_source[name] = max(newest, by_source.get(name, newest))
    changes.newest[org] = by_source
