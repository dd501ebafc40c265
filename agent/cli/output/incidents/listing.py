"""`leakline incidents list`: a few lines an incident, those first whose deadline comes first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from agent.cli.output.incidents.clock_lines import STRICTLY
from agent.notice.incidents.incident import ENDS
from agent.terminal import paragraph, words
from agent.wording.moment import left, utc
from agent.wording.number import counted

MOST_NAMED = 10
"""Damaged ones that are named."""

STYLES: Mapping[str, str] = {"critical": "bold red", "high": "red", "medium": "yellow"}


def show_list(found: Mapping[str, Any], console: Console, now: datetime) -> None:
    """`found`: what `incidents_list` answers."""
    rows = found["incidents"]
    if damaged := found.get("damaged"):
        said = f"{counted(len(damaged), 'incident')} cannot be read: {', '.join(damaged[:MOST_NAMED])}"
        paragraph(console, words(f"{said}; `leakline problems list` says what to do", "red"))
    if not rows and damaged:
        return
    if not rows:
        console.print("No incidents.")
        return
    several = len({row["org"] for row in rows}) > 1
    for row in rows:
        _print_row(row, console, now, several=several)
    if found["more"]:
        console.print(f"and {counted(found['more'], 'more incident')}; --limit shows more")


def _print_row(row: Mapping[str, Any], console: Console, now: datetime, *, several: bool) -> None:
    seen = f"acknowledged by {row['acknowledged_by']}" if row["acknowledged_by"] else ""
    if not seen and row["state"] not in ENDS:
        seen = "not acknowledged"
    said = [
        row["state"],
        row["origin"] if row["origin"] != "live" else "",
        (row["org"] or "Leakline itself") if several else "",
        counted(row["alerts"], "alert"),
        seen,
        f"assigned to {row['assignee']}" if row["assignee"] else "",
        _snooze(row, now),
    ]
    head = Text.assemble(words(row["id"], "bold"), " ", words(row["level"], STYLES.get(row["level"], "")), " ")
    paragraph(console, head + words(", ".join(filter(None, said))), indent=4)
    paragraph(console, words(f"    {row['title']}"), indent=4)
    if row["next_due"] is not None:
        further = row["open_obligations"] - 1
        rest = f", and {counted(further, 'more obligation')}" if further else ""
        due, when = _when(row, now)
        style = "red" if due <= now else ""
        paragraph(console, words(f"    {when}: {row['next_obligation']}{rest}", style), indent=4)


def _when(row: Mapping[str, Any], now: datetime) -> tuple[datetime, str]:
    """The date of the law once that has passed, until then the earlier one."""
    due, legal = datetime.fromisoformat(row["next_due"]), row["next_legal_due"]
    passed = STRICTLY
    if legal is not None and (due_by_law := datetime.fromisoformat(legal)) <= now:
        due, passed = due_by_law, "late since"
    return due, f"{passed if due <= now else 'before'} {utc(due)} ({left(due, now)})"


def _snooze(row: Mapping[str, Any], now: datetime) -> str:
    until = datetime.fromisoformat(row["snoozed_until"]) if row["snoozed_until"] else None
    return f"put aside until {utc(until)}" if until and until > now else ""
