"""What is reported of a trail that is not what it was: each difference once a start."""

from __future__ import annotations

import structlog

from agent.errors import DiskFull
from agent.name import OWN
from agent.store.problems import Problems

log = structlog.get_logger()

DAMAGED = "trail-damaged"
"""The kind of problem."""


class TrailDamage:
    """Who has acknowledged a difference need not do so every minute."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._told: set[tuple[str, str]] = set()

    def report(self, chain: str, message: str) -> None:
        """`chain`: the shard's name."""
        if (chain, message) in self._told:
            return
        whose = f"of {chain}" if chain else "of Leakline itself"
        try:
            self._problems.report(DAMAGED, chain or OWN, f"the trail {whose} was changed or cut: {message}")
        except DiskFull:
            log.error("the trail was changed or cut", chain=chain or OWN, reason=message)
            return
        self._told.add((chain, message))
