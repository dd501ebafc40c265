"""Scenarios in lines, and a drill with its stages and verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from rich.console import Console
from rich.text import Text

from agent.terminal import paragraph, words
from agent.wording.moment import utc

STYLES: Mapping[str, str] = {"passed": "green", "failed": "bold red", "not set up": "yellow"}
NAME_WIDTH, VERDICT_WIDTH = 10, 11


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
    text = f"{drill['id']}: {drill['scenario']} through the running pipeline{faster}"
    paragraph(console, words(text, "bold"), indent=2)


def print_stage(stage: Mapping[str, Any], drill: Mapping[str, Any], console: Console) -> None:
    after = (datetime.fromisoformat(stage["at"]) - datetime.fromisoformat(drill["begun_at"])).total_seconds()
    verdict = Text(f"{stage['verdict']:<{VERDICT_WIDTH}}", style=STYLES.get(stage["verdict"], ""))
    text = words(f"  {stage['name']:<{NAME_WIDTH}} ") + verdict + words(f"{after:7.1f} s  {stage['sentence']}")
    paragraph(console, text, indent=NAME_WIDTH + VERDICT_WIDTH + 14)


def print_verdict(drill: Mapping[str, Any], console: Console) -> None:
    """The last line: what a person takes away."""
    seconds = (datetime.fromisoformat(drill["ended_at"]) - datetime.fromisoformat(drill["begun_at"])).total_seconds()
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
    for drill in found["newest"]:
        paragraph(console, words(_line(drill), STYLES.get(drill["verdict"], "")), indent=4)
    for late in found["overdue"]:
        when = f"passed last {_time(late['passed_at'])}" if late["passed_at"] else "has never passed"
        paragraph(console, words(f"overdue: {late['scenario']} {when}", "bold red"), indent=2)
    if not found["running"] and not found["newest"]:
        console.print("No drill has run yet: `leakline drill list` has the scenarios.")


def _line(drill: Mapping[str, Any]) -> str:
    failed = [f"{stage['name']}: {stage['sentence']}" for stage in drill["stages"] if stage["verdict"] == "failed"]
    why = drill["interrupted"] or "; ".join(failed)
    return f"{drill['id']} {_time(drill['ended_at'])} {drill['scenario']} {drill['verdict']}" + (
        f": {why}" if why else ""
    )


def _time(text: str) -> str:
    return utc(datetime.fromisoformat(text))
