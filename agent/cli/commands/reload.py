"""`leakline reload`: the running daemon reads orgs, rules, mappings and lists anew, and says what became of them."""

from __future__ import annotations

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config, load
from agent.cli.output.console import out, print_json
from agent.errors import LeaklineError
from agent.exit_status import FINE, FOUND

PATIENCE = 600.0
"""Seconds until the answer: thousands of changed rules take a minute on a small machine."""


def reload(config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Load orgs, rules, mappings and lists again in the running daemon; other settings need a restart, and are named."""
    from agent.cli.output.reload import show
    from agent.daemon.control.client import ask

    socket = load(config).state.socket()
    answer = ask(socket, "reload", timeout=PATIENCE)
    if answer is None:
        raise LeaklineError(f"no daemon is running at {socket}", hint="start it: it reads all files when it starts")
    if as_json:
        print_json(answer)
    else:
        show(answer, out)
    is_well = not answer["not_loaded"] and not answer["restart_for"]
    is_well = is_well and not any(org["message"] for org in answer["orgs"])
    raise typer.Exit(FINE if is_well else FOUND)
