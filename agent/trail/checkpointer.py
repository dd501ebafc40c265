"""Taking checkpoints: the heads of all chains are noted in the process's, and its head is signed and sent on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
import polars as pl

from agent.model import Batch
from agent.own_event import own_event
from agent.signing.signed_note import NoteSigner
from agent.store import keys
from agent.store.state import State
from agent.trail.checkpoint import Checkpoint, signed
from agent.trail.head import TrailHead
from agent.trail.record import TrailEntry
from agent.trail.shard_trail import ShardTrail
from agent.trail.verify import HEADS, PROCESS

ACTION = "trail-checkpoint"
"""`event.action` of the event that carries a checkpoint to every destination."""

NOTED, NEWEST, KEYS = "noted", "checkpoint", "keys"
"""Keys: how long each chain was when it was noted last; the newest checkpoint; all keys that ever signed."""


@dataclass(frozen=True, slots=True)
class TakenCheckpoint:
    """A checkpoint with its signature and time."""

    checkpoint: Checkpoint
    note: str
    time: datetime

    def encode(self) -> bytes:
        return orjson.dumps({"time": self.time.isoformat(), "size": self.checkpoint.size, "note": self.note})

    def event(self) -> Batch:
        """The event that carries it to every destination.

        Its fields are put in as they are, for there is no secret in them: one that is short may be a number there by chance,
        and a note without that number would look like a forged one.
        """
        checkpoint = self.checkpoint
        fields = {
            "leakline.trail.origin": pl.lit(checkpoint.origin),
            "leakline.trail.size": pl.lit(checkpoint.size, dtype=pl.Int64),
            "leakline.trail.root": pl.lit(checkpoint.root.hex()),
            "leakline.trail.note": pl.lit(self.note),
        }
        message = f"the trail has {checkpoint.size:,} records of the process; head {checkpoint.short}"
        event = own_event("", ACTION, message, self.time)
        return replace(event, frame=event.frame.with_columns(**fields))


def newest_checkpoint(process: State) -> dict[str, Any] | None:
    """As `TakenCheckpoint.encode` has it; None before the first."""
    found = process.data(keys.TRAIL.key(NEWEST))
    return orjson.loads(found) if found else None


def signing_keys(process: State) -> list[str]:
    """Public keys that ever signed a checkpoint of this trail, the newest last."""
    found: list[str] = orjson.loads(process.data(keys.TRAIL.key(KEYS)) or b"[]")
    return found


class Checkpointer:
    """For one thread. `chains`: by the shard's name, the process's among them, as they are now."""

    def __init__(
        self,
        process: State,
        chains: Callable[[], Mapping[str, ShardTrail]],
        signer: NoteSigner,
        now: Callable[[], datetime],
        head: TrailHead | None = None,
    ) -> None:
        """`head`: what alerts carry of the newest checkpoint."""
        self._process = process
        self._chains = chains
        self._signer = signer
        self._now = now
        self._head = head or TrailHead()

    def take(self) -> TakenCheckpoint:
        """Take a checkpoint of everything that is committed. Raises StateError, ValueError."""
        now, chains = self._now(), self._chains()
        with self._process.transact() as transaction:
            self._note_key(transaction.set)
            noted = orjson.loads(self._process.data(keys.TRAIL.key(NOTED)) or b"{}")
            heads = {name: trail.head() for name, trail in chains.items() if name != PROCESS}
            changed = {name: head for name, head in heads.items() if head.size != noted.get(name, 0)}
            data = {name: [head.size, head.root.hex()] for name, head in changed.items()}
            chains[PROCESS].append(transaction, [TrailEntry(HEADS, data=data)], now)
            head = chains[PROCESS].head()
            checkpoint = Checkpoint(self._signer.name, head.size, head.root)
            taken = TakenCheckpoint(checkpoint, signed(checkpoint, self._signer), now)
            transaction.set(keys.TRAIL.key(NEWEST), taken.encode())
            if changed:
                sizes = noted | {name: head.size for name, head in changed.items()}
                transaction.set(keys.TRAIL.key(NOTED), orjson.dumps(sizes))
        self._head.set(checkpoint)
        return taken

    def _note_key(self, put: Callable[[str, bytes], None]) -> None:
        """Whoever verifies later must know every key that ever signed."""
        known = signing_keys(self._process)
        if str(self._signer.verifier) not in known:
            put(keys.TRAIL.key(KEYS), orjson.dumps([*known, str(self._signer.verifier)]))
