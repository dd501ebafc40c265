"""What the control socket may ask of the daemon, as a table: each request with its name and what it does.

Who may make it says `agent.permissions.actions`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ControlCommand:
    """One kind of request."""

    name: str
    """What a request gives as its `command`."""
    run: Callable[..., Any]
    """Called from any thread, with the request's other members as arguments by name; returns what JSON can hold. A
    LeaklineError is told to whoever asked. Its docstring says what it does.
    """
    changes: bool
    """Whether anything is different afterwards."""


def table_of(commands: Iterable[ControlCommand]) -> Mapping[str, ControlCommand]:
    """By name. Raises ValueError for a name that two have."""
    table: dict[str, ControlCommand] = {}
    for command in commands:
        if command.name in table:
            raise ValueError(f"two control commands are called {command.name!r}")
        table[command.name] = command
    return table
