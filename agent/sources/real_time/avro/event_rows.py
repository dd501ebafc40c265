"""Streamed events to a raw frame: columnar as soon as they are decoded."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import polars as pl

from agent.model import Rejection
from agent.sources.event_identity import EventNaming
from agent.sources.real_time.avro.avro_schema import AvroSchema, UnreadableEvent

MOST_KEPT = 1 << 20
"""Bytes of an event that are kept with its rejection."""

UUID = "EventUuid"


@dataclass(frozen=True, slots=True)
class StreamedEvent:
    """One event as it arrived."""

    replay_id: bytes
    uuid: str
    payload: bytes
    schema: AvroSchema | str
    """A text where there is none: why."""

    @property
    def size(self) -> int:
        """Bytes, roughly."""
        return len(self.payload) + 100


@dataclass(frozen=True, slots=True)
class EventRows:
    """What became of consecutive events of one channel."""

    frame: pl.DataFrame
    """Raw: all `String`, with `event.id`."""
    rejections: Sequence[Rejection]
    newest: int | None
    """The latest time among them, in milliseconds since 1970; None where none has a time."""


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Makes rows of the events of one channel."""

    org: str
    source: str
    """The service (`Batch.source`)."""
    channel: str
    event: str
    """The event's one name."""
    naming: EventNaming

    def rows(self, events: Sequence[StreamedEvent], since: int | None) -> EventRows:
        """`since`: older events (milliseconds since 1970) are not taken: they are from before the start."""
        frames: list[pl.DataFrame] = []
        rejections: list[Rejection] = []
        times: list[int] = []
        for _, run in groupby(events, key=lambda event: id(event.schema)):
            decoded = [
                (event, values)
                for event, values in self._decoded(run, rejections)
                if since is None or (_time(values) or since) >= since
            ]
            times += [time for _, values in decoded if (time := _time(values)) is not None]
            if decoded:
                frames.append(self._frame(decoded))
        frame = pl.concat(frames, how="diagonal") if frames else pl.DataFrame(schema={"event.id": pl.String})
        return EventRows(frame, rejections, max(times, default=None))

    def _decoded(
        self, events: Iterator[StreamedEvent], rejections: list[Rejection]
    ) -> Iterator[tuple[StreamedEvent, dict[str, Any]]]:
        for event in events:
            try:
                if isinstance(event.schema, str):
                    raise UnreadableEvent(event.schema)
                yield event, event.schema.values(event.payload)
            except UnreadableEvent as error:
                rejections.append(self._rejection(event, str(error)))

    def _rejection(self, event: StreamedEvent, reason: str) -> Rejection:
        place = f"{self.channel} {base64.b64encode(event.replay_id).decode()}"
        return Rejection(self.org, self.source, self.channel, place, 0, reason, event.payload[:MOST_KEPT])

    def _frame(self, decoded: Sequence[tuple[StreamedEvent, dict[str, Any]]]) -> pl.DataFrame:
        """Of events of one schema."""
        schema = decoded[0][0].schema
        columns = schema.columns([values for _, values in decoded]) if isinstance(schema, AvroSchema) else {}
        if UUID not in columns:
            columns[UUID] = [event.uuid or None for event, _ in decoded]
        columns.pop("event.id", None)
        frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
        return frame.with_columns(self.naming(frame, self.org, self.event).alias("event.id"))


def _time(values: dict[str, Any]) -> int | None:
    """When it was published, else when it happened, in milliseconds since 1970; None where it does not say."""
    for name in ("CreatedDate", "EventDate"):
        value = values.get(name)
        if isinstance(value, int):
            return value
    return None
