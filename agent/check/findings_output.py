"""How the findings of `leakline check` are printed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict, replace

import orjson
from rich.console import Console
from rich.text import Text

from agent.exit_status import FINE, FOUND
from agent.model import Finding
from agent.redaction.redaction import redact
from agent.terminal import paragraph, words
from agent.wording.number import counted


def show(findings: Iterable[Finding], console: Console, *, as_json: bool) -> int:
    """A line for each finding as it comes; exit status 1 if something is wrong."""
    problems = warnings = 0
    for finding in map(_redacted, findings):
        problems += not finding.ok and not finding.warning
        warnings += finding.warning and not finding.ok
        if as_json:
            sys.stdout.buffer.write(orjson.dumps(asdict(finding)) + b"\n")
        else:
            _print(finding, console)
    if not as_json:
        console.print(_sum(problems, warnings))
    return FOUND if problems else FINE


def _redacted(finding: Finding) -> Finding:
    return replace(finding, message=redact(finding.message), fix=redact(finding.fix))


def _print(finding: Finding, console: Console) -> None:
    mark = Text("PASS   ", style="green")
    if not finding.ok:
        mark = Text("WARN   ", style="yellow") if finding.warning else Text("FAIL   ", style="bold red")
    paragraph(console, mark + words(f"{finding.subject}: {finding.message}"), indent=7)
    if finding.fix and not finding.ok:
        paragraph(console, words(f"       -> {finding.fix}"), indent=10)


def _sum(problems: int, warnings: int) -> str:
    if not problems and not warnings:
        return "No problems."
    return f"{counted(problems, 'problem')}, {counted(warnings, 'warning')}"
