"""`leakline rules list`: what the rules are, what they cover, and which of them cannot fire here."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.assembly.rule_availability import rule_availability
from agent.detection.alert import attack
from agent.detection.authoring.coverage import FEEDS
from agent.detection.authoring.listing import RuleRow, counts_by_family, listing, techniques
from agent.detection.load import load
from agent.detection.rule_set import RuleSet
from agent.detection.sigma import cache
from agent.detection.sigma.rule import SEVERITY
from agent.exit_status import FINE, FOUND
from agent.shipped import rule_places
from agent.wording.number import counted

if TYPE_CHECKING:
    from agent.config.settings import Settings

LEVEL_STYLE = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "green", "informational": "dim"}

LEVELS = tuple(sorted(SEVERITY, key=lambda level: -SEVERITY[level]))

FEED = {"free": "free", "event_monitoring": "EM", "real_time": "RTEM"}
SERVICE = {
    "event_log_file": "log files",
    "real_time_event_monitoring": "real time",
    "event_log_object": "log objects",
    "setup_audit_trail": "audit trail",
    "login_history": "logins",
    "provisioning": "provisioning",
    "sessions": "sessions",
    "object": "objects",
    "inbound": "reports",
    "agent": "Leakline",
}

TITLES_FROM = 120
"""Columns of a terminal from which on titles have room."""


def show(
    folders: Sequence[Path] | None,
    settings: Settings | None,
    feed: str,
    console: Console,
    err: Console,
    *,
    as_json: bool,
) -> int:
    """Every rule that loads, by family; exit status 1 if some do not load. `feed`: what the org has, or empty."""
    rules = _rules(folders, settings)
    rows = listing(rules, rule_availability(settings, feed))
    if not rows and not rules.errors:
        left = (
            "the settings select no rules; check `rules` in the settings file"
            if settings
            else "there are no rules here; name files or folders of *.yml"
        )
        err.print(left, style="red", soft_wrap=True)
        return FOUND
    if as_json:
        for row in rows:
            sys.stdout.buffer.write(orjson.dumps(asdict(row)) + b"\n")
    else:
        _show_rules(rows, console)
        _show_coverage(rows, console)
        _show_feeder_count(rules.feeder_count, console)
        _show_unable(rows, console)
    for error in rules.errors:
        err.print(Text(str(error), style="red"), soft_wrap=True)
    return FOUND if rules.errors else FINE


def _rules(folders: Sequence[Path] | None, settings: Settings | None) -> RuleSet:
    if settings is None:
        return load(rule_places(folders), cache=cache.directory())
    from agent.assembly.enabled_rules import enabled_rules

    return enabled_rules(settings.rules, settings.enrich, folders, cache=cache.directory())


def _show_rules(rows: Sequence[RuleRow], console: Console) -> None:
    wide = console.width >= TITLES_FROM
    for family in dict.fromkeys(row.family for row in rows):
        table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
        table.add_column(Text(family, style="bold"), no_wrap=True, overflow="ellipsis")
        for head in ("level", "feed", "source", "alerts", *(["title"] if wide else [])):
            table.add_column(head, no_wrap=True, overflow="ellipsis")
        for row in rows:
            if row.family == family:
                name = Text(("x " if row.cannot_fire else "  ") + (row.name or row.title))
                level = Text(row.level, style=LEVEL_STYLE[row.level])
                cells = (name, level, FEED.get(row.feed, "?"), _sources(row), _tells(row))
                table.add_row(*cells, *([row.title] if wide else []))
        console.print(table)
        console.print()


def _sources(row: RuleRow) -> str:
    if len(row.services) > 2:
        return "any"
    return "+".join(SERVICE.get(name, name) for name in row.services) or row.service or row.product


def _tells(row: RuleRow) -> str:
    return row.tells if row.tells == "at once" else f"after {span(row.wait_seconds)}"


def span(seconds: float) -> str:
    """As rules write spans: `31h10m`."""
    minutes = round(seconds / 60)
    if minutes >= 48 * 60 and not minutes % 1440:
        return f"{minutes // 1440}d"
    hours, rest = divmod(minutes, 60)
    return f"{hours}h{rest}m" if hours and rest else f"{hours}h" if hours else f"{rest}m"


def _show_coverage(rows: Sequence[RuleRow], console: Console) -> None:
    levels = [level for level in LEVELS if any(row.level == level for row in rows)]
    table = Table("family", *levels, *FEED.values(), "rules", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for tally in counts_by_family(rows):
        counts = [*(tally.levels[level] for level in levels), *(tally.feeds[feed] for feed in FEEDS), tally.rules]
        table.add_row(tally.name, *(str(count or "") for count in counts))
    console.print(table)
    console.print()
    covered = techniques(rows)
    console.print(f"ATT&CK: {counted(len(covered), 'technique')}")
    for technique, count in sorted(covered.items()):
        console.print(f"  {technique:<10}{count:>4}  {attack.name(technique)}", no_wrap=True, overflow="ellipsis")
    console.print()
    late = {name: row.rows_late_seconds for row in rows for name in row.services if len(row.services) == 1}
    told = ", ".join(f"{SERVICE.get(name, name)} {span(seconds)}" for name, seconds in sorted(late.items()))
    console.print("EM: Event Monitoring. `at once`: when its rows are read, which may be late by")
    console.print(f"  {told}")


def _show_feeder_count(count: int, console: Console) -> None:
    """Rules that are not in the table; `hunt` counts them with the others."""
    if count:
        console.print()
        console.print(
            f"Beside these {counted(count, 'feeder rule')}: parts of the rules above, without alerts of their own"
        )


def _show_unable(rows: Sequence[RuleRow], console: Console) -> None:
    """By reason, so that what would help the most rules stands out."""
    by_reason: dict[str, list[str]] = {}
    for row in rows:
        for reason in row.cannot_fire:
            by_reason.setdefault(reason, []).append(row.name or row.title)
    if not by_reason:
        return
    unable = sum(bool(row.cannot_fire) for row in rows)
    console.print()
    console.print(f"{unable} of {len(rows)} rules cannot fire (x):")
    for reason, names in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
        console.print(Text(f"  {len(names)}: {reason}", style="yellow"))
        for line in _wrapped(names, console.width - 5):
            console.print(Text(f"    {line}"))


def _wrapped(words: Iterable[str], width: int) -> Iterator[str]:
    line = ""
    for word in words:
        if line and len(line) + len(word) + 2 > width:
            yield line + ","
            line = word
        else:
            line = f"{line}, {word}" if line else word
    yield line
