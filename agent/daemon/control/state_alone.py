"""The stores of all shards, for commands that find no daemon; who may do what counts there too."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime

from agent.config.approved_settings import permissions_in_force, settings_in_force
from agent.config.settings import Settings
from agent.daemon.control.denials import Denials
from agent.daemon.control.gate import Gate, Peer
from agent.permissions.principal import Principal
from agent.store.directory.state_directory import StateDirectory
from agent.store.keys import PROCESS, RESPONSE
from agent.store.queue.shards import open_shards
from agent.store.queue.status import Shards
from agent.store.state import StateRecall


@contextmanager
def opened_shards(settings: Settings, now: Callable[[], datetime]) -> Iterator[Shards]:
    """Open while inside: those that something is stored of, whether the settings still name the org or not. Raises
    StateError, when a daemon holds the state for instance, and StateDamaged.
    """
    with closing(StateDirectory(settings.state.directory)) as state:
        yield open_shards(state, (), now)


def in_force_alone(settings: Settings, shards: Shards) -> Settings:
    """`settings`: the file's. Raises SettingsError."""
    return settings_in_force(settings, _recall(shards))


def gate_alone(settings: Settings, shards: Shards, now: Callable[[], datetime]) -> tuple[Gate, Principal]:
    """The gate before what is done to the state itself, and who stands before it: only root and the service's own user can open the
    state directory. `settings`: the file's, whose permissions count until others are approved. Raises SettingsError.
    """
    recall = _recall(shards)
    permissions = permissions_in_force(recall) or settings.permissions
    denials = Denials(shards[PROCESS].problems.announce, now)  # told and recorded by the next start
    gate = Gate(lambda: permissions, denials.note)
    return gate, gate.principal(Peer(os.geteuid()))


def require_alone(settings: Settings, shards: Shards, action: str, now: Callable[[], datetime]) -> None:
    """Raises Denied, SettingsError."""
    gate, principal = gate_alone(settings, shards, now)
    gate.require(action, principal)


def _recall(shards: Shards) -> StateRecall:
    return StateRecall(shards[PROCESS].state, RESPONSE.prefix)
