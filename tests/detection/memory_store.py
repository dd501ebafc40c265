"""What was committed, in memory, as the state has it."""

from __future__ import annotations

from collections.abc import Mapping

LARGEST = 1_000_000
"""Bytes of a value; the state takes less."""


class MemoryStore(dict[str, bytes]):
    """Keys to values; `get` is what a detector calls `recall`."""

    def apply(self, changes: Mapping[str, bytes | None]) -> None:
        """Store what a detection asks to remember; None deletes."""
        for key, value in changes.items():
            assert value is None or len(value) < LARGEST
            if value is None:
                self.pop(key, None)
            else:
                self[key] = value
