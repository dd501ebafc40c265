"""Which version a state directory is of, seen before anything is written to it.

`agent.store.keys.VERSION` is written into every new database, and into the file `identity` beside it. What has none is
from before versions: nobody kept what its values meant, so it is refused in words, and so is a newer one. Nothing of
such a state is changed, so that the Leakline that wrote it goes on with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from agent.errors import UnknownVersion
from agent.store import keys
from agent.store.directory import orphan_files, shard_folders, state_identity
from agent.store.directory.database import FILE, FOLDER
from agent.store.directory.integrity import connect
from agent.store.transaction import Value

_MOVE_ON = (
    "let the Leakline that wrote it deliver what waits (`leakline status` says 0 pending), then set `state.directory` to "
    "an empty folder: files that the org still has are read again from `start` on, with the same event ids"
)


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """What the keys of a database say of its version."""

    number: int | None = None
    in_shards: bool = False
    """Whether a shard has a key."""
    empty: bool = True
    """Whether there is no key at all."""

    @classmethod
    def of_values(cls, values: Mapping[str, Value]) -> StoredVersion:
        """Of what could be read of a database."""
        number = values.get(keys.SCHEMA.prefix)
        return cls(
            number if isinstance(number, int) else None, any(keys.shard_of(key) for key in values), empty=not values
        )

    @classmethod
    def of_database(cls, directory: Path) -> StoredVersion:
        """Of the database of a state directory; of one that is missing, empty or damaged what an empty one says.

        Raises OSError.
        """
        path = directory / FOLDER / FILE
        if not path.exists() or not path.stat().st_size:
            return cls()
        try:
            with closing(connect(path)) as database:
                number = database.execute("SELECT value FROM Cache WHERE key = ?", (keys.SCHEMA.prefix,)).fetchone()
                return cls(
                    number[0] if number and isinstance(number[0], int) else None,
                    any(_has_any(database, prefix) for prefix in (keys.ORGS, keys.OF_PROCESS)),
                    empty=not _has_any(database, ""),
                )
        except sqlite3.DatabaseError:  # what is wrong with it is for `integrity` to say
            return cls()


def require_known(directory: Path, stored: StoredVersion, version: int = keys.VERSION) -> None:
    """Raises UnknownVersion for a state from before versions, and for one of a newer version than `version`."""
    number = expected(directory, stored)
    if number is not None and number > version:
        raise UnknownVersion(
            f"the state in {directory} has version {number}, and this Leakline reads versions up to {version}",
            hint="install the Leakline that wrote it, or a newer one",
        )
    if number is None and _is_from_before(directory, stored):
        raise UnknownVersion(
            f"the state in {directory} was written by an old Leakline, before states had versions", hint=_MOVE_ON
        )


def is_lost(directory: Path, stored: StoredVersion) -> bool:
    """Whether the database holds something but not its version: damage, which a recovery can repair."""
    return stored.number is None and not stored.empty and not _is_from_before(directory, stored)


def expected(directory: Path, stored: StoredVersion) -> int | None:
    """The version as the database says it, else as the file beside it does; None where neither does."""
    if stored.number is not None:
        return stored.number
    beside = state_identity.read(directory)
    return beside.version if beside else None


def _is_from_before(directory: Path, stored: StoredVersion) -> bool:
    if stored.in_shards or any((directory / folder).is_dir() for folder in shard_folders.FOLDERS):
        return False
    return not stored.empty or any(
        name for folder in orphan_files.FOLDERS for name in orphan_files.batches(directory / folder)
    )


def _has_any(database: sqlite3.Connection, prefix: str) -> bool:
    query = "SELECT key FROM Cache WHERE key >= ? AND raw = 1 ORDER BY key LIMIT 1"
    found = database.execute(query, (prefix,)).fetchone()
    return found is not None and str(found[0]).startswith(prefix)
