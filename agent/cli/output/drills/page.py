"""Scenarios in lines, and a drill with its stages and verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from rich.console import Console
from rich.text import Text

from agent.drills.settings import LEGAL
from agent.terminal import paragraph, words
from agent.wording.moment import utc

STYLES: Mapping[str, str] = {"passed": "green", "failed": "bold red", "not set up": "yellow"}
VERDICT_WIDTH = 11
MOST_NAMED = 5
WIDTH, LEGAL_WIDTH = 10, 22
"""Of the longest name of a stage."""


def show_list(rows: Sequence[Mapping[str, Any]], console: Console) -> None:
    """`rows`: what `drill_list` answers."""
    width = max((len(row["name"]) for row in rows), default=0)
    for family, scenarios in groupby(rows, key=itemgetter("family")):
        console.print(words(family, "bold"))
        for row in scenarios:
            last = f"; {row['last_verdict']} {_time(row['last_at'])}" if row["last_verdict"] else ""
            style = STYLES.get(row["last_verdict"], "")
            text = words(f"  {row['name']:<{width}}  {row['summary']}") + words(last, style)
            paragraph(console, text, indent=width + 4)


def print_begin(drill: Mapping[str, Any], console: Console) -> None:
    faster = f", people are notified {drill['speed']:g} times faster" if drill["speed"] != 1 else ""
    is_legal = drill["scenario"].startswith(LEGAL)
    where = "on a moved clock, in a state of its own" if is_legal else f"through the running pipeline{faster}"
    text = f"{drill['id']}: {drill['scenario']} {where}"
    paragraph(console, words(text, "bold"), indent=2)


def print_waiting(console: Console) -> None:
    text = "  it waits for the drills before it, one runs at a time: `leakline drill status` shows them"
    paragraph(console, words(text), indent=2)


def print_left(drill: Mapping[str, Any], console: Console) -> None:
    """For who stops looking."""
    text = f"{drill['id']} continues: `leakline drill status` says how it ends; to acknowledge its incident ends its messages"
    paragraph(console, words(text), indent=2)


def print_stage(stage: Mapping[str, Any], drill: Mapping[str, Any], console: Console) -> None:
    after = (datetime.fromisoformat(stage["at"]) - datetime.fromisoformat(drill["begun_at"])).total_seconds()
    verdict = Text(f"{stage['verdict']:<{VERDICT_WIDTH}}", style=STYLES.get(stage["verdict"], ""))
    width = LEGAL_WIDTH if drill["scenario"].startswith(LEGAL) else WIDTH
    text = words(f"  {stage['name']:<{width}} ") + verdict + words(f"{after:7.1f} s  {stage['sentence']}")
    paragraph(console, text, indent=width + VERDICT_WIDTH + 14)


def print_verdict(drill: Mapping[str, Any], console: Console) -> None:
    """The last line: what a person takes away."""
    begun_at = drill["begun_at"] or drill["asked_at"]
    seconds = (datetime.fromisoformat(drill["ended_at"]) - datetime.fromisoformat(begun_at)).total_seconds()
    failed = [stage["name"] for stage in drill["stages"] if stage["verdict"] == "failed"]
    idle = [stage["name"] for stage in drill["stages"] if stage["verdict"] == "not set up"]
    if drill["interrupted"]:
        text = f"FAILED: {drill['interrupted']}"
    elif failed:
        text = f"FAILED at {', '.join(failed)}, after {seconds:.0f} s"
    else:
        text = f"PASSED in {seconds:.0f} s" + (f"; the settings have nothing for: {', '.join(idle)}" if idle else "")
    paragraph(console, words(text, STYLES[drill["verdict"]]), indent=2)
    if drill["incidents"]:
        closed = ", ".join(drill["incidents"])
        paragraph(console, words(f"Its incidents are closed and count as a drill: {closed}"), indent=2)


def show_status(found: Mapping[str, Any], console: Console) -> None:
    """`found`: what `drill_status` answers."""
    for drill in found["running"]:
        done = f", {len(drill['stages'])} stages judged" if drill["stages"] else ""
        paragraph(console, words(f"{drill['id']} {drill['scenario']} since {_time(drill['begun_at'])}{done}"), indent=2)
    if found["waiting"]:
        names = ", ".join(f"{drill['id']} {drill['scenario']}" for drill in found["waiting"][:MOST_NAMED])
        paragraph(console, words(f"{len(found['waiting']):,} wait: {names}"), indent=2)
    for drill in found["newest"]:
        paragraph(console, words(_line(drill), STYLES.get(drill["verdict"], "")), indent=4)
    shown = {drill["scenario"] for drill in found["newest"]}
    for name in found["failed"]:
        if name not in shown:
            paragraph(console, words(f"failed: {name}, long ago and at its last run", "bold red"), indent=2)
    for number in found["damaged"]:
        paragraph(console, words(f"{number} is damaged and cannot be read", "bold red"), indent=2)
    for late in found["overdue"]:
        when = f"passed last {_time(late['passed_at'])}" if late["passed_at"] else "has never passed"
        paragraph(console, words(f"overdue: {late['scenario']} {when}", "bold red"), indent=2)
    if not any(found[part] for part in ("running", "waiting", "newest")):
        console.print("No drill has run yet: `leakline drill list` has the scenarios.")


def _line(drill: Mapping[str, Any]) -> str:
    failed = [f"{stage['name']}: {stage['sentence']}" for stage in drill["stages"] if stage["verdict"] == "failed"]
    why = drill["interrupted"] or "; ".join(failed)
    return f"{drill['id']} {_time(drill['ended_at'])} {drill['scenario']} {drill['verdict']}" + (
        f": {why}" if why else ""
    )


def _time(text: str) -> str:
    return utc(datetime.fromisoformat(text))
