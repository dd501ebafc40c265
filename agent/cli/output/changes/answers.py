"""What the commands about changes ask the daemon, and how they show the answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import typer
import yaml

from agent.cli.output.changes.page import show_list, show_page, summary
from agent.cli.output.console import out, print_json
from agent.config.governed import governed_document
from agent.config.settings import Settings, parse
from agent.config.settings_file import read_document
from agent.daemon.control.client import ask
from agent.errors import LeaklineError
from agent.terminal import paragraph, words

SHORT = 12
"""Characters of a digest as they are shown: enough to bind a vote."""


def listed(settings: Settings, *, everything: bool, as_json: bool) -> None:
    """`leakline changes list`."""
    found = _asked(settings, "changes_list", everything=everything)
    if as_json:
        print_json(found)
    else:
        show_list(found, out, everything=everything)


def shown(settings: Settings, number: str, *, as_json: bool, as_yaml: bool) -> None:
    """`leakline changes show`."""
    found = _asked(settings, "changes_show", number=number)
    if as_yaml:
        sys.stdout.write(yaml.safe_dump(found["settings"], sort_keys=False, allow_unicode=True))
    elif as_json:
        print_json(found)
    else:
        show_page(found, out)


def proposed(
    settings: Settings, path: Path, request: str, reason: str, ticket: str, lasts: str, *, as_json: bool
) -> None:
    """The governed settings of the file at `path`."""
    # A copy of the file has no folder of orgs beside it, and none is governed.
    document = governed_document(parse(read_document(path), str(path), has_folder=True))
    found = _asked(settings, request, settings=document, reason=reason, ticket=ticket, lasts=lasts)
    if as_json:
        print_json(found)
    else:
        show_page(found, out)


def voted(settings: Settings, request: str, number: str, outcome: str, reason: str, *, as_json: bool) -> None:
    """Shows what is voted on, and asks, where no digest says that it was read."""
    if not outcome:
        found = _asked(settings, "changes_show", number=number)
        show_page(found, out)
        verb = "Approve" if request == "changes_approve" else "Reject"
        if not typer.confirm(f"{verb} these settings?", default=False):
            raise LeaklineError(
                "no vote was given", hint=f"read it again, or give --outcome {found['outcome'][:SHORT]}"
            )
        outcome = found["outcome"]
    changed(settings, request, as_json=as_json, number=number, outcome=outcome, reason=reason)


def changed(settings: Settings, request: str, *, as_json: bool, **arguments: Any) -> None:
    """Any request about one change."""
    found = _asked(settings, request, **arguments)
    if as_json:
        print_json(found)
    else:
        paragraph(out, words(summary(found)), indent=2)


def _asked(settings: Settings, request: str, /, **arguments: Any) -> Any:
    socket = settings.state.socket()
    answer = ask(socket, request, **arguments)
    if answer is None:
        hint = "start it; without a daemon there are no votes: edit the settings file, and see `status` after the start"
        raise LeaklineError(f"no daemon is running at {socket}", hint=hint)
    return answer
