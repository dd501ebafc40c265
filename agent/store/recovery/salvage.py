"""Reading what can be read of a damaged database, row by row."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from agent.store.directory.database import FILE
from agent.store.directory.integrity import connect
from agent.store.transaction import Value

_RAW = 1
"""diskcache's mode of a value that is neither a pickle nor in a file of its own."""

MOST_PROBED = 2_000_000
"""Row numbers to try one by one between the last readable one from below and the first from above."""

_BY_KEY = "SELECT rowid FROM Cache INDEXED BY Cache_key_raw ORDER BY key {}"
_BY_ROW = "SELECT rowid FROM Cache NOT INDEXED ORDER BY rowid {}"


@dataclass(frozen=True, slots=True)
class SalvageResult:
    """What a damaged database gave."""

    values: dict[str, Value]
    lost: int | None
    """Values that could not be read; None where nobody knows how many there were."""


def salvage(folder: Path) -> SalvageResult:
    """All readable values of the database in `folder`, which stays as it is. Raises OSError."""
    values: dict[str, Value] = {}
    try:
        with closing(connect(folder / FILE)) as database:
            database.execute("PRAGMA writable_schema = ON")  # else a file that was cut short is not read at all
            for row in _rows(database):
                found = _value(database, row)
                if found is not None:
                    values[found[0]] = found[1]
            expected = _expected(database)
    except sqlite3.DatabaseError:  # not even its first page
        return SalvageResult(values, None)
    return SalvageResult(values, None if expected is None else max(0, expected - len(values)))


def _rows(database: sqlite3.Connection) -> list[int]:
    """Row numbers from the index and the table, each read from both ends up to where it is damaged."""
    seen: set[int] = set()
    for query in (_BY_KEY.format("ASC"), _BY_KEY.format("DESC")):
        seen.update(_until_damage(database, query))
    from_below = list(_until_damage(database, _BY_ROW.format("ASC")))
    from_above = list(_until_damage(database, _BY_ROW.format("DESC")))
    seen.update(from_below, from_above)
    if seen:
        first = from_below[-1] if from_below else 1
        last = from_above[-1] if from_above else max(seen)
        seen.update(range(first, min(last, first + MOST_PROBED) + 1))
    return sorted(seen)


def _until_damage(database: sqlite3.Connection, query: str) -> Iterator[int]:
    try:
        for (row,) in database.execute(query):
            yield row
    except sqlite3.DatabaseError:
        return


def _value(database: sqlite3.Connection, row: int) -> tuple[str, Value] | None:
    query = "SELECT key, value FROM Cache WHERE rowid = ? AND raw = 1 AND mode = ?"
    try:
        found = database.execute(query, (row, _RAW)).fetchone()
    except sqlite3.DatabaseError:  # a damaged page, a disk that does not read it, or a text that is not UTF-8
        return None
    if found and isinstance(found[0], str) and isinstance(found[1], bytes | str | int):
        return found[0], found[1]
    return None


def _expected(database: sqlite3.Connection) -> int | None:
    """How many values there were, as the database counts them itself."""
    try:
        found = database.execute("SELECT value FROM Settings WHERE key = 'count'").fetchone()
    except sqlite3.DatabaseError:
        return None
    return found[0] if found and isinstance(found[0], int) else None
