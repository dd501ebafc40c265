"""`leakline notices list`: two lines for each obligation, the next date first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from agent.cli.output.incidents.clock_lines import STRICTLY
from agent.cli.output.status_parts.deadline_lines import NOT_ADVICE
from agent.terminal import paragraph, words
from agent.wording.moment import left, utc
from agent.wording.number import counted

MOST_NAMED = 6
"""Missing fields that are named."""
STYLES: Mapping[str, str] = {"sent": "green", "signed": "green", "draft": "yellow", "none": ""}


def show_list(found: Mapping[str, Any], console: Console, now: datetime) -> None:
    """`found`: what `notices_list` answers."""
    if found["damaged"]:
        paragraph(console, words(f"cannot be read: {', '.join(found['damaged'])}", "red"))
    if not found["notices"]:
        console.print("Nothing has to be sent: no incident has a clock.")
        return
    several = len({row["org"] for row in found["notices"]}) > 1
    for row in found["notices"]:
        _print_row(row, console, now, several=several)
    if found["more"]:
        console.print(f"and {counted(found['more'], 'more obligation')}; --limit shows more")
    console.print(f"\n{NOT_ADVICE}")


def _print_row(row: Mapping[str, Any], console: Console, now: datetime, *, several: bool) -> None:
    org = f" of {row['org'] or 'Leakline itself'}" if several else ""
    drill = " (drill)" if row["origin"] == "drill" else ""
    head = Text.assemble(words(row["obligation"], "bold"), words(f" for {row['incident']}{org}{drill}: "))
    paragraph(console, head + words(f"{_due(row, now)}, to {row['recipient']}"), indent=4)
    paragraph(console, Text("    ") + words(_draft(row), STYLES.get(row["state"], "")), indent=4)


def _due(row: Mapping[str, Any], now: datetime) -> str:
    if row["clock_state"] in ("sent", "not-applicable", "explained"):
        return str(row["clock_state"])
    if row["next_due"] is None:
        return "waits, without a date"
    strict = datetime.fromisoformat(row["next_due"])
    if row["due"] is None:
        return (
            f"{'before' if strict > now else STRICTLY} {utc(strict)} ({left(strict, now)}), counted from the detection"
        )
    due = datetime.fromisoformat(row["due"])
    earlier = f", strictly before {utc(strict)}" if strict < due else ""
    return f"{'before' if due > now else 'late since'} {utc(due)} ({left(due, now)}){earlier}"


def _draft(row: Mapping[str, Any]) -> str:
    name = "no draft" if row["state"] == "none" else f"{row['state']} v{row['version']}"
    kind = f", {row['kind']}" if row["kind"] != "new" else ""
    kind += ", withdrawal" if row["completeness"] == "withdraw" else ""
    sent = f" (receipt {row['receipt']})" if row["receipt"] else ""
    missing = row["missing"]
    if not missing:
        return f"{name}{kind}{sent}, nothing is missing"
    rest = " …" if len(missing) > MOST_NAMED else ""
    return f"{name}{kind}{sent}, {len(missing)} missing: {', '.join(missing[:MOST_NAMED])}{rest}"
