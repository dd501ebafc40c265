"""`leakline incidents show`: what happened, what is known, what is due, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from rich.console import Console
from rich.text import Text

from agent.cli.output.incidents.clock_lines import clock_lines
from agent.cli.output.incidents.listing import STYLES
from agent.cli.output.status_parts.deadline_lines import NOT_ADVICE
from agent.notice.clock import Clock
from agent.notice.incidents.incident import LEVELS, Anchor, Fact, Incident
from agent.terminal import paragraph, words
from agent.wording.moment import utc
from agent.wording.number import counted, number_text

_INCIDENT, _CLOCKS = TypeAdapter(Incident), TypeAdapter(list[Clock])

MOST_RULES = 10
MOST_COMMENTS = 10
"""Lines of each; JSON has all."""


def show_page(document: Mapping[str, Any], console: Console, now: datetime) -> None:
    """`document`: what `incidents_show` answers."""
    incident = _INCIDENT.validate_python(document["incident"])
    clocks = _CLOCKS.validate_python(document["clocks"])
    paragraph(console, words(f"{incident.id}: {incident.title}", "bold"), indent=2)
    for line in _head(incident, document["org"], now):
        paragraph(console, line, indent=2)
    parts: list[tuple[str, Iterable[Text]]] = [
        (f"Evidence: {counted(incident.alerts, 'alert')}", _evidence(incident)),
        (f"Score: {incident.score.value} of 100", map(words, incident.score.reasons)),
        ("Anchors", (_anchor(name, anchor) for name, anchor in sorted(incident.anchors.items(), key=_time))),
        ("Facts", (_fact(name, fact) for name, fact in sorted(incident.facts.items()))),
        ("Obligations", clock_lines(incident, clocks, now, clocks_run=document["clocks_run"])),
        ("Decisions", _decisions(incident)),
        ("Comments", _comments(incident)),
    ]
    for title, lines in parts:
        _print_part(console, title, list(lines))
    _print_steps(console, document["next"])
    console.print(f"\n{NOT_ADVICE}")


def _print_part(console: Console, title: str, lines: Sequence[Text]) -> None:
    if not lines:
        return
    console.print(f"\n{title}", style="bold")
    for line in lines:
        paragraph(console, Text("  ") + line, indent=6)


def _head(incident: Incident, org: str, now: datetime) -> Iterator[Text]:
    origin = {"live": "", "history": ", from a backfill", "drill": ", a drill"}[incident.origin]
    level = words(f"{incident.level}", STYLES.get(incident.level, ""))
    yield Text("level ") + level + words(f", {incident.state}{origin}, of {org or 'Leakline itself'}")
    yield words(
        f"detected {utc(incident.detected_at)}; its events are from {utc(incident.first_event)} to {utc(incident.last_event)}"
    )
    handling = []
    if incident.acknowledged_at is not None:
        handling.append(f"acknowledged by {incident.acknowledged_by} at {utc(incident.acknowledged_at)}")
    elif incident.is_open:
        handling.append("not acknowledged")
    handling += [f"assigned to {incident.assignee}"] if incident.assignee else []
    if incident.snoozed_until is not None and incident.snoozed_until > now:
        handling.append(f"put aside until {utc(incident.snoozed_until)}")
    if handling:
        yield words(", ".join(handling), "" if incident.is_acknowledged or not incident.is_open else "yellow")
    for text, ids in (
        ("merged into", [incident.merged_into]),
        ("merged from", incident.merged_from),
        ("split from", [incident.split_from]),
        ("related", incident.related),
    ):
        if named := ", ".join(filter(None, ids)):
            yield words(f"{text} {named}")


def _evidence(incident: Incident) -> Iterator[Text]:
    counts = sorted(incident.rules.items(), key=lambda pair: (-LEVELS.index(pair[1].level), -pair[1].alerts, pair[0]))
    for rule, count in counts[:MOST_RULES]:
        matches = f", {counted(count.matches, 'event')}" if count.matches else ""
        yield words(f"{count.alerts:,} × {count.name} ({count.level}{matches}), rule {rule}")
    if len(counts) > MOST_RULES:
        yield words(f"and of {counted(len(counts) - MOST_RULES, 'more rule')}")
    if incident.alert_ids:
        shown = ", ".join(incident.alert_ids[:3])
        unnamed = max(0, incident.alerts - len(incident.alert_ids[:3]))
        yield words(
            f"alerts {shown}" + (f" and {unnamed:,} more (leakline.incident.id in your SIEM)" if unnamed else "")
        )
    if incident.revisions:
        yield words(f"{counted(incident.revisions, 'later word')} about these alerts")


def _time(pair: tuple[str, Anchor]) -> tuple[datetime, str]:
    return pair[1].time, pair[0]


def _anchor(name: str, anchor: Anchor) -> Text:
    called = "occurred" if name == "event" else name
    how = "presumed" if anchor.presumed else f"declared by {anchor.by} on {utc(anchor.at)}"
    basis = f": {anchor.basis}" if anchor.basis else ""
    return words(f"{called} {utc(anchor.time)}, {how}{basis}", "yellow" if anchor.presumed else "")


def _fact(name: str, fact: Fact) -> Text:
    value = _value(fact.value)
    if fact.estimated:
        query = f", counted by `{fact.query}`" if fact.query else ""
        return words(f"{name} about {value}: an estimate from its events{query}", "yellow")
    return words(f"{name} {value}, recorded by {fact.by} on {utc(fact.at)}" + (f": {fact.basis}" if fact.basis else ""))


def _value(value: float | bool | str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else number_text(value)


def _decisions(incident: Incident) -> Iterator[Text]:
    for decision in incident.decisions:
        reason = f": {decision.reason}" if decision.reason else ""
        yield words(f"{utc(decision.at)} {decision.state}, {decision.by}{reason}")


def _comments(incident: Incident) -> Iterator[Text]:
    if len(incident.comments) > MOST_COMMENTS:
        yield words(f"{len(incident.comments) - MOST_COMMENTS} older ones are in --json")
    for comment in incident.comments[-MOST_COMMENTS:]:
        yield words(f"{utc(comment.at)} {comment.by}: ") + Text(" ").join(map(words, comment.text.splitlines()))


def _print_steps(console: Console, steps: Sequence[Mapping[str, str]]) -> None:
    if steps:
        console.print("\nWhat to do next", style="bold")
    for number, step in enumerate(steps, 1):
        paragraph(console, words(f"  {number}. {step['what']}"), indent=5)
        if step["command"]:  # never broken: it is copied
            console.print(words(f"     {step['command']}", "dim"), soft_wrap=True)
