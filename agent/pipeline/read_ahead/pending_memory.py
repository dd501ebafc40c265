"""What a source remembers, as its batches see it that are read before those ahead of them are committed."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

from agent.source import Recall


class PendingMemory:
    """A `Recall` of what is stored, and over it what batches ask to remember that are handed out and not committed yet.

    Safe for threads: the source reads on in one, and batches are committed in another.
    """

    def __init__(self, stored: Recall) -> None:
        self._stored = stored
        self._pending: list[Mapping[str, bytes | None]] = []
        """What each batch asks to remember, in their order; as many as are read ahead."""
        self._lock = threading.Lock()

    def __call__(self, key: str) -> bytes | None:
        # What is pending first: a batch leaves it only once the state has what it asked for.
        for remember in reversed(self._all()):
            if key in remember:
                return remember[key]
        return self._stored(key)

    def keys(self, prefix: str) -> Iterator[str]:
        """See `Recall`."""
        pending = self._all()
        found = set(self._stored.keys(prefix))
        for remember in pending:
            changed = {key: value for key, value in remember.items() if key.startswith(prefix)}
            found |= changed.keys()
            found -= {key for key, value in changed.items() if value is None}
        return iter(sorted(found))

    def add(self, remember: Mapping[str, bytes | None]) -> None:
        """The next batch is handed out."""
        with self._lock:
            self._pending.append(remember)

    def settle(self, batches: int) -> None:
        """So many are committed, the oldest."""
        with self._lock:
            del self._pending[:batches]

    def clear(self) -> None:
        """What is handed out will not be committed."""
        with self._lock:
            self._pending.clear()

    def _all(self) -> list[Mapping[str, bytes | None]]:
        with self._lock:
            return list(self._pending)
