"""What the control socket may ask of the daemon, as a table: each request with its name, who may make it, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Role = Literal["viewer", "auditor", "responder", "privacy", "approver", "admin", "service"]
"""Who somebody is to Leakline. `viewer` reads what has no personal data in it, `auditor` reads everything, `responder` settles
what has happened, `privacy` judges incidents, `admin` changes what runs; `approver` and `service` have no request of their own yet.
Whoever may speak to the socket may make every request so far: nothing looks at roles.
"""

ROLES: tuple[Role, ...] = ("viewer", "auditor", "responder", "privacy", "approver", "admin", "service")


@dataclass(frozen=True, slots=True)
class ControlCommand:
    """One kind of request."""

    name: str
    """What a request gives as its `command`."""
    role: Role
    """The least role that may make it."""
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
