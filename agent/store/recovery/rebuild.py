"""A database in place of a damaged one, with what could be read of it. The damaged one is kept beside it.

It may be killed anywhere: the new database is whole before it gets the old one's name, and until the caller has put
the rest in order it holds the key `keys.REBUILT`.
"""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson

from agent.store import keys
from agent.store.directory import file_permissions, integrity
from agent.store.directory.batch_folder import sync_directory
from agent.store.directory.database import FILE, FOLDER, open_database
from agent.store.directory.directory_lock import DirectoryLock
from agent.store.directory.state_version import StoredVersion, require_known
from agent.store.recovery.salvage import salvage
from agent.store.transaction import Value

_HALF = "database.new"


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What became of a damaged database."""

    reason: str
    """What SQLite said of it."""
    kept: int
    """Values that could be read."""
    lost: int | None
    """Values that could not; None where nobody knows."""
    broken: str
    """The folder where it lies now."""

    def encode(self) -> bytes:
        return orjson.dumps(asdict(self))

    @classmethod
    def decode(cls, data: bytes) -> RebuildReport:
        return cls(**orjson.loads(data))


def rebuild(directory: Path, now: datetime) -> None:
    """Replace the database of a state directory if it is damaged; nothing to do otherwise.

    Raises StateError when another process holds the directory, UnknownVersion when the state is not one of ours, OSError.
    """
    hold = DirectoryLock(directory)
    try:
        examined = integrity.examine(directory, integrity.ON_REQUEST)
        if examined.condition == "missing" and _is_whole(directory / _HALF):
            (directory / _HALF).rename(directory / FOLDER)  # killed between the two renames below
        elif examined.condition == "damaged":
            salvaged = salvage(directory / FOLDER)
            require_known(directory, StoredVersion.of_values(salvaged.values))
            broken = _free_name(directory, now)
            report = RebuildReport(examined.findings[0], len(salvaged.values), salvaged.lost, broken.name)
            _write(directory / _HALF, salvaged.values, report)
            (directory / FOLDER).rename(broken)
            (directory / _HALF).rename(directory / FOLDER)
        sync_directory(directory)
    finally:
        hold.release()


def _write(folder: Path, values: dict[str, Value], report: RebuildReport) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    file_permissions.make_folder(folder)
    with closing(open_database(folder)) as database, database.transaction():
        for key, value in values.items():
            database.set(key, value)
        database.set(keys.REBUILT.prefix, report.encode())
    sync_directory(folder)


def _is_whole(folder: Path) -> bool:
    if not (folder / FILE).exists():
        return False
    with closing(integrity.connect(folder / FILE)) as database:
        return bool(integrity.values_of(database, lambda key: key == keys.REBUILT.prefix))


def _free_name(directory: Path, now: datetime) -> Path:
    stem = directory / f"database.broken-{now:%Y%m%dT%H%M%SZ}"
    path, count = stem, 1
    while os.path.lexists(path):
        count += 1
        path = stem.with_name(f"{stem.name}-{count}")
    return path
