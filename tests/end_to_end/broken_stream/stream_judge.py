"""Compares what arrived at a file destination with what the simulated org says of its real-time events."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from agent.normalize.vendor_identity import identify_named
from agent.simulator.event_stream.stream_truth import read_stream_truth
from agent.sources.real_time.catalogue import SERVICE

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EventGap:
    """What the agent says is missing of an event: times in milliseconds since 1970."""

    event: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class StreamVerdict:
    """Events are named as `(event, time, event.id)`."""

    expected: int
    missing_in_gaps: list[tuple[str, int, str]]
    """Within a gap that was told."""
    lost: list[tuple[str, int, str]]
    """Outside of all of them."""
    doubled: list[str]
    """`event.id`s that were taken more than once: their lines differ in more than the time of sending."""
    sent_again: int
    """Lines that a destination was sent a second time, because the agent was killed before it noted the acknowledgement."""
    unknown: list[str]
    """`event.id`s of real-time events that the org does not know."""
    gaps: list[EventGap]


def documents(folder: Path) -> Iterator[Document]:
    """The documents of a file destination, those of half lines left out."""
    for path in sorted(folder.glob("*.ndjson")):
        for line in path.read_bytes().splitlines():
            try:
                yield orjson.loads(line)
            except ValueError:  # what was being written when the agent was killed is written again
                continue


def judge(org: str, truth: Path, arrived: Iterable[Document]) -> StreamVerdict:
    """`org`: the organisation's id; `truth`: the org's `stream_truth.ndjson`."""
    expected = expected_events(org, truth)
    lines: dict[str, set[bytes]] = defaultdict(set)
    gaps: list[EventGap] = []
    again = 0
    for document in arrived:
        gaps += gaps_of(document)
        if not is_real_time(document):
            continue
        ident, content = document["event"]["id"], _content(document)
        again += content in lines[ident]
        lines[ident].add(content)
    missing = [(event, time, ident) for ident, (event, time) in expected.items() if ident not in lines]
    inside = [(event, time, ident) for event, time, ident in missing if _is_told(event, time, gaps)]
    return StreamVerdict(
        expected=len(expected),
        missing_in_gaps=inside,
        lost=sorted(set(missing) - set(inside)),
        doubled=[ident for ident, contents in lines.items() if len(contents) > 1],
        sent_again=again,
        unknown=[ident for ident in lines if ident not in expected],
        gaps=gaps,
    )


def expected_events(org: str, truth: Path) -> dict[str, tuple[str, int]]:
    """By `event.id` each event that could be read, with its name and time."""
    known = read_stream_truth(truth).unique("identifier")
    found: dict[str, tuple[str, int]] = {}
    for (event,), part in known.group_by("event"):
        times = part["time"].str.to_datetime(time_unit="ms", time_zone="UTC").dt.epoch("ms")
        ids = identify_named(part["identifier"].cast(pl.String), org, str(event))
        found |= {ident: (str(event), time) for ident, time in zip(ids.to_list(), times.to_list(), strict=True)}
    return found


def is_real_time(document: Document) -> bool:
    return bool(document.get("leakline", {}).get("service") == SERVICE and document["event"]["kind"] != "alert")


def gaps_of(document: Document) -> Iterator[EventGap]:
    """What this document says is missing for good; of several events the bounds of each are in its words alone, in seconds."""
    if document.get("event", {}).get("action") != "event-gap":
        return
    told = document["salesforce"]["real_time_event"]
    if "," not in told["name"]:
        yield EventGap(told["name"], _milliseconds(told["gap_start"]), _milliseconds(told["gap_end"]))
        return
    each = re.findall(r"(\w+) from (\S+ \S+) to (\S+ \S+) UTC", document["message"])
    assert [event for event, _, _ in each] == told["name"].split(", ")
    for event, begin, end in each:
        yield EventGap(event, _milliseconds(f"{begin}+00:00"), _milliseconds(f"{end}+00:00") + 999)


def _content(document: Document) -> bytes:
    """All but the time at which it was sent."""
    event = {name: value for name, value in document["event"].items() if name != "ingested"}
    return orjson.dumps(document | {"event": event})


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)


def _is_told(event: str, time: int, gaps: Iterable[EventGap]) -> bool:
    return any(gap.event == event and gap.begin <= time <= gap.end for gap in gaps)
