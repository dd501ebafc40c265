"""What a receiver notes of each message, by its own clock: a line of JSON in a file, which another process reads."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson


@dataclass(frozen=True, slots=True)
class Received:
    """One message, as often as it came."""

    at: float
    """Seconds since 1970, by the receiver's clock."""
    channel: str
    id: str
    """`Message-ID` without its host, or `webhook-id`."""
    kind: str
    summary: str
    raw: str
    """All that came, headers too, decoded."""
    due: str = ""
    """As the message says it; empty where it does not."""
    incident: str = ""
    tier: int = 0
    link: str = ""
    address: str = ""
    """For whom it was, where the channel has addresses."""


class ReceivedLog:
    """A file of them. What was read is kept: the file grows for hours."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._read: list[Received] = []
        self._offset = 0

    def append(self, received: Received) -> None:
        """In one write, so that lines of several threads are whole."""
        with self._path.open("ab", buffering=0) as file:
            file.write(orjson.dumps(asdict(received)) + b"\n")

    def read(self) -> list[Received]:
        """All so far."""
        with self._lock:
            if self._path.exists():
                with self._path.open("rb") as file:
                    file.seek(self._offset)
                    whole, newline, _ = file.read().rpartition(b"\n")
                self._offset += len(whole) + len(newline)
                self._read += [Received(**orjson.loads(line)) for line in whole.splitlines()]
            return list(self._read)
