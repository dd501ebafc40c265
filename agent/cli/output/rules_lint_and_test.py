"""`leakline rules lint` and `rules test`: what is wrong with rules, and whether they do what they say."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.text import Text

from agent.assembly import sample_rows
from agent.assembly.enabled_rules import placeholders, rule_folders
from agent.assembly.rule_availability import log_columns
from agent.config.settings import Settings
from agent.detection.authoring import lint as linting
from agent.detection.authoring import sample_processes
from agent.detection.load import load
from agent.exit_status import FINE, FOUND
from agent.model import Finding
from agent.normalize.mapping.load import whole_mappings
from agent.shipped import rule_places, shipped
from agent.wording.number import counted


def lint(folders: Sequence[Path] | None, console: Console, *, as_json: bool, settings: Settings | None = None) -> int:
    """Errors and warnings, each with file and line; exit status 1 if there are any errors.

    `settings`: with the values of these for `%name%`, and their rules unless `folders` are given.
    """
    looked_at = rule_folders(settings.rules, folders) if settings else rule_places(folders)
    rules = load(looked_at, placeholders=placeholders(settings.rules, settings.enrich) if settings else None)
    own = settings.normalize.mappings if settings else []
    known = log_columns(whole_mappings([shipped("mappings"), *own]))
    findings = list(linting.lint(looked_at, rules, known))
    if as_json:
        _json_lines(_as_lint_line(finding) for finding in findings)
    else:
        for finding in findings:
            severity = Text("warning", style="yellow") if finding.warning else Text("error", style="red")
            fix = f" ({finding.fix})" if finding.fix else ""
            console.print(
                Text(f"{finding.path}:{finding.line}: ") + severity + Text(f": {finding.message}{fix}"), soft_wrap=True
            )
        errors = sum(not finding.warning for finding in findings)
        console.print(
            f"{counted(errors, 'error')}, {counted(len(findings) - errors, 'warning')}; {counted(len(rules.all_rules), 'rule')} loaded"
        )
    return FOUND if any(not finding.warning for finding in findings) else FINE


def test(folders: Sequence[Path] | None, samples: Path | None, console: Console, *, as_json: bool) -> int:
    """Each rule against its samples; exit status 1 if one does not hold."""
    mirror = samples or (None if folders else shipped("samples"))
    findings = list(sample_processes.try_rules(rule_places(folders), mirror, prepare=sample_rows.prepared))
    wrong = [finding for finding in findings if not finding.ok]
    if as_json:
        _json_lines(asdict(finding) for finding in findings)
        return FOUND if wrong else FINE
    for finding in wrong:
        line = f":{finding.line}" if finding.line else ""
        fix = f" ({finding.fix})" if finding.fix else ""
        said = f"{finding.path}{line}: {finding.subject}: {finding.message}{fix}"
        console.print(Text(said, style="red"), soft_wrap=True)
    rules = len({finding.subject for finding in findings})
    console.print(
        f"{len(findings) - len(wrong):,} of {counted(len(findings), 'sample')} of {counted(rules, 'rule')} passed"
    )
    return FOUND if wrong else FINE


def _as_lint_line(finding: Finding) -> dict[str, Any]:
    severity = "warning" if finding.warning else "error"
    message = f"{finding.message} ({finding.fix})" if finding.fix else finding.message
    return {"file": finding.path, "line": finding.line, "severity": severity, "message": message}


def _json_lines(rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        sys.stdout.buffer.write(orjson.dumps(row) + b"\n")
