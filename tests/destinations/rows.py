"""Shaped rows with text that has broken other pipelines, a plain JSON format, and chunks of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import orjson
import polars as pl

from agent.columns.frame_parts import FrameParts
from agent.model import Chunk, Destination
from agent.pipeline.chunk import cut

HOSTILE = (
    "line one\nline two\r\nline three",
    'quote " backslash \\ brace } bracket ]',
    "\x00\x01\x1f\x7f\x1b[31m",
    "CEF:0|A|B|1|fake|fake|10|act=x",
    "<34>1 2003-10-11T22:14:15.003Z host app - - - 'su root' failed",
    "17 <13>1 - - - - - -",
    '{"create":{"_index":"other","_id":"1"}}',
    '"}{"event":"injected","index":"main"}',
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u2028 \u00a0 é 漢字 👩‍💻",
    "../../etc/passwd ${jndi:ldap://x} <script>",
    "x" * 3000,
    "",
)
START = datetime(2026, 1, 2, 3, 4, 5, 123000, UTC)


def sending_time() -> datetime:
    """The time at which everything is sent."""
    return START + timedelta(hours=6)


class Clock:
    """A `now` that stands still until a test moves it."""

    def __init__(self, time: datetime) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time


def event_id(number: int) -> str:
    return hashlib.blake2b(str(number).encode(), digest_size=16).hexdigest()


def rows(count: int, *, first: int = 0, dataset: str = "salesforce.event_log_file") -> pl.DataFrame:
    numbers = range(first, first + count)
    return pl.DataFrame(
        {
            "@timestamp": [START + timedelta(milliseconds=number) for number in numbers],
            "event.id": [event_id(number) for number in numbers],
            "event.dataset": [dataset] * count,
            "event.kind": ["event"] * count,
            "event.provider": ["ReportExport"] * count,
            "organization.id": ["00D000000000001EAA"] * count,
            "message": [HOSTILE[number % len(HOSTILE)] for number in numbers],
        },
        schema_overrides={"@timestamp": pl.Datetime("ms", "UTC")},
    )


def as_json(frame: pl.DataFrame) -> pl.Series:
    """A format as good as any: the id and the message, one JSON object a line."""
    lines = [
        orjson.dumps({"id": i, "message": m}).decode() for i, m in zip(frame["event.id"], frame["message"], strict=True)
    ]
    return pl.Series(lines, dtype=pl.String)


def lines_by_id(frame: pl.DataFrame) -> dict[str, str]:
    return dict(zip(frame["event.id"], as_json(frame), strict=True))


def chunks(destination: Destination, frame: pl.DataFrame) -> Iterator[Chunk]:
    wrapped = destination.wrap(frame, destination.format(frame))
    return cut(
        wrapped, FrameParts.of(frame), max_bytes=destination.limits.max_bytes, max_rows=destination.limits.max_rows
    )


def one_chunk(destination: Destination, frame: pl.DataFrame, lines: Sequence[str] | None = None) -> Chunk:
    encoded = destination.format(frame) if lines is None else pl.Series(lines, dtype=pl.String)
    return Chunk(destination.wrap(frame, encoded), frame["event.id"], FrameParts.of(frame))


def never_over(pauses: list[float]) -> Callable[[float], bool]:
    """A `wait` that takes note of each pause (s), and at which it is never time to go."""

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        return False

    return wait
