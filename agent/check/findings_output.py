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
from agent.terminal import words


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
    mark = Text("ok     ", style="green")
    if not finding.ok:
        mark = Text("WARN   ", style="yellow") if finding.warning else Text("FAIL   ", style="bold red")
    console.print(mark + words(f"{finding.subject}: {finding.message}"), soft_wrap=True)
    if finding.fix and not finding.ok:
        console.print(words(f"       -> {finding.fix}"), soft_wrap=True)


def _sum(problems: int, warnings: int) -> str:
    if not problems and not warnings:
        return "No problems."
    return f"{_counted(problems, 'problem')}, {_counted(warnings, 'warning')}"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
