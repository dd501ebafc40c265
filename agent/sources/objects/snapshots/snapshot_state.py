"""What is remembered of an object's snapshots beside its records."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import orjson

from agent.source import Recall
from agent.sources.objects.snapshots.record_bucket import RecordBucket

ROOT = "snapshot/"
"""Under which everything is remembered."""


@dataclass(frozen=True, slots=True)
class SnapshotState:
    """Times are milliseconds since 1970."""

    asked: int = 0
    """When it was last looked, with whatever result."""
    taken: int = 0
    """When the last whole look was; 0 before the first."""
    left_out: int = 0
    """Differences that did not become rows and are not reported yet."""
    failed: str = ""
    """Why the last look was none."""
    doubt: str = ""
    """Why records that are missing are not revoked."""
    permitted: bool | None = None
    """Whether the user had the permission that the object needs at the first look; None where the org did not say."""

    def encode(self) -> bytes:
        return orjson.dumps(asdict(self))


class SnapshotMemory:
    """Of one object. `recall`: what earlier batches asked to remember, this look's included."""

    def __init__(self, recall: Recall, name: str) -> None:
        self._recall = recall
        self._key = f"{ROOT}{name}/"

    @property
    def state(self) -> SnapshotState:
        stored = self._recall(f"{self._key}state")
        return SnapshotState(**orjson.loads(stored)) if stored else SnapshotState()

    def bucket(self, number: int) -> RecordBucket:
        return RecordBucket.recalled(self._recall, f"{self._key}{number:02x}")

    def state_changes(self, state: SnapshotState) -> dict[str, bytes | None]:
        """What a batch is to remember for it."""
        return {f"{self._key}state": state.encode()}

    def bucket_changes(self, number: int, bucket: RecordBucket, now: int) -> dict[str, bytes | None]:
        """See `RecordBucket.stored`."""
        return bucket.stored(self._recall, f"{self._key}{number:02x}", now)
