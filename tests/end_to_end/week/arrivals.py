"""What has arrived at a file destination, read on from where the last look ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tests.end_to_end.broken_stream.stream_judge import Document

LOG_FILE, EVENT_LOG = "event_log_file", "event_log_object"


@dataclass(frozen=True, slots=True)
class ArrivedEvent:
    """What a judge wants to know of an event that the org told."""

    service: str
    provider: str
    time: str
    record: str
    """The record's Id; empty where it has none."""
    difference: str
    """Of a snapshot's row; else empty."""


@dataclass
class Arrivals:
    """Of one folder. Lines may be written while it is read."""

    folder: Path
    events: dict[str, ArrivedEvent] = field(default_factory=dict)
    """By `event.id`, without alerts and own events."""
    taken_twice: set[str] = field(default_factory=set)
    """`event.id`s with lines that differ in more than the time of sending."""
    sent_again: int = 0
    own: list[Document] = field(default_factory=list)
    """Own events of the agent."""
    _read: dict[Path, int] = field(default_factory=lambda: defaultdict(int))
    _contents: dict[str, int] = field(default_factory=dict)

    def look(self) -> None:
        """Take in what was written since the last look."""
        for path in sorted(self.folder.glob("*.ndjson")):
            with path.open("rb") as file:
                file.seek(self._read[path])
                text = file.read()
            whole = text.rfind(b"\n") + 1
            self._read[path] += whole
            for document in _documents(text[:whole]):
                self._take(document)

    def raw_lines(self, service: str) -> Iterator[bytes]:
        """Of each event of a service the line that arrived first."""
        seen: set[str] = set()
        for path in sorted(self.folder.glob("events*.ndjson")):
            for line in path.read_bytes().splitlines():
                ident = _ident(line)
                if ident not in seen and ident in self.events and self.events[ident].service == service:
                    seen.add(ident)
                    yield line

    def _take(self, document: Document) -> None:
        event = document["event"]
        if event["kind"] == "alert" or event.get("dataset") == "leakline.alert":
            return
        service = document.get("leakline", {}).get("service")
        if service is None:
            self.own.append(document)
            return
        ident, content = event["id"], _digest(document)
        if ident in self.events:
            self.sent_again += content == self._contents[ident]
            if content != self._contents[ident]:
                self.taken_twice.add(ident)
            return
        self._contents[ident] = content
        vendor: Mapping[str, Any] = document.get("salesforce", {})
        self.events[ident] = ArrivedEvent(
            service,
            event["provider"],
            document["@timestamp"],
            str(vendor.get("id", "")),
            str(vendor.get("difference", "")),
        )


def _documents(text: bytes) -> Iterator[Document]:
    for line in text.splitlines():
        try:
            yield orjson.loads(line)
        except ValueError:  # what was being written when the agent was killed is written again
            continue


def _ident(line: bytes) -> str:
    try:
        return str(orjson.loads(line)["event"]["id"])
    except ValueError:
        return ""


def _digest(document: Document) -> int:
    """Of all but the time at which it was sent."""
    event = {name: value for name, value in document["event"].items() if name != "ingested"}
    return hash(orjson.dumps(document | {"event": event}))
