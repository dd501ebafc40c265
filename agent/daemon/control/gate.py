"""The one gate before every request: who asks, whether the table of role and action lets them, and in whose name it is done."""

from __future__ import annotations

import inspect
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.daemon.control.command import ControlCommand
from agent.errors import LeaklineError
from agent.permissions.actions import allows, roles_for, sees_people
from agent.permissions.masking import masked
from agent.permissions.principal import Principal, named_principal, user_principal
from agent.permissions.settings import PermissionSettings

_CREDENTIALS = struct.Struct("3i")
"""`struct ucred`: pid, uid, gid (unix(7))."""

_PLAIN: Mapping[str, type | tuple[type, ...]] = {"str": str, "bool": bool, "int": int, "float": (int, float)}
"""What JSON can hold and a command says that it takes; other types a command looks at by itself."""

CALLER, BY = "caller", "by"
"""Arguments that no request can give: the gate fills them in. Of the first the value is the `Principal`, of the second its name."""


class Denied(LeaklineError):
    """Whoever asks may not do this."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end of a Unix socket, as it was when it connected: the kernel says so."""

    uid: int


def peer_of(connection: socket.socket) -> Peer:
    """Raises OSError."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(raw)
    return Peer(uid)


class Gate:
    """Safe for threads."""

    def __init__(
        self,
        permissions: Callable[[], PermissionSettings | None] = lambda: None,
        denied: Callable[[Principal, str], None] = lambda _principal, _action: None,
        approved: Callable[[], PermissionSettings | None] | None = None,
    ) -> None:
        """`permissions`: those in force; `denied`: notes who was not allowed what; `approved`: permissions that people have approved,
        where others are in force for a time.
        """
        self._permissions = permissions
        self._denied = denied
        self._approved = approved or permissions

    def principal(self, peer: Peer) -> Principal:
        """Who it is now."""
        return user_principal(peer.uid, self._permissions())

    def still_may(self, name: str, action: str) -> bool:
        """Whether the person with this login name would be allowed it now, by permissions that were approved; nothing is noted."""
        permissions = self._approved()
        return permissions is None or allows(action, named_principal(name, permissions).roles)

    def carried_out(self, command: ControlCommand, arguments: Mapping[str, Any], principal: Principal) -> Any:
        """What the command answers. Raises Denied, LeaklineError for arguments that it does not take, and what it raises."""
        self.require(command.name, principal)
        parameters = _parameters(command)
        given = dict(arguments)
        if CALLER in given:
            raise LeaklineError(f"{CALLER} is not an argument of a request", hint="who asks is known by the connection")
        if CALLER in parameters:
            given[CALLER] = principal
        if BY in parameters and (self._permissions() is not None or not given.get(BY)):
            given[BY] = principal.name  # in nobody else's name
        _require_arguments(command, given)
        answer = command.run(**given)
        return answer if sees_people(command.name, principal.roles) else masked(answer)

    def admits(self, action: str, principal: Principal) -> bool:
        """Whether it is allowed; noted where it is not."""
        try:
            self.require(action, principal)
        except Denied:
            return False
        return True

    def require(self, action: str, principal: Principal) -> None:
        """Raises Denied, and has it noted."""
        if self._permissions() is None or allows(action, principal.roles):
            return
        self._denied(principal, action)
        needed = " or ".join(roles_for(action)) or "(none)"
        raise Denied(
            f"{principal.name} may not do this: {action} needs the role {needed}, and {principal.name} has {principal.titles}",
            hint="`permissions.groups` of the settings says which groups have which role",
        )


def _require_arguments(command: ControlCommand, arguments: Mapping[str, Any]) -> None:
    """Raises LeaklineError for what the command does not take."""
    try:
        inspect.signature(command.run).bind(**arguments)
    except TypeError as error:
        raise LeaklineError(f"{command.name}: {error}") from error
    except ValueError:  # see `_parameters`
        return
    for name, parameter in _parameters(command).items():
        wanted = _PLAIN.get(str(parameter.annotation))
        if wanted is not None and name in arguments and not isinstance(arguments[name], wanted):
            found = type(arguments[name]).__name__
            raise LeaklineError(f"{command.name}: {name} is {parameter.annotation}, and this is {found}")


def _parameters(command: ControlCommand) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(command.run).parameters
    except ValueError:  # a function of the interpreter's own does not say what it takes
        return {}
