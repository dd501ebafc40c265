"""`leakline clocks list`: what must be told to whom until when, the next date first."""

from __future__ import annotations

from collections.abc import Sequence

from agent.cli.output.console import out, print_json
from agent.cli.output.status_parts.deadline_lines import NOT_ADVICE, details, head
from agent.config.settings import Settings
from agent.daemon.clock import utc_now
from agent.daemon.notice.clock_requests import encode, stored_deadlines
from agent.exit_status import FINE
from agent.status.deadlines import Deadline
from agent.terminal import paragraph
from agent.wording.number import counted

SHOWN = 100
"""Clocks that people are shown; JSON has all."""


def show(settings: Settings, *, everything: bool, as_json: bool) -> int:
    """The exit status: 0, whatever is due."""
    found = stored_deadlines(settings, utc_now, everything=everything)
    if as_json:
        print_json(encode(found))
    else:
        _print(found, clocks_run=settings.notice is not None)
    return FINE


def _print(found: Sequence[Deadline], *, clocks_run: bool) -> None:
    if not clocks_run:
        out.print("The settings have no `notice`: no clock starts.", style="yellow", markup=False)
    if not found and clocks_run:
        out.print("No clock runs.")
    several = len({deadline.org for deadline in found}) > 1
    for deadline in found[:SHOWN]:
        paragraph(out, head(deadline, several_orgs=several), indent=3)
        for line in details(deadline):
            line.pad_left(3)
            paragraph(out, line, indent=3)
    if len(found) > SHOWN:
        out.print(f"{counted(len(found) - SHOWN, 'clock')} more: --json has all", markup=False)
    if found:
        out.print(f"\n{NOT_ADVICE}")
