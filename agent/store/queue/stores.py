"""What the queues of all destinations share."""

from __future__ import annotations

from dataclasses import dataclass

from agent.store.dead_letters import DeadLetters
from agent.store.problems import Problems
from agent.store.queue.aside import Aside
from agent.store.queue.repairs import Repairs
from agent.store.spool import Spool
from agent.store.state import State


@dataclass(frozen=True, slots=True)
class Stores:
    """All of them lie in one state directory."""

    state: State
    spool: Spool
    aside: Aside
    dead_letters: DeadLetters
    repairs: Repairs
    problems: Problems
