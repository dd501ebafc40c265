"""Rules over files at rest; no org, no state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from agent.columns.array_fields import single_value
from agent.detection.matcher import Matcher
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LogSource
from agent.detection.sigma.rule import Rule
from agent.errors import FileError
from agent.hunt import loading
from agent.hunt.alert import SHOWN, TIMES, alert_of, file_name
from agent.hunt.parallel import ahead
from agent.hunt.raw import EventChunk, pieces, read_raw, reader

if TYPE_CHECKING:
    from agent.config.settings import Settings


@dataclass(frozen=True, slots=True)
class MatchedChunk:
    """Consecutive events, and the rows (numbers, UInt32) that rules match."""

    events: EventChunk
    found: list[tuple[Rule, pl.Series]]


class Hunt:
    """Rules that can be tried on one file after another."""

    def __init__(
        self, rules: RuleSet, *, raw: bool = False, fold: bool = False, settings: Settings | None = None
    ) -> None:
        self._raw = raw
        self._matched: set[tuple[str, str]] = set()
        self.repeated = 0
        """Matches of events that stand in the files more than once: each event raises a rule's alert once."""
        anywhere = RuleSet(tuple(replace(rule, logsource=LogSource()) for rule in rules))
        self._silent = rules.feeder_ids
        self._matcher = Matcher(anywhere if raw else rules)
        self._derived = loading.derived_rules(rules, raw=raw)
        self._fold = loading.folded_matches(settings) if fold else None
        conditions = [rule.condition for rule in rules]
        self._reader = reader(conditions, {*TIMES, "event.id", *(self._derived.fields if self._derived else ())})
        self.problems: Sequence[FileError] = ()
        """Lines of the settings' lists that cannot be used."""
        if not raw:
            self._inputs, self.problems = loading.load_inputs(settings)

    @property
    def broken(self) -> dict[str, str]:
        """Rule id to reason: rules that raised an error while they were tried."""
        return self._matcher.broken

    def read(self, path: Path) -> Iterator[MatchedChunk]:
        """Raises LeaklineError for a file that cannot be read (on)."""
        if self._raw:
            return ahead(pieces(path), lambda piece: self._try(read_raw(piece, self._reader)))
        return ahead(self._inputs.read(path), self._try)

    def _try(self, events: EventChunk) -> MatchedChunk:
        return MatchedChunk(events, list(self._matcher.matches(events.frame, events.source)))

    def _matches(self, chunk: MatchedChunk, path: Path) -> Iterator[tuple[Rule, pl.Series]]:
        """Rules that match, but those that only feed correlations and baselines, and their rows."""
        events = chunk.events
        if self._derived:
            self._derived.saw(events.frame)
        for rule, rows in chunk.found:
            if self._derived:
                self._derived.add(rule, rows, events, file_name(path))
            if rule.id not in self._silent:
                yield rule, rows if self._raw else self._new(rule, rows, events.frame)

    def _new(self, rule: Rule, rows: pl.Series, frame: pl.DataFrame) -> pl.Series:
        """Without events that the rule matched before: an org repeats rows in late and daily files.

        Not with `--raw`, where nobody knows what a field of the name `event.id` holds.
        """
        if "event.id" not in frame.columns:
            return rows
        fresh = []
        for row, event in zip(rows, frame["event.id"].gather(rows), strict=True):
            if event is None or (rule.id, event) not in self._matched:
                fresh.append(row)
                self._matched.add((rule.id, event))
        self.repeated += len(rows) - len(fresh)
        return pl.Series(fresh, dtype=pl.UInt32)

    def alerts(self, chunk: MatchedChunk, path: Path) -> list[dict[str, Any]]:
        """One for each rule and event, in the order of the lines; what can only be judged later is gathered."""
        events = chunk.events
        if self._fold:
            for rule, matched in self._matches(chunk, path):
                self._fold.add(rule, matched, events, file_name(path))
            return []
        found = [(row, rule) for rule, rows in self._matches(chunk, path) for row in rows]
        found.sort(key=lambda match: match[0])
        rows = events.frame[pl.Series([row for row, _ in found], dtype=pl.UInt32)]
        times = TIMES if self._raw else TIMES[:1]  # without --raw what can be read of a time is there
        names = [name for name in ("event.id", *times, *SHOWN) if name in rows.columns]
        shown = pl.DataFrame([single_value(rows[name]) for name in names]).to_dicts() if names else [{} for _ in found]
        return [
            alert_of(rule, fields, file_name(path), events.lines[row])
            for (row, rule), fields in zip(found, shown, strict=True)
        ]

    def folded_alerts(self) -> Iterator[dict[str, Any]]:
        """Alerts of rules about single events where repeats are folded; each has the place of its first event."""
        for rule, fields, file, line in self._fold.alerts() if self._fold else ():
            yield alert_of(rule, fields, file, line)

    @property
    def matches(self) -> int:
        """How many matches were folded into alerts."""
        return self._fold.matches if self._fold else 0

    def derived_alerts(self) -> Iterator[dict[str, Any]]:
        """Alerts of correlations and baselines, over all that was read; each stands where its last event stands."""
        for rule, fields, file, line in self._derived.alerts() if self._derived else ():
            who = {} if self._raw else {"user.id": _long_id(fields["user.id"])}
            yield alert_of(rule, {**fields, **who, "@timestamp": fields["event.end"]}, file, line)

    @property
    def left_out(self) -> list[str]:
        """What correlations and baselines did not judge, in words."""
        return self._derived.left_out if self._derived else []


def _long_id(text: str | None) -> str | None:
    """As events have it."""
    from agent.columns.record_id import to_long

    return to_long(pl.Series([text]))[0] if text else None
