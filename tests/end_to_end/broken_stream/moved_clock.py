"""A clock that a test moves for an agent in another process: what is added to the real time stands in a file."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

_SECONDS = struct.Struct("d")


class MovedClock:
    """`path`: the file, which whoever moves the clock has made."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self) -> datetime:
        (ahead,) = _SECONDS.unpack(self.path.read_bytes())
        return datetime.now(UTC) + timedelta(seconds=ahead)

    def move_to(self, ahead: timedelta) -> None:
        """So far ahead of the real time."""
        whole = self.path.with_suffix(".new")
        whole.write_bytes(_SECONDS.pack(ahead.total_seconds()))
        whole.replace(self.path)
