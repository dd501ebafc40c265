"""The table the demo ends with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.demo.streamed import SCENARIOS, StreamedAlert
from agent.demo.verdict import Verdict
from agent.simulator.scenarios import PLAYABLE


def show(
    verdict: Verdict,
    names: Mapping[str, str],
    status: Mapping[str, Any],
    seconds: float,
    folder: Path,
    console: Console,
    streamed: Sequence[StreamedAlert] = (),
) -> None:
    """Read, sent, found, and what to look at next. `names`: rule id to the rule's short name."""
    console.print()
    console.print(_leaks(verdict, names))
    console.print(_streamed(streamed, names))
    console.print("Log files show the same three to six hours later.\n")
    lanes = status["destinations"][0]["lanes"]
    alerts = lanes["alerts"]["acknowledged"]
    console.print(
        f"Read {verdict.expected:,} rows in {seconds:.1f} s; sent {lanes['events']['acknowledged']:,} events "
        f"and {alerts:,} alerts to the file destination."
    )
    console.print(_truth(verdict))
    if not status["balanced"]:
        console.print(Text("The accounts do not balance.", style="bold red"))
    console.print(f"""
What to look at next
  {folder}/output/alerts.ndjson   alerts, with what to do, and incidents
  {folder}/output/events.ndjson   the normalised events (ECS)
  leakline rules list   the rules; docs/getting_started.md connects an org""")


def _streamed(alerts: Sequence[StreamedAlert], names: Mapping[str, str]) -> Table:
    """What was streamed while the demo watched."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold underline")
    for heading in ("leak while we watched", "found in streamed events by rule", "alert after"):
        table.add_column(heading, overflow="fold", no_wrap=heading != "found in streamed events by rule")
    for alert in sorted(alerts, key=lambda alert: (SCENARIOS.index(alert.scenario), alert.seconds)):
        table.add_row(alert.scenario, Text(names.get(alert.rule, alert.rule), style="green"), f"{alert.seconds:.2f} s")
    for scenario in SCENARIOS:
        if all(alert.scenario != scenario for alert in alerts):
            table.add_row(scenario, Text("not found", style="bold red"), "")
    return table


def _leaks(verdict: Verdict, names: Mapping[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 1, 0), header_style="bold underline")
    for heading in ("planted leak", "what happens in it", "found by rule (alerts)"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "planted leak")
    for name, rules in verdict.found.items():
        if rules:
            by = Text("\n".join(f"{names.get(rule, rule)} ({count})" for rule, count in rules.items()), style="green")
        else:
            by = Text("not found", style="bold red")
        table.add_row(name, PLAYABLE[name].summary, by)
    return table


def _truth(verdict: Verdict) -> Text:
    if verdict.lost or verdict.doubled or verdict.altered:
        text = (
            f"Against the org's truth file: {verdict.lost} lost, {verdict.doubled} doubled, {verdict.altered} altered."
        )
        return Text(text, style="bold red")
    return Text(
        "Every event equals the org's truth file, row for row: none lost, none doubled, none altered.", style="green"
    )
