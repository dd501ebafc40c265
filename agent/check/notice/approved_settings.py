"""Whether the settings file is what the running daemon goes by: commands that read the file say so where it is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent.config.settings import StateSettings
from agent.daemon.control.client import ask
from agent.errors import LeaklineError
from agent.model import Finding

DRIFT = "settings-drift"
WITHIN = 5.0
"""Seconds for the daemon's answer."""


def examine_approved(state: StateSettings) -> Iterator[Finding]:
    """A warning for each way in which the file is not what counts; nothing where no daemon says so."""
    for problem in _differences(state):
        yield Finding(
            "approved settings", False, f"{problem['message']}; this check is of the file", problem["fix"], True
        )


def difference(state: StateSettings) -> str:
    """The same in one text; empty where there is none."""
    return "; ".join(problem["message"] for problem in _differences(state))


def _differences(state: StateSettings) -> list[Mapping[str, Any]]:
    try:
        document = ask(state.socket(), "status", timeout=WITHIN)
    except LeaklineError:  # whoever asks may not, or nothing answers: other findings are about that
        return []
    problems = document.get("problems", []) if isinstance(document, Mapping) else []
    return [problem for problem in problems if problem.get("kind") == DRIFT]
