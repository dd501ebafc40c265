"""SQLite's own look at the state's database, read-only and within a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from agent.store.directory.database import FILE, FOLDER
from agent.store.directory.failures import is_damaged
from agent.store.transaction import Value

Condition = Literal["well", "missing", "empty", "damaged"]

AT_START, ON_REQUEST = 5.0, 60.0
"""Seconds for a look at every start, and for one that somebody asked for."""


@dataclass(frozen=True, slots=True)
class IntegrityReport:
    """What was seen of the database."""

    condition: Condition
    """`empty`: it holds nothing of Leakline's, not even which state it is of."""
    findings: tuple[str, ...] = ()
    """What SQLite says is wrong, at most ten lines."""
    whole: bool = True
    """False when time was up before all of it was looked at."""


def examine(directory: Path, seconds: float = AT_START, *, thorough: bool = False) -> IntegrityReport:
    """Look at the database of a state directory. `thorough`: indexes are compared with their tables too.

    Raises OSError and sqlite3.OperationalError when it cannot be read at all.
    """
    path = directory / FOLDER / FILE
    if not path.exists():
        return IntegrityReport("missing")
    if path.stat().st_size == 0:
        return IntegrityReport("empty")
    try:
        with closing(connect(path)) as database:
            findings, whole = _check(database, seconds, thorough=thorough)
            if findings:
                return IntegrityReport("damaged", findings, whole)
            return IntegrityReport("well" if _holds_anything(database) else "empty", (), whole)
    except sqlite3.DatabaseError as error:
        if not is_damaged(error):
            raise
        return IntegrityReport("damaged", (str(error),))


def connect(path: Path) -> sqlite3.Connection:
    """A connection that cannot write."""
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, check_same_thread=False)


def values_of(database: sqlite3.Connection, wanted: Callable[[str], bool]) -> dict[str, Value]:
    """The keys that are wanted, with their values. Raises sqlite3.DatabaseError."""
    keys = [key for (key,) in database.execute("SELECT key FROM Cache WHERE raw = 1 ORDER BY key") if wanted(key)]
    query = "SELECT value FROM Cache WHERE key = ? AND raw = 1"
    return {key: value for key in keys for (value,) in database.execute(query, (key,))}


def _check(database: sqlite3.Connection, seconds: float, *, thorough: bool) -> tuple[tuple[str, ...], bool]:
    # SQLite looks at a whole tree in one step, where a progress handler is not called; an interruption is heard.
    timer = threading.Timer(seconds, database.interrupt)
    timer.start()
    try:
        rows = database.execute("PRAGMA integrity_check(10)" if thorough else "PRAGMA quick_check(10)").fetchall()
    except sqlite3.OperationalError as error:
        if "interrupted" in str(error):
            return (), False
        raise
    finally:
        timer.cancel()
        timer.join()
    lines = [line for (text,) in rows for line in str(text).splitlines()]
    return tuple(line for line in lines if line != "ok" and not line.startswith("***"))[:10], True


def _holds_anything(database: sqlite3.Connection) -> bool:
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'Cache'").fetchone()
    return bool(tables) and database.execute("SELECT 1 FROM Cache LIMIT 1").fetchone() is not None
