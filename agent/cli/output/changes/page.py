"""Changes in lines, and one change whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from rich.console import Console
from rich.text import Text

from agent.terminal import paragraph, words
from agent.wording.moment import utc

STYLES: Mapping[str, str] = {"weaken": "red", "strengthen": "green", "neutral": "", "forbidden": "bold red"}
LONGEST_VALUE = 160
"""Characters of a value; `--json` has all."""


def show_list(found: Sequence[Mapping[str, Any]], console: Console, *, everything: bool) -> None:
    """`found`: what `changes_list` answers."""
    if not found:
        console.print(
            "No changes." if everything else "No change waits for approval; --all has those that are settled."
        )
        return
    for change in found:
        paragraph(console, words(summary(change)), indent=4)


def summary(change: Mapping[str, Any]) -> str:
    """One sentence: what it is, how it stands, what it needs."""
    count = len(change["differences"])
    what = f"{change['number']} of {change['by']}, {change['change_class']}, {count} difference{'s' * (count != 1)}"
    return f"{what}: {_standing(change)}"


def _standing(change: Mapping[str, Any]) -> str:
    state = change["state"]
    if state == "open":
        return f"needs {change['missing']} before {_time(change['expires_at'])}"
    if state == "applied":
        until = f" until {_time(change['reverts_at'])}" if change["reverts_at"] else ""
        how = {"break-glass": ", without approval", "one-pair-of-eyes": ", no person had to approve it"}
        return f"in force since {_time(change['applied_at'])}{until}{how.get(change['way'], '')}"
    ended = f" {_time(change['ended_at'])}" if change["ended_at"] else ""
    reason = f": {change['ended_reason']}" if change["ended_reason"] else ""
    return f"{state}{ended} by {change['ended_by']}{reason}"


def show_page(change: Mapping[str, Any], console: Console) -> None:
    """`change`: what `changes_show` or a proposal answers."""
    paragraph(console, words(summary(change), "bold"), indent=2)
    ticket = f" ({change['ticket']})" if change["ticket"] else ""
    paragraph(console, words(f"  reason: {change['reason']}{ticket}"), indent=4)
    for difference in change["differences"]:
        _print_difference(difference, console)
    for vote in change["votes"]:
        what = "approved" if vote["approves"] else "rejected"
        reason = f": {vote['reason']}" if vote["reason"] else ""
        paragraph(console, words(f"  {what} by {vote['by']} {_time(vote['at'])}{reason}"), indent=4)
    outcome = change["outcome"][:12]
    paragraph(console, words(f"  settings {change['base'][:12]} -> {outcome}"), indent=4)
    if change["state"] == "open":
        command = f"leakline changes approve {change['number']} --outcome {outcome}"
        paragraph(console, words(f"  another person approves it with `{command}`, or rejects it"), indent=4)


def _print_difference(difference: Mapping[str, Any], console: Console) -> None:
    change_class = difference["change_class"]
    head = Text.assemble(words(f"  {change_class:<10} ", STYLES.get(change_class, "")), words(difference["path"]))
    paragraph(console, head + words(f": {_value(difference['before'])} -> {_value(difference['after'])}"), indent=13)
    paragraph(console, words(f"             {difference['why']}"), indent=13)


def _value(value: Any) -> str:
    if value is None:
        return "(nothing)"
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _time(text: str) -> str:
    return utc(datetime.fromisoformat(text))
