"""`leakline hunt`: alerts of rules over files at rest to standard output, and what came of it to standard error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import orjson
from rich.console import Console
from rich.text import Text

from agent.cli.output.hunt_progress import progress
from agent.detection.rule_set import RuleSet
from agent.errors import LeaklineError
from agent.exit_status import FAILED, FINE, FOUND
from agent.hunt import loading
from agent.hunt.hunt import Hunt
from agent.wording.number import counted

if TYPE_CHECKING:
    from agent.config.settings import Settings

MOST_SHOWN = 100
"""Of so many bad lines of one file each is shown; the others are counted."""


@dataclass(slots=True)
class HuntTotals:
    """What came of it."""

    events: int = 0
    alerts: int = 0
    bad: int = 0
    files: int = 0
    failed: int = 0


def write_alerts(
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
    `fold`: repeats as the service counts them, in one alert (not with `raw`); `settings`: rules, thresholds, lists and
    address databases of an installation. Returns the exit status: FOUND, FAILED if a file could not be read, or FINE.
    Raises LeaklineError if there is no rule.
    """
    loaded = loading.load_rules(rules, settings)
    for error in loaded.errors:
        err.print(Text(str(error), style="red"), soft_wrap=True)
    if not loaded.rules:
        left = ", or check which ones `rules` in the settings selects" if settings else ""
        raise LeaklineError("no rule was loaded", hint=f"name a folder of Sigma rules (*.yml) with --rules{left}")
    totals = HuntTotals()
    search = Hunt(loaded, raw=raw, fold=fold, settings=settings)
    for problem in search.problems[:MOST_SHOWN]:
        err.print(Text(str(problem), style="red"), soft_wrap=True)
    if len(search.problems) > MOST_SHOWN:
        err.print(
            Text(f"and {counted(len(search.problems) - MOST_SHOWN, 'more line')} of lists", style="red"),
            soft_wrap=True,
        )
    with progress(files, err) as tell:
        for path in files:
            totals.files += 1
            for line in _alert_lines(search, path, totals, err):
                out.write(line)
                tell(path, totals.events, totals.alerts)
        for alert in (*search.folded_alerts(), *search.derived_alerts()):
            totals.alerts += 1
            out.write(orjson.dumps(alert) + b"\n")
    out.flush()
    err.print(Text(_summary(totals, loaded, search)), soft_wrap=True)
    return FAILED if totals.failed else FOUND if totals.alerts else FINE


def _alert_lines(search: Hunt, path: Path, totals: HuntTotals, err: Console) -> Iterator[bytes]:
    """Alerts as lines; a file that cannot be read ends with a word about it."""
    shown = 0
    try:
        for chunk in search.read(path):
            events = chunk.events
            for line, reason in events.bad[: max(0, MOST_SHOWN - shown)]:
                err.print(Text(f"{path}:{line}: {reason}", style="red"), soft_wrap=True)
            shown += len(events.bad)
            alerts = search.alerts(chunk, path)
            totals.events += events.frame.height
            totals.alerts += len(alerts)
            yield b"".join(orjson.dumps(alert) + b"\n" for alert in alerts)
    except LeaklineError as error:
        err.print(Text(str(error), style="red"), soft_wrap=True)
        totals.failed += 1
    if shown > MOST_SHOWN:
        err.print(Text(f"{path}: and {counted(shown - MOST_SHOWN, 'more line')}", style="red"), soft_wrap=True)
    totals.bad += shown


def _summary(totals: HuntTotals, rules: RuleSet, search: Hunt) -> str:
    words = [
        counted(totals.alerts, "alert"),
        f"{counted(totals.events, 'event')} in {counted(totals.files, 'file')}",
        counted(len(rules.all_rules), "rule") + (f", {len(rules.errors):,} left out" if rules.errors else ""),
    ]
    if search.broken:
        words.append(f"{counted(len(search.broken), 'rule')} failed: {', '.join(sorted(search.broken))}")
    words += [f"{counted(search.matches, 'match')} folded"] if search.matches else []
    words += search.left_out
    if search.repeated:
        words.append(f"{counted(search.repeated, 'repeated match')} of the same event left out")
    if totals.bad:
        words.append(f"{counted(totals.bad, 'line')} could not be read")
    if totals.failed:
        words.append(f"{counted(totals.failed, 'file')} could not be read")
    return "; ".join(words)
