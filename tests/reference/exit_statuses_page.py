"""docs/reference/exit_statuses.md: what each command ends with, from `agent.cli.exit_statuses`."""

from __future__ import annotations

from agent.cli.exit_statuses import BY_COMMAND, EVERYWHERE
from tests.reference.table import table, written_by


def page() -> str:
    rows = [
        (f"`leakline {command}`" if number == 0 else "", status, meaning)
        for command, statuses in BY_COMMAND.items()
        for number, (status, meaning) in enumerate(sorted(statuses.items()))
    ]
    return "\n".join(
        [
            "# Exit statuses\n",
            written_by("the code"),
            "For scripts and service managers. 0 is always well, 1 always means that something was found.\n",
            "## Any command\n",
            table(("status", "meaning"), EVERYWHERE.items()),
            "## By command\n",
            table(("command", "status", "meaning"), rows),
        ]
    )
