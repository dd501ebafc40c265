"""Files of one event a line: `events.ndjson` and `alerts.ndjson` (or `.cef`) in a folder, rotated and compressed.

What an acknowledgement means here: the lines are on the disk (fsync).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import ConfigDict, Field

from agent.columns.small import SMALL
from agent.columns.string_buffer import body
from agent.delivery_settings import limits_of
from agent.destinations.cef_settings import UNCHANGED, CefDeliverySettings
from agent.destinations.file.held_checkpoint import newest_note
from agent.destinations.file.line_file import LineFile, Rotation
from agent.destinations.sent_time import stamped_body
from agent.duration import PositiveDuration
from agent.model import LANES, Chunk, Finding, Format, Lane, Outcome, TooLong
from agent.name import Name

SUFFIX = {"ecs": "ndjson", "cef": "cef"}
OWN_DATASETS = "leakline."
"""Datasets of alerts, incidents, checkpoints and heartbeats: what travels in the lane of alerts."""

SCARCE = 100 * 2**20
"""Bytes free below which `check` warns."""


class FileSettings(CefDeliverySettings):
    """Files in a folder on this machine."""

    model_config = ConfigDict(
        json_schema_extra={"anyOf": [UNCHANGED, {"required": ["format"], "properties": {"format": {"const": "cef"}}}]}
    )

    type: Literal["file"]
    """Files on this machine."""
    name: Name = "file"
    """Unique among the destinations."""
    directory: Path
    """The folder in which `events.ndjson` and `alerts.ndjson` are written. It is made if it does not exist."""
    format: Literal["ecs", "cef"] = "ecs"
    """ECS documents in JSON (`.ndjson`) or CEF lines (`.cef`)."""
    lanes: list[Lane] = Field(default=list(LANES), min_length=1)
    """What to write: `alerts`, `events` or both; each has a file of its own."""
    rotate_bytes: int = Field(default=256_000_000, ge=1_000)
    """A file that has reached this size is set aside under a name with the time."""
    rotate_every: PositiveDuration | None = None
    """Also set a file aside at each multiple of this time since 1970, such as 1h or 1d."""
    compress: bool = False
    """Compress files that were set aside (gzip)."""
    keep: int | None = Field(default=None, ge=1)
    """How many of the files that were set aside are kept, of events and of alerts each; by default all."""
    max_bytes: int = Field(default=4_000_000, ge=1_000)
    """How many bytes are written at a time, with one fsync."""
    max_rows: int = Field(default=50_000, ge=1)
    """How many lines are written at a time."""
    max_row_bytes: int = Field(default=64_000_000, ge=1_000)
    """A longer line is shortened, or kept as a dead letter: see `too_long`."""
    too_long: TooLong = "shorten"
    """What becomes of an event longer than `max_row_bytes`: `shorten` cuts its longest texts and names them in
    `leakline.truncated`; `dead_letter` keeps it here. Alerts are always shortened."""


class File:
    """A destination (see `agent.model.Destination`). `now` dates files that are set aside, and documents."""

    def __init__(self, settings: FileSettings, encode: Format, *, now: Callable[[], datetime]) -> None:
        self.name = settings.name
        self.format = encode
        self.lanes: Sequence[Lane] = settings.lanes
        self.limits = limits_of(settings)
        self._directory = settings.directory
        self.marker = settings.directory / f".leakline-{settings.name.replace('/', '_')}.position"
        """Where the loop notes how far this destination is (agent/store/restore_detector.py)."""
        self._suffix = SUFFIX[settings.format]
        self._has_documents = settings.format == "ecs"
        self._now = now
        every = settings.rotate_every or timedelta(0)
        rotation = Rotation(settings.rotate_bytes, every.total_seconds(), settings.compress, settings.keep)
        self._files = {lane: LineFile(self._path(lane), rotation, now) for lane in settings.lanes}

    def prepare(self) -> None:
        """Nothing: there is no secret to be read."""

    def wrap(self, frame: pl.DataFrame, lines: pl.Series) -> pl.Series:  # noqa: ARG002 - as others need it
        """A line feed after each line."""
        return lines + "\n"

    def send(self, chunk: Chunk) -> Outcome:
        for lane, lines in self._by_lane(chunk):
            content = stamped_body(lines, self._now()) if self._has_documents else body(lines)
            self._files[lane].append(content)
        return Outcome()

    def close(self) -> None:
        for file in self._files.values():
            file.close()

    def probe(self) -> Iterator[Finding]:
        """Looks at the folder's rights and room; writes nothing."""
        subject = f"destination {self.name}"
        place = next(path for path in (self._directory, *self._directory.absolute().parents) if path.exists())
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            yield Finding(subject, False, f"{place} cannot be written to", "give the service's user the right to write")
            return
        yield Finding(subject, True, f"{self._directory} can be written to")
        free = shutil.disk_usage(place).free
        if free < SCARCE:
            yield Finding(subject, False, f"only {free // 2**20} MB are free there", "make room", warning=True)

    def how_to_find(self, event_id: str) -> str:
        return f"zgrep -h {event_id} {self._directory}/*.{self._suffix}*"

    def newest_checkpoint(self, origin: str, within: float) -> str | None:
        """See `agent.trail.held_elsewhere`."""
        file = self._files.get("alerts")
        return newest_note(file.newest_first(), origin, within) if file is not None else None

    def _path(self, lane: Lane) -> Path:
        return self._directory / f"{lane}.{self._suffix}"

    def _by_lane(self, chunk: Chunk) -> Iterator[tuple[Lane, pl.Series]]:
        """The chunk's lines, by the file they belong to; a chunk comes from one lane, so one of the two is empty."""
        if len(self._files) == 1:
            yield self.lanes[0], chunk.lines
            return
        own = _are_own(chunk.rows.column("event.dataset"))
        if len(own) and (
            own.all() or not own.any()
        ):  # as is the rule: of few lines, picking them costs more than writing them
            yield "alerts" if own.all() else "events", chunk.lines
            return
        for lane, lines in (("alerts", chunk.lines.filter(own)), ("events", chunk.lines.filter(~own))):
            if len(lines):
                yield lane, lines  # type: ignore[misc]


def _are_own(datasets: pl.Series) -> pl.Series:
    """`Boolean`, without nulls: which rows (`String`) travel in the lane of alerts."""
    if len(datasets) > SMALL:
        return datasets.str.starts_with(OWN_DATASETS).fill_null(False)
    own = [text is not None and text.startswith(OWN_DATASETS) for text in datasets.to_list()]
    return pl.Series(own, dtype=pl.Boolean)
