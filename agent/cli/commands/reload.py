"""`leakline reload`: the running daemon reads rules, mappings and lists anew, and says what did not load."""

from __future__ import annotations

import typer

from agent.cli.commands.options import DEFAULT_PATH, AsJson, Config, load
from agent.cli.output.console import out, print_json
from agent.errors import LeaklineError
from agent.exit_status import FINE, FOUND
from agent.terminal import words
from agent.wording.number import counted

PATIENCE = 600.0
"""Seconds until the answer: thousands of changed rules take a minute on a small machine."""


def reload(config: Config = DEFAULT_PATH, as_json: AsJson = False) -> None:
    """Load rules, mappings and lists again in the running daemon. The settings file is read only when the daemon starts."""
    from agent.daemon.control.client import ask

    socket = load(config).state.socket()
    answer = ask(socket, "reload", timeout=PATIENCE)
    if answer is None:
        raise LeaklineError(f"no daemon is running at {socket}", hint="start it: it reads all files when it starts")
    left = answer["not_loaded"]
    if as_json:
        print_json(answer)
    else:
        for message in left:
            out.print(words(message, "red"), soft_wrap=True)
        out.print(
            f"{counted(answer['rules'], 'rule')}; {counted(len(left), 'file') + ' did not load' if left else 'everything loaded'}"
        )
    raise typer.Exit(FOUND if left else FINE)
