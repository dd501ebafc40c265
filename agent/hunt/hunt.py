"""`leakline hunt`: rules over files at rest; no org, no state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson
import polars as pl
from rich.console import Console
from rich.text import Text

from agent.cli.hunt_progress import progress
from agent.detection.matcher import Matcher
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LogSource
from agent.detection.sigma.rule import Rule
from agent.errors import FileError, LeaklineError
from agent.hunt import parts as hunt_parts
from agent.hunt.alert import SHOWN, TIMES, alert_of, file_name
from agent.hunt.parallel import ahead
from agent.hunt.raw import Examined, pieces, read_raw, reader, single

if TYPE_CHECKING:
    from agent.config.settings import Settings

FOUND, FAILED = 1, 3
TOLD = 100
"""Of so many bad lines of one file each is told; the others are counted."""


@dataclass(slots=True)
class Tally:
    """What came of it."""

    events: int = 0
    alerts: int = 0
    bad: int = 0
    files: int = 0
    failed: int = 0


def hunt(
    files: Sequence[Path],
    rules: Sequence[Path] | None,
    *,
    raw: bool,
    fold: bool = False,
    out: BinaryIO,
    err: Console,
    settings: Settings | None = None,
) -> int:
    """Write an alert for each match to `out`, what is wrong with rules, lines and files to `err`.

    `rules`: files and folders, the shipped ones unless given; `raw`: names as they stand, log sources not compared;
    `fold`: repeats as the service counts them, in one alert (not with `raw`); `settings`: rules, thresholds, lists and address databases of an installation. Returns the exit status: 1 if
    something was found, 3 if a file could not be read, 0 otherwise. Raises LeaklineError if there is no rule.
    """
    loaded = hunt_parts.rules(rules, settings)
    for error in loaded.errors:
        err.print(Text(str(error), style="red"), soft_wrap=True)
    if not loaded.rules:
        left = ", or see what `rules` in the settings leaves of them" if settings else ""
        raise LeaklineError("no rule was loaded", hint=f"name a folder of Sigma rules (*.yml) with --rules{left}")
    tally = Tally()
    search = Hunt(loaded, raw=raw, fold=fold, settings=settings)
    for problem in search.problems[:TOLD]:
        err.print(Text(str(problem), style="red"), soft_wrap=True)
    if len(search.problems) > TOLD:
        err.print(Text(f"and {len(search.problems) - TOLD:,} more lines of lists", style="red"), soft_wrap=True)
    with progress(files, err) as tell:
        for path in files:
            tally.files += 1
            for line in _tried(search, path, tally, err):
                out.write(line)
                tell(path, tally.events, tally.alerts)
        for alert in (*search.folded(), *search.correlated()):
            tally.alerts += 1
            out.write(orjson.dumps(alert) + b"\n")
    out.flush()
    err.print(Text(_summary(tally, loaded, search)), soft_wrap=True)
    return FAILED if tally.failed else FOUND if tally.alerts else 0


@dataclass(frozen=True, slots=True)
class Tried:
    """Consecutive events, and the rows that rules match."""

    examined: Examined
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

    def read(self, path: Path) -> Iterator[Tried]:
        """Raises LeaklineError for a file that cannot be read (on)."""
        if self._raw:
            return ahead(pieces(path), lambda piece: self._try(read_raw(piece, self._reader)))
        return ahead(self._inputs.read(path), self._try)

    def _try(self, examined: Examined) -> Tried:
        return Tried(examined, list(self._matcher.matches(examined.frame, examined.source)))

    def _telling(self, tried: Tried, path: Path) -> Iterator[tuple[Rule, pl.Series]]:
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

    def alerts(self, tried: Tried, path: Path) -> list[dict[str, Any]]:
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
        said = pl.DataFrame([single(rows[name]) for name in names]).to_dicts() if names else [{} for _ in found]
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


def _tried(search: Hunt, path: Path, tally: Tally, err: Console) -> Iterator[bytes]:
    """Alerts as lines; a file that cannot be read ends with a word about it."""
    told = 0
    try:
        for tried in search.read(path):
            examined = tried.examined
            for line, reason in examined.bad[: max(0, TOLD - told)]:
                err.print(Text(f"{path}:{line}: {reason}", style="red"), soft_wrap=True)
            told += len(examined.bad)
            alerts = search.alerts(tried, path)
            tally.events += examined.frame.height
            tally.alerts += len(alerts)
            yield b"".join(orjson.dumps(alert) + b"\n" for alert in alerts)
    except LeaklineError as error:
        err.print(Text(str(error), style="red"), soft_wrap=True)
        tally.failed += 1
    if told > TOLD:
        err.print(Text(f"{path}: and {told - TOLD:,} more lines", style="red"), soft_wrap=True)
    tally.bad += told


def _summary(tally: Tally, rules: RuleSet, search: Hunt) -> str:
    words = [
        f"{tally.alerts:,} alerts",
        f"{tally.events:,} events in {tally.files:,} files",
        f"{len(rules.known):,} rules" + (f", {len(rules.errors):,} left out" if rules.errors else ""),
    ]
    if search.broken:
        words.append(f"{len(search.broken):,} rules broke: {', '.join(sorted(search.broken))}")
    words += [f"{search.matches:,} matches folded"] if search.matches else []
    words += search.left_out
    if search.again:
        words.append(f"{search.again:,} matches of events that were there before were left out")
    if tally.bad:
        words.append(f"{tally.bad:,} lines could not be tried")
    if tally.failed:
        words.append(f"{tally.failed:,} files could not be read")
    return "; ".join(words)
