"""What the system and SQLite say when the state cannot be read or written, in Leakline's own errors."""

from __future__ import annotations

import errno
import sqlite3

from agent.errors import DiskFull, StateDamaged, StateError

_CORRUPT, _NOT_A_DATABASE = 11, 26
"""SQLite's primary result codes for a damaged file."""

WAY_OUT = "stop the daemon; `leakline state inspect` shows what is there, `leakline state recover` recovers it"


def is_disk_full(error: BaseException) -> bool:
    """Whether an OSError or SQLite error says that there is no room."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    return isinstance(error, sqlite3.Error) and "full" in str(error)


def is_damaged(error: BaseException) -> bool:
    """Whether SQLite says that the file itself is damaged."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, sqlite3.DatabaseError) and code in (_CORRUPT, _NOT_A_DATABASE)


def state_error(error: BaseException, message: str) -> StateError:
    """DiskFull, StateDamaged or StateError with `message`, as `error` says."""
    if is_disk_full(error):
        return DiskFull(message, hint="free some space; reading then continues")
    if is_damaged(error):
        return StateDamaged(message, hint=WAY_OUT)
    return StateError(message, hint="write a directory on a local disk that the service's user can write to")
