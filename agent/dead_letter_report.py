"""`leakline dead-letters`: what is kept and why."""

from __future__ import annotations

import base64
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import polars as pl
from rich.console import Console
from rich.table import Table

from agent import batch_file
from agent.config import Settings
from agent.dead_letter import DeadLetters
from agent.errors import LeaklineError
from agent.state import State
from agent.terminal import words


@contextmanager
def _opened(settings: Settings) -> Iterator[DeadLetters]:
    state = State(settings.state.directory)
    try:
        yield DeadLetters(state)
    finally:
        state.close()


def show_list(settings: Settings, console: Console, *, as_json: bool) -> int:
    """A line for each file of dead letters; exit status 1 if there are any."""
    with _opened(settings) as letters:
        rows = [{"number": number, **_summary(frame)} for number, frame in letters.read()]
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(rows) + b"\n")
    elif not rows:
        console.print("No dead letters.")
    else:
        table = Table("number", "time", "where", "rows", "most frequent reason")
        for row in rows:
            table.add_row(str(row["number"]), row["time"], row["where"], f"{row['rows']:,}", words(row["reason"]))
        console.print(table)
        console.print("`leakline dead-letters show NUMBER` prints one as JSON lines.")
    return 1 if rows else 0


def show(settings: Settings, number: int) -> int:
    """Every row of one file. Raises LeaklineError when there is no such file."""
    with _opened(settings) as letters:
        for found, frame in letters.read():
            if found == number:
                for row in frame.iter_rows(named=True):
                    sys.stdout.buffer.write(orjson.dumps(_readable(row)) + b"\n")
                return 0
    raise LeaklineError(
        f"there is no file of dead letters with number {number}", hint="see `leakline dead-letters list`"
    )


def _summary(frame: pl.DataFrame) -> dict[str, Any]:
    ((reason, _),) = Counter(frame["reason"].to_list()).most_common(1)
    destination = frame["destination"][0]
    where = f"refused by {destination}" if destination else f"reading {frame['source'][0]}"
    return {
        "time": frame["time"][0].isoformat(),
        "where": where,
        "rows": frame.height,
        "reason": str(reason).splitlines()[-1],
    }


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    """`raw` as the refused event, or the malformed record's text."""
    raw = row.pop("raw") or b""
    if row["destination"]:
        (event,) = batch_file.decode(raw).to_dicts()
        return row | {"event": {name: value for name, value in event.items() if value is not None}}
    try:
        return row | {"raw": raw.decode()}
    except UnicodeDecodeError:
        return row | {"raw_base64": base64.b64encode(raw).decode()}
