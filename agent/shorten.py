"""Rows longer than a destination takes, made to fit: their longest texts lose their ends, and the row says so.

What is cut is a cell of the shaped frame, before a format escapes it, so that no character and no escape sequence is
ever torn. A text that was cut ends in `…`; `leakline.truncated` (`List(String)`) has the names of the fields, or `*`
where all but the few that the row still has were left out. Rows that fit never come here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import polars as pl

from agent.cell_length import LONGEST_ID, TRUNCATED, costs, cut, is_text
from agent.errors import SettingsError
from agent.model import Chunk, Destination
from agent.own_event import DATASET as OWN

REST = "*"

KEPT = (
    "@timestamp", "event.id", "event.kind", "event.action", "event.severity", "event.dataset", "event.provider",
    "event.outcome", "event.created", "event.start", "event.end", "organization.id", "observer.vendor",
    "observer.product", "rule.id", "rule.name", "user.id", "user.name", "source.ip", "leakline.rule.level",
    "leakline.alert.id", "leakline.alert.count", "leakline.alert.folded", "leakline.alert.revision",
    "leakline.measure.field", "leakline.measure.value", "leakline.measure.threshold", "leakline.problem.id",
    "leakline.problem.kind", "leakline.problem.subject", "leakline.problem.count",
)  # fmt: skip
"""Fields that stay whole as long as they are sane (`SANE`): who, what, when, how much, and by which rule."""

LEAST_FORM = (
    ("@timestamp",),
    ("event.id",),
    ("event.kind",),
    ("event.severity",),
    ("rule.id", "event.action"),
    ("rule.name",),
    ("user.id", "user.name", "source.ip"),
    ("leakline.alert.count", "leakline.problem.count"),
)
"""The shortest form of a row: of each line the first field that it has."""

ENVELOPE = (
    "@timestamp",
    "event.id",
    "event.created",
    "event.dataset",
    "event.kind",
    "event.severity",
    "organization.id",
)
"""What destinations write around a line, whatever the line has."""

SANE = 256
"""Bytes (as in `cell_length.cost`) up to which a field of `KEPT` is left alone while others can still be cut."""
SHORTEST = 32
"""Below this a text says nothing any more: then only the fields of `KEPT` go out."""
KEPT_LENGTHS = (SANE, 128, 64)
LEAST_LENGTHS = ((64, 64), (LONGEST_ID, LONGEST_ID), (LONGEST_ID, 24), (LONGEST_ID, 12))
"""Of the shortest form: for all its texts, and for the rule's name."""

_NAMED = 44
"""Bytes reserved for each name in `leakline.truncated`, and once for the list."""

Form = tuple[pl.DataFrame, pl.DataFrame]
"""What a line is made of, and what is written around it; row for row."""


def must_arrive(frame: pl.DataFrame) -> pl.Series:
    """Rows that are shortened whatever the settings say: alerts, and Leakline's own events. `Boolean`, no nulls."""
    arrives = pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
    if "event.kind" in frame.columns:
        arrives |= (frame["event.kind"] == "alert").fill_null(False)
    if "event.dataset" in frame.columns:
        arrives |= (frame["event.dataset"] == OWN).fill_null(False)
    return arrives


def fitted(chunk: Chunk, rows: Sequence[int], destination: Destination, limit: int) -> dict[int, str]:
    """Shorter lines for those of the chunk's `rows` that the destination may have shortened, each within `limit` bytes.

    A row that is to be a dead letter (`too_long`), or has no form that is short enough, is left out.
    """
    wanted = list(rows)
    if destination.too_long == "dead_letter":
        wanted = [row for row, arrives in zip(rows, must_arrive(chunk.frame[wanted]), strict=True) if arrives]
    if not wanted:
        return {}
    frame = chunk.frame[wanted]
    excess = [length - limit for length in chunk.lines[wanted].str.len_bytes().to_list()]
    found: dict[int, str] = {}
    left = list(range(len(wanted)))
    for form in _forms(_levels(frame, excess, limit)):
        document, envelope = form(frame[left], left)
        lines = destination.wrap(envelope, destination.format(document))
        fits = (lines.str.len_bytes() <= limit).to_list()
        found |= {wanted[row]: line for row, line, fit in zip(left, lines.to_list(), fits, strict=True) if fit}
        left = [row for row, fit in zip(left, fits, strict=True) if not fit]
        if not left:
            break
    return found


