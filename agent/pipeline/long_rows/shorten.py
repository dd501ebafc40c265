"""Rows longer than a destination takes, made to fit: their longest texts lose their ends, and the row says so.

What is cut is a cell of the shaped frame, before a format escapes it, so that no character and no escape sequence is
ever torn. A text that was cut ends in `…`; `leakline.truncated` (`List(String)`) has the names of the fields, the
names of groups of fields that were left out (`drop_order.GROUPS`), or `*` where all but the few that the row still has
were. What goes in which order is in `drop_order`. Rows that fit never come here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import polars as pl

from agent.columns.text.cell_length import LONGEST_ID, TRUNCATED, cut
from agent.columns.timestamp import TIME
from agent.errors import SettingsError
from agent.model import Chunk, Destination
from agent.own_event import DATASET, INCIDENTS
from agent.pipeline.long_rows.drop_order import ENVELOPE, GROUPS, KEPT, LEAST_FORM, REST
from agent.pipeline.long_rows.shorter_forms import SANE, Form, Trials

KEPT_LENGTHS = (SANE, 128, 64)
LEAST_LENGTHS = ((64, 64), (LONGEST_ID, LONGEST_ID), (LONGEST_ID, 24), (LONGEST_ID, 12))
"""Of the shortest form: for all its texts, and for the rule's name."""


def must_arrive(frame: pl.DataFrame) -> pl.Series:
    """Rows that are shortened whatever the settings say: alerts, and Leakline's own events. `Boolean`, no nulls."""
    arrives = pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
    if "event.kind" in frame.columns:
        arrives |= (frame["event.kind"] == "alert").fill_null(False)
    if "event.dataset" in frame.columns:
        arrives |= frame["event.dataset"].is_in((DATASET, INCIDENTS)).fill_null(False)
    return arrives


def fitted(chunk: Chunk, rows: Sequence[int], destination: Destination, limit: int) -> dict[int, str]:
    """Shorter lines for those of the chunk's `rows` that the destination may have shortened, each within `limit` bytes.

    A row that is to be a dead letter (`too_long`), or has no form that is short enough, is left out.
    """
    wanted = list(rows)
    if destination.limits.too_long == "dead_letter":
        arrive = [arrives for _, frame in chunk.rows.rows(wanted).numbered() for arrives in must_arrive(frame)]
        wanted = [row for row, arrives in zip(rows, arrive, strict=True) if arrives]
    if not wanted:
        return {}
    shorter: dict[int, str] = {}
    for first, frame in chunk.rows.rows(wanted).numbered():
        own = wanted[first : first + frame.height]
        found = _found(Trials(frame, chunk.lines[own], destination, limit))
        shorter |= {own[row]: line for row, line in found.items()}
    return shorter


def _found(trials: Trials) -> dict[int, str]:
    """All forms tried, from the longest to the shortest: row to line."""
    for stage in range(len(GROUPS) + 1):
        trials.without(list(GROUPS)[:stage], last=stage == len(GROUPS))
    for length in KEPT_LENGTHS:
        trials.form(trials.left, partial(_kept_form, length=length))
    for length, name in LEAST_LENGTHS:
        trials.form(trials.left, partial(_least_form, length=length, name_length=name))
    return trials.found


def look_for_room(destination: Destination) -> None:
    """Raises SettingsError where `max_row_bytes` has no room for an alert in its shortest form."""
    least = least_bytes(destination)
    if destination.limits.max_row_bytes < least:
        raise SettingsError(
            f"destination {destination.name}: max_row_bytes is {destination.limits.max_row_bytes}, and an alert in its shortest"
            f" form has {least} bytes here",
            hint=f"write max_row_bytes: {least} or more; a shorter `hostname` or fewer `fields` leave more room",
        )


def least_bytes(destination: Destination) -> int:
    """How long the longest shortest form of an alert is: within this, every alert fits."""
    row: dict[str, object] = {
        "@timestamp": datetime(2026, 12, 31, 23, 59, 59, 999000, UTC),
        "event.id": "f" * 32,
        "event.kind": "pipeline_error",
        "event.dataset": DATASET,
        "event.severity": 100,
        "organization.id": "0" * 18,
        "rule.id": "x" * LONGEST_ID,
        "rule.name": "x" * LEAST_LENGTHS[-1][1],
        "user.id": "x" * LONGEST_ID,
        "leakline.alert.count": 10**9,
    }
    frame = pl.DataFrame([row], schema_overrides={"@timestamp": TIME})
    document, envelope = _least_form(frame, *LEAST_LENGTHS[-1])
    return int(destination.wrap(envelope, destination.format(document)).str.len_bytes()[0])


def _kept_form(rows: pl.DataFrame, length: int) -> Form:
    """Of shaped rows the fields of `KEPT` alone, each text within `length` bytes; the envelope is the same."""
    document = cut(rows.select(name for name in KEPT if name in rows.columns), lambda _name, _row: length, [REST])
    return document, document


def _least_form(rows: pl.DataFrame, length: int, name_length: int) -> Form:
    """Of shaped rows the first field that each has of every line of `LEAST_FORM`, with the fields of `ENVELOPE` around it.

    In bytes: `length` of all texts but the rule's name, which has `name_length`.
    """
    chosen = []
    for line in LEAST_FORM:
        present = [name for name in line if name in rows.columns]
        for place, name in enumerate(present):
            # A column for each name of the line; in a row it is null unless all names before it are.
            earlier_are_null = [pl.col(earlier).is_null() for earlier in present[:place]]
            chosen.append(
                pl.when(pl.all_horizontal(earlier_are_null)).then(pl.col(name)).alias(name)
                if earlier_are_null
                else pl.col(name)
            )
    document = cut(rows.select(chosen), lambda name, _: name_length if name == "rule.name" else length)
    named = document.with_columns(pl.lit([REST], dtype=pl.List(pl.String)).alias(TRUNCATED))
    around = rows.select(name for name in ENVELOPE if name in rows.columns)
    return named, cut(around, lambda _name, _row: LONGEST_ID)
