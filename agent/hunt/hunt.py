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
from agent.hunt import parts as hunt_parts
from agent.hunt.alert import SHOWN, TIMES, alert_of, file_name
from agent.hunt.parallel import ahead
from agent.hunt.raw import EventChunk, pieces, read_raw, reader

if TYPE_CHECKING:
    from agent.config.settings import Settings


@dataclass(frozen=True, slots=True)
class MatchedChunk:
    """Consecutive events, and the rows that rules match."""

    examined: EventChunk
    found: list[tuple[Rule, pl.Series]]


class Hunt:
    """Rules that can be tried on one file after another."""

    def __init__(
        self, rules: RuleSet, *, raw: bool = False, fold: bool = False, settings: Settings | None = None
    ) -> None:
        self._raw = raw
        self._told: set[tuple[str, str]] = set()
        self.again = 0
        """Matches of events that stand in the files more than once: each event raises a rule's alert once."""
        anywhere = RuleSet(tuple(replace(rule, logsource=LogSource()) for rule in rules))
        self._silent = rules.silent
        self._matcher = Matcher(anywhere if raw else rules)
        self._together = hunt_parts.together(rules, raw=raw)
        self._folded = hunt_parts.folded(settings) if fold else None
        conditions = [rule.condition for rule in rules]
        self._reader = reader(conditions, {*TIMES, "event.id", *(self._together.fields if self._together else ())})
        self.problems: Sequence[FileError] = ()
        """Lines of the settings' lists that cannot be used."""
        if not raw:
            self._inputs, self.problems = hunt_parts.inputs(settings)

    @property
    def broken(self) -> dict[str, str]:
        """Rule id to reason: rules that raised an error while they were tried."""
        return self._matcher.broken

    def read(self, path: Path) -> Iterator[MatchedChunk]:
        """Raises LeaklineError for a file that cannot be read (on)."""
        if self._raw:
            return ahead(pieces(path), lambda piece: self._try(read_raw(piece, self._reader)))
        return ahead(self._inputs.read(path), self._try)

    def _try(self, examined: EventChunk) -> MatchedChunk:
        return MatchedChunk(examined, list(self._matcher.matches(examined.frame, examined.source)))

    def _telling(self, tried: MatchedChunk, path: Path) -> Iterator[tuple[Rule, pl.Series]]:
        """Rules that match, but those that only feed correlations and baselines, and their rows."""
        examined = tried.examined
        if self._together:
            self._together.saw(examined.frame)
        for rule, rows in tried.found:
            if self._together:
                self._together.add(rule, rows, examined, file_name(path))
            if rule.id not in self._silent:
                yield rule, rows if self._raw else self._untold(rule, rows, examined.frame)

    def _untold(self, rule: Rule, rows: pl.Series, frame: pl.DataFrame) -> pl.Series:
        """Without events that the rule matched before: an org repeats rows in late and daily files.

        Not with `--raw`, where nobody knows what a field of the name `event.id` holds.
        """
        if "event.id" not in frame.columns:
            return rows
        fresh = []
        for row, event in zip(rows, frame["event.id"].gather(rows), strict=True):
            if event is None or (rule.id, event) not in self._told:
                fresh.append(row)
                self._told.add((rule.id, event))
        self.again += len(rows) - len(fresh)
        return pl.Series(fresh, dtype=pl.UInt32)

    def alerts(self, tried: MatchedChunk, path: Path) -> list[dict[str, Any]]:
        """One for each rule and event, in the order of the lines; what can only be judged later is gathered."""
        examined = tried.examined
        if self._folded:
            for rule, matched in self._telling(tried, path):
                self._folded.add(rule, matched, examined, file_name(path))
            return []
        found = [(row, rule) for rule, rows in self._telling(tried, path) for row in rows]
        found.sort(key=lambda one: one[0])
        rows = examined.frame[pl.Series([row for row, _ in found], dtype=pl.UInt32)]
        times = TIMES if self._raw else TIMES[:1]  # without --raw what can be read of a time is there
        names = [name for name in ("event.id", *times, *SHOWN) if name in rows.columns]
        said = pl.DataFrame([single_value(rows[name]) for name in names]).to_dicts() if names else [{} for _ in found]
        return [
            alert_of(rule, shown, file_name(path), examined.lines[row])
            for (row, rule), shown in zip(found, said, strict=True)
        ]

    def folded(self) -> Iterator[dict[str, Any]]:
        """Alerts of rules about single events where repeats are folded; each has the place of its first event."""
        for rule, said, file, line in self._folded.alerts() if self._folded else ():
            yield alert_of(rule, said, file, line)

    @property
    def matches(self) -> int:
        """How many matches were folded into alerts."""
        return self._folded.matches if self._folded else 0

    def correlated(self) -> Iterator[dict[str, Any]]:
        """Alerts of correlations and baselines, over all that was read; each stands where its last event stands."""
        for rule, said, file, line in self._together.alerts() if self._together else ():
            who = {} if self._raw else {"user.id": _long_id(said["user.id"])}
            yield alert_of(rule, {**said, **who, "@timestamp": said["event.end"]}, file, line)

    @property
    def left_out(self) -> list[str]:
        """What correlations and baselines did not judge, in words."""
        return self._together.left_out if self._together else []


def _long_id(text: str | None) -> str | None:
    """As events have it."""
    from agent.columns.record_id import to_long

    return to_long(pl.Series([text]))[0] if text else None
