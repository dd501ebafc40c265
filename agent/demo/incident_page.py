"""The screen that the demo ends with: an incident, its clocks, what to do next, who was told, and the trail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.text import Text

from agent.demo.incident_outcome import IncidentOutcome
from agent.demo.told import DemoTelling
from agent.status.deadlines import Deadline
from agent.terminal import paragraph, words
from agent.wording.number import counted

DEADLINES, STEPS = 3, 1
"""Lines of each; the commands show all."""


def show_incidents(
    found: IncidentOutcome, told: DemoTelling | None, folder: Path, console: Console, now: datetime
) -> None:
    """`folder`: the demo's; its settings are what the commands are tried with."""
    console.print()
    for line in _lines(found, told, f"-c {folder}/leakline.yaml", now):
        paragraph(console, line, indent=5)


def _lines(found: IncidentOutcome, told: DemoTelling | None, config: str, now: datetime) -> Iterator[Text]:
    incidents = counted(found.count, "open incident")
    if (gravest := found.gravest) is None:
        yield words("No incident is open.", "bold red")
    else:
        yield words(f"{incidents}, {found.with_clocks} of them with clocks. The gravest:", "bold")
        yield words(f"  {gravest['id']}: {gravest['title']}")
        level = f"level {gravest['level']}, {gravest['state']}, score {gravest['score']} of 100"
        yield words(f"  {level}, {counted(gravest['alerts'], 'alert')}")
        yield words("Its next deadlines, if it is a breach. This is not legal advice.", "bold")
        yield from (_deadline(deadline, now) for deadline in found.deadlines[:DEADLINES])
        if (further := len(found.deadlines) - DEADLINES) > 0:
            yield words(f"  and {counted(further, 'further obligation')}")
        yield words("What to do next", "bold")
        for number, step in enumerate(found.next[:STEPS], 1):
            yield words(f"  {number}. {step['what']}")
        yield words(f"  leakline incidents show {gravest['id']} {config}", "cyan")
    yield from _told(told, config)
    yield words(_trail(found), "bold green" if found.trail.whole else "bold red")
    yield words(f"  leakline trail verify {config}", "cyan")
    yield words(f"A drill, while `leakline run {config}` runs in another terminal:", "bold")
    yield words(f"  leakline drill run mass_report_export --speed 60 {config}", "cyan")


def _told(told: DemoTelling | None, config: str) -> Iterator[Text]:
    """Who was told, how it was acknowledged, and what of the first notice is missing."""
    if told is None or not told.summary:
        yield words("No person was notified of an incident.", "bold red")
        return
    yield words("Who was notified", "bold")
    yield words(f"  over a signed webhook: {told.summary}")
    if told.acknowledged_by and told.opening_changed_nothing:
        yield words(
            f"  its link was opened, which changes nothing; its button acknowledged it for {told.acknowledged_by}"
        )
    else:
        yield words("  its link did NOT acknowledge it", "bold red")
    if told.obligation:
        missing = counted(told.missing, "field")
        yield words(f"  a notice is drafted ({told.obligation}); {missing} missing: {told.first_missing} …")
        yield words(f"  leakline notices show {told.incident} {told.obligation} {config}", "cyan")


def _deadline(deadline: Deadline, now: datetime) -> Text:
    recipient = deadline.recipient.partition(":")[0].replace("_", " ")
    return words(f"  {_left(deadline, now)} {deadline.regime} {deadline.obligation}, to {recipient}", "yellow")


def _left(deadline: Deadline, now: datetime) -> str:
    """What is left until the first of its dates, and that date."""
    if deadline.next_due is None:
        return f"waits for {deadline.anchor}:"
    minutes = int((deadline.next_due - now) / timedelta(minutes=1))
    left = f"{minutes // 60:>3} h {minutes % 60:>2} min left" if minutes >= 0 else "late"
    return f"{left}, {deadline.next_due.astimezone(UTC):%a %d %b %H:%M} UTC:"


def _trail(found: IncidentOutcome) -> str:
    report = found.trail
    total = f"{counted(sum(report.records.values()), 'record')} in {counted(len(report.records), 'chain')}"
    if not report.whole:
        return f"The trail is NOT whole: {counted(len(report.findings), 'finding')} in {total}."
    signed = "a checkpoint signs it" if report.covered else "no checkpoint signs it yet"
    return f"The trail is whole: {total}; {signed}."
