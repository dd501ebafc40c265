"""What the queues of all destinations share."""

from __future__ import annotations

from dataclasses import dataclass

from agent.dead_letter import DeadLetters
from agent.spool import Spool
from agent.state import State
from agent.store.aside import Aside
from agent.store.problems import Problems
from agent.store.repairs import Repairs


@dataclass(frozen=True, slots=True)
class Stores:
    """All of them lie in one state directory."""

    state: State
    spool: Spool
    aside: Aside
    dead_letters: DeadLetters
    repairs: Repairs
    problems: Problems
