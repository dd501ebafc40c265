"""A single value of a state directory, read from outside, whether a daemon has it open or not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from agent.store.directory.database import FILE, FOLDER
from agent.store.directory.integrity import connect


def stored_value(directory: Path, key: str) -> bytes | None:
    """`key`: with its shard's prefix. None where there is none or it cannot be read, which whoever looks at the state itself tells."""
    path = directory / FOLDER / FILE
    try:
        if not path.exists():
            return None
        with closing(connect(path)) as database:
            row = database.execute("SELECT value FROM Cache WHERE key = ? AND raw = 1", (key,)).fetchone()
    except (OSError, sqlite3.Error):
        return None
    return row[0] if row is not None and isinstance(row[0], bytes) else None
