"""What the control socket may ask about the trail; a command that finds no daemon makes the same requests of the state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from agent.daemon.control.command import ControlCommand
from agent.store import keys
from agent.store.state import State
from agent.trail.checkpointer import newest_checkpoint, signing_keys
from agent.trail.erasure import erase
from agent.trail.shard_trail import ShardTrail
from agent.trail.signing_key import origin_of

ABOUT, LINES, CHECKPOINT, ERASE = REQUESTS = ("trail_about", "trail_lines", "trail_checkpoint", "trail_erase")

PAGE_BYTES = 8 << 20
PAGE_LINES = 20_000
"""What one answer holds at most."""


class TrailRequests:
    """Each may be called from any thread."""

    def __init__(
        self,
        states: Callable[[], Mapping[str, State]],
        now: Callable[[], datetime],
        take: Callable[[], object] | None = None,
    ) -> None:
        """`states`: by the shard's name, as they are now; `take`: takes a checkpoint; None where no daemon runs."""
        self._states = states
        self._now = now
        self._take = take

    def commands(self) -> list[ControlCommand]:
        return [
            ControlCommand(ABOUT, self.about, changes=False),
            ControlCommand(LINES, self.lines, changes=False),
            ControlCommand(CHECKPOINT, self.checkpoint, changes=True),
            ControlCommand(ERASE, self.erase, changes=True),
        ]

    def about(self) -> dict[str, Any]:
        """Whose trail it is, which keys signed, the newest checkpoint, and how long each chain is."""
        states = self._states()
        process = states[keys.PROCESS]
        return {
            "origin": origin_of(process.id),
            "keys": signing_keys(process),
            "checkpoint": newest_checkpoint(process),
            "chains": {name: ShardTrail(state).head().size for name, state in states.items()},
        }

    def lines(self, chain: str, first: int) -> list[str]:
        """Records of a chain from number `first` on, as many as an answer holds; none at the end."""
        state = self._states().get(str(chain))
        if state is None:
            return []
        found, size = list[str](), 0
        for line in islice(ShardTrail(state).lines(int(first)), PAGE_LINES):
            size += len(line)
            if found and size > PAGE_BYTES:
                break
            found.append(line.decode("utf-8", "surrogateescape"))
        return found

    def checkpoint(self) -> dict[str, Any]:
        """Take a checkpoint now, where a daemon runs; what `about` says then."""
        if self._take is not None:
            self._take()
        return self.about()

    def erase(self, subject: str, by: str, reason: str) -> dict[str, int]:
        """Erase what is personal beside the records of the object `subject`; of how many, by chain. A checkpoint covers at once that it
        was done, where a daemon runs.
        """
        erased = {
            chain: erase(state, str(subject), str(by), str(reason), self._now)
            for chain, state in self._states().items()
        }
        if any(erased.values()) and self._take is not None:
            self._take()
        return {chain: count for chain, count in erased.items() if count}
