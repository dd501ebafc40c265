"""Records of an object as a raw frame: every cell a text, written as the same happening is where it is streamed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from agent.sources.real_time.avro.cell_text import cell

_UTC = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,3})?\d*(?:Z|[+-]00:?00)")


def raw_frame(records: Sequence[Mapping[str, Any]], fields: Mapping[str, str]) -> pl.DataFrame:
    """One `String` column for each of `fields` (name to type as a describe has it), in their order; empty cells are null.

    Date-times are written in UTC as `2026-11-26T10:00:00.000Z`, everything else as `cell` writes it.
    """
    return pl.DataFrame(
        [
            pl.Series(name, [_cell(record.get(name), kind) for record in records], dtype=pl.String)
            for name, kind in fields.items()
        ]
    )


def _cell(value: Any, kind: str) -> str | None:
    return _time(value) if kind == "datetime" and isinstance(value, str) and value else cell(value)


def _time(text: str) -> str:
    found = _UTC.fullmatch(text)
    return f"{found[1]}{(found[2] or '.0'):0<4}Z" if found else text
