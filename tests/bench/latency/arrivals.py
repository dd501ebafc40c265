"""When alerts arrive: at the file that the file destination writes, and at a HEC server behind TLS."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from tests.destinations.hec_server import HecServer
from tests.destinations.http_server import ReceivedRequest, Reply

EVENT_IDS = ("leakline", "alert", "event_ids")
LOOKS_EVERY = 0.002
"""Seconds between two looks at the file."""


class TimedHec(HecServer):
    """Takes note of when an alert about an event came first, by `event.id` of the event."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived: dict[str, float] = {}

    def __call__(self, request: ReceivedRequest) -> Reply:
        now = time.time()
        before = len(self.events)
        reply = super().__call__(request)
        for event in self.events[before:]:
            for event_id in _evidence(event["event"]):
                self.arrived.setdefault(event_id, now)
        del self.events[:]
        return reply


class WatchedFile:
    """Follows `alerts*` in the folder of a file destination, in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.arrived: dict[str, float] = {}
        self._folder = folder
        self._read: dict[Path, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watched file", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(LOOKS_EVERY):
            for path in self._folder.glob("alerts*"):
                for line in self._new_lines(path):
                    for event_id in _evidence(orjson.loads(line)):
                        self.arrived.setdefault(event_id, time.time())

    def _new_lines(self, path: Path) -> Iterator[bytes]:
        """Whole ones; what is still being written waits."""
        begin = self._read.get(path, 0)
        if os.stat(path).st_size == begin:  # noqa: PTH116  # each 2 ms
            return
        with path.open("rb") as file:
            file.seek(begin)
            whole, _, _ = file.read().rpartition(b"\n")
        if whole:
            self._read[path] = begin + len(whole) + 1
            yield from whole.split(b"\n")


def _evidence(document: Any) -> list[str]:
    """The ids of the events that an alert is about; none for any other document."""
    for name in EVENT_IDS:
        document = document.get(name, {}) if isinstance(document, dict) else {}
    return document if isinstance(document, list) else []
