"""`leakline status` for people: what is wrong first, then orgs, sources, destinations, and the sum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from agent.cli.output.status_lines import LONGEST_REASON, cut, pauses, rules_left_out, source_state, time, trouble
from agent.terminal import words


def show(status: Mapping[str, Any], console: Console) -> None:
    """The document for people."""
    running = status.get("running")
    head = f"leakline {status['version']}, state {status['state']['directory']}"
    console.print(words(head) if running else words(head) + Text(" (no daemon is running)", style="yellow"))
    show_problems(status["problems"], console)
    if "read" not in status:  # the state cannot be read
        return
    for line in (*rules_left_out(status), *pauses(status)):
        console.print(line, soft_wrap=True)
    for part in (_orgs(status), _sources(status), _destinations(status)):
        if part is not None:
            console.print(part)
    for line in _left_out(status):
        console.print(line)
    console.print(_sum(status))


def show_problems(problems: Sequence[Mapping[str, Any]], console: Console) -> None:
    """A line for what is wrong and one for what to do, losses first; nothing while all is well."""
    for problem in sorted(problems, key=lambda problem: problem["clears"] != "person"):
        since = f" since {time(problem['since'])}" if problem["since"] else ""
        head = words(f"{problem['kind']} {problem['id']}".rstrip(), "bold red")
        number = f"{problem['count']:,}"
        in_all = f" ({number} in all)" if problem["count"] > 1 and number not in problem["message"] else ""
        message = cut(problem["message"], LONGEST_REASON) + in_all
        console.print(head + words(f"{since}: {message}", "default"), soft_wrap=True)
        console.print(words(f"   -> {problem['fix']}"), soft_wrap=True)


def _left_out(status: Mapping[str, Any]) -> Iterator[Text]:
    """Matched rows that took no part in a correlation, a line for each of these."""
    rules: dict[str, list[str]] = {}
    for left_out in status.get("correlations_left_out", ()):
        rules.setdefault(left_out["rule"], []).append(f"{left_out['rows']:,} {left_out['reason']}")
    for rule, counts in rules.items():
        yield Text(f"correlation {rule} left out rows: {', '.join(counts)}", style="yellow")


def _orgs(status: Mapping[str, Any]) -> RenderableType | None:
    if not status.get("orgs"):
        return None
    table = _table("org", "API calls", "state")
    for org in status["orgs"]:
        used = (
            f"{org['api_calls_used']:,} of {org['api_calls_allowed']:,}"
            if org.get("api_calls_allowed")
            else "not yet known"
        )
        table.add_row(org["name"], used, trouble(org.get("problem")))
    return table


def _sources(status: Mapping[str, Any]) -> RenderableType:
    totals: dict[str, dict[str, int]] = {}
    for row in status["read"]:
        total = totals.setdefault(row["source"], dict.fromkeys(("read", "duplicate", "malformed", "spooled"), 0))
        for name in total:
            total[name] += row[name]
    live = {source["name"]: source for source in status.get("sources", [])}
    failed = {p["subject"] for p in status["problems"] if p["kind"] == "source-failed"}
    table = _table("source", "read", "duplicate", "malformed", "taken", "newest", "state")
    for name in sorted(totals | live):
        total, source = (
            totals.get(name, dict.fromkeys(("read", "duplicate", "malformed", "spooled"), 0)),
            live.get(name, {}),
        )
        numbers = [f"{total[key]:,}" for key in ("read", "duplicate", "malformed", "spooled")]
        table.add_row(name, *numbers, _age(source.get("lag_seconds")), source_state(source, explained=name in failed))
    return table


def _destinations(status: Mapping[str, Any]) -> RenderableType:
    table = _table("destination", "lane", "accepted", "dead", "filtered", "pending", "resent", "state")
    down = {p["subject"]: "takes nothing" for p in status["problems"] if p["kind"] == "destination-unavailable"}
    for destination in status["destinations"]:
        for lane, account in destination["lanes"].items():
            keys = ("acknowledged", "dead_lettered", "filtered", "pending", "resent")
            numbers = [f"{account[key]:,}" for key in keys]
            stopped = "stopped" if lane in destination.get("stopped", ()) else ""
            said = down.get(destination["name"], "") or stopped
            table.add_row(destination["name"], lane, *numbers, lane_state(destination, account, said))
    return table


def lane_state(destination: Mapping[str, Any], account: Mapping[str, int], wrong: str) -> Text:
    """What is wrong with a lane of a destination, and which of its rows are elsewhere."""
    until = destination.get("waits_until")
    said = [wrong, f"waits until {until[11:19]} UTC" if until else ""]
    said += [f"{account[key]:,} {key.replace('_', ' ')}" for key in ("set_aside", "dropped") if account[key]]
    return trouble(", ".join(filter(None, said)))


def _table(*headings: str) -> Table:
    """Narrow enough for a terminal of 80 columns; what is wrong is folded."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold underline")
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading != "state", justify="left")
    return table


def _sum(status: Mapping[str, Any]) -> Text:
    dead = status["state"]["dead_letters"]
    kept = f"; {dead:,} dead letters are kept (leakline dead-letters list)" if dead else ""
    if status["balanced"] is None:
        return Text("The accounts could not be counted: a loop holds the state.", style="bold red")
    if status["balanced"]:
        return Text(f"Every row read is accounted for{kept}.", style="green")
    return Text(f"The accounts do not balance: rows are missing or counted twice{kept}.", style="bold red")


def _age(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds / 3600:.1f} h ago" if seconds >= 3600 else f"{seconds / 60:.0f} min ago"
