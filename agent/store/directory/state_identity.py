"""Which state this is, and how often a daemon was started on it: kept in the database and in a small file beside it.

So a database that is put back alone, or made anew, is noticed. A restored copy of the whole directory has both: that
is for the destinations to notice (agent/store/restore_detector.py).
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from agent.store import keys
from agent.wording.number import counted

FILE = "identity"


@dataclass(frozen=True, slots=True)
class StateIdentity:
    """`generation` counts the starts of a daemon."""

    id: str
    """Eight hexadecimal characters."""
    generation: int = 0
    version: int | None = keys.VERSION
    """Of the state's layout, for a database that lost its own; None in a file from before versions."""

    def doubt(self, beside: StateIdentity | None) -> str:
        """Why the database, which says this, cannot be the one that was here last; empty where it can."""
        if beside is None:
            return ""
        if beside.id != self.id:
            return f"the database (state {self.id}) is not the one that was here before (state {beside.id})"
        if beside.generation > self.generation:
            starts = beside.generation - self.generation
            return f"the database is an older copy: it lacks the last {counted(starts, 'start')} of the daemon"
        return ""


def new_id() -> str:
    return secrets.token_hex(4)


def read(directory: Path) -> StateIdentity | None:
    """What the file says; None where there is none or it cannot be understood."""
    try:
        number, generation, *version = (directory / FILE).read_text().split()
        return StateIdentity(number, int(generation), int(version[0]) if version else None)
    except (OSError, ValueError):
        return None


def write(directory: Path, identity: StateIdentity) -> None:
    """Durably; after the database says the same, so that a kill in between leaves the older file. Raises OSError."""
    temporary = directory / f"{FILE}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, f"{identity.id} {identity.generation} {identity.version}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.rename(directory / FILE)