def look_for_room(destination: Destination) -> None:
    """Raises SettingsError where `max_row_bytes` has no room for an alert in its shortest form."""
    least = least_bytes(destination)
    if destination.max_row_bytes < least:
        raise SettingsError(
            f"destination {destination.name}: max_row_bytes is {destination.max_row_bytes}, and an alert in its shortest"
            f" form has {least} bytes here",
            hint=f"write max_row_bytes: {least} or more; a shorter `hostname` or fewer `fields` leave more room",
        )


def least_bytes(destination: Destination) -> int:
    """How long the longest shortest form of an alert is: within this, every alert fits."""
    row: dict[str, object] = {
        "@timestamp": datetime(2026, 12, 31, 23, 59, 59, 999000, UTC),
        "event.id": "f" * 32,
        "event.kind": "pipeline_error",
        "event.dataset": OWN,
        "event.severity": 100,
        "organization.id": "0" * 18,
        "rule.id": "x" * LONGEST_ID,
        "rule.name": "x" * LEAST_LENGTHS[-1][1],
        "user.id": "x" * LONGEST_ID,
        "leakline.alert.count": 10**9,
    }
    frame = pl.DataFrame([row], schema_overrides={"@timestamp": pl.Datetime("ms", "UTC")})
    document, envelope = _least_form(frame, *LEAST_LENGTHS[-1])
    return int(destination.wrap(envelope, destination.format(document)).str.len_bytes()[0])


def _forms(levels: Sequence[int]) -> Iterator[Callable[[pl.DataFrame, Sequence[int]], Form]]:
    """Ever shorter forms of rows; each is called with rows and their places among `levels`. At most about 30."""

    def of_level(halvings: int) -> Callable[[pl.DataFrame, Sequence[int]], Form]:
        def form(rows: pl.DataFrame, places: Sequence[int]) -> Form:
            level = [max(SHORTEST, levels[place] >> halvings) for place in places]
            document = cut(rows, lambda name, row: max(SANE, level[row]) if name in KEPT else level[row])
            return document, document

        return form

    for halvings in range(max(1, (max(levels) // SHORTEST).bit_length())):
        yield of_level(halvings)
    for length in KEPT_LENGTHS:
        yield lambda rows, _, length=length: _kept_form(rows, length)  # type: ignore[misc]
    for length, name in LEAST_LENGTHS:
        yield lambda rows, _, length=length, name=name: _least_form(rows, length, name)  # type: ignore[misc]


def _levels(frame: pl.DataFrame, excess: Sequence[int], limit: int) -> list[int]:
    """For each row the length to which its longest texts are to be cut so that it loses `excess` bytes."""
    texts = [costs(column) for column in frame.iter_columns() if is_text(column)]
    rows = zip(*texts, strict=True) if texts else iter([()] * frame.height)
    return [min(limit, _level(cells, over)) for cells, over in zip(rows, excess, strict=True)]


def _level(cells: Sequence[int], excess: int) -> int:
    """The level to which the longest cells sink together; 0 where that is not enough."""
    longest = sorted(cells, reverse=True)
    total = 0
    for count, cost in enumerate(longest, 1):
        total += cost
        # What is over and what the names of the cut ones take is taken from the `count` longest in equal shares.
        level = (total - excess - _NAMED * (count + 1)) // count
        if level >= (longest[count] if count < len(longest) else 0):
            return level
    return 0


def _kept_form(rows: pl.DataFrame, length: int) -> Form:
    document = cut(rows.select(name for name in KEPT if name in rows.columns), lambda _name, _row: length, [REST])
    return document, document


def _least_form(rows: pl.DataFrame, length: int, name_length: int) -> Form:
    chosen = []
    for line in LEAST_FORM:
        present = [name for name in line if name in rows.columns]
        for place, name in enumerate(present):
            others = [pl.col(other).is_null() for other in present[:place]]
            chosen.append(pl.when(pl.all_horizontal(others)).then(pl.col(name)).alias(name) if others else pl.col(name))
    document = cut(rows.select(chosen), lambda name, _: name_length if name == "rule.name" else length)
    named = document.with_columns(pl.lit([REST], dtype=pl.List(pl.String)).alias(TRUNCATED))
    around = rows.select(name for name in ENVELOPE if name in rows.columns)
    return named, cut(around, lambda _name, _row: LONGEST_ID)
