"""`leakline state inspect`: what is in a state directory, and what `recover` would do. Changes nothing, needs no lock."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.errors import StateError
from agent.model import LANES
from agent.store import keys
from agent.store.batch_file import BatchFile
from agent.store.directory import integrity, orphan_files, state_identity, state_version
from agent.store.directory.database import FILE, FOLDER
from agent.store.directory.integrity import IntegrityReport
from agent.store.directory.shard_folders import shard_folder, shard_folders
from agent.store.directory.state_version import StoredVersion
from agent.store.recovery.orphan_batch import OrphanBatch, look
from agent.store.recovery.salvage import salvage
from agent.store.transaction import Value
from agent.wording.number import counted

_FILE = re.compile(rb'"([^"/]*/)?([^"/]+\.arrow)')


@dataclass(frozen=True, slots=True)
class _DatabaseContent:
    examined: IntegrityReport
    values: Mapping[str, Value]
    """Those that say which state it is and which batch files it names, by their whole keys."""
    version: StoredVersion
    lost: int | None

    def of_shard(self, shard: str) -> dict[str, Value]:
        """Those of one shard, by what follows its name."""
        prefix = keys.shard_prefix(shard)
        return {key.removeprefix(prefix): value for key, value in self.values.items() if key.startswith(prefix)}


def _shards(directory: Path, database: _DatabaseContent) -> list[str]:
    """Those that have keys or a folder, the process's first."""
    with_keys = {shard[0] for key in database.values if (shard := keys.shard_of(key))}
    return sorted(with_keys | set(shard_folders(directory)) | {keys.PROCESS})


def inspect(directory: Path) -> dict[str, Any]:
    """A JSON-able document. Raises StateError where there is no state directory, or it cannot be read; UnknownVersion for
    a state that this Leakline does not know.
    """
    if not directory.is_dir():
        raise StateError(f"{directory} is not a directory", hint="`state.directory` in the settings names it")
    try:
        database = _read(directory)
        state_version.require_known(directory, database.version)
        shards = {name: shard_folder(directory, name) for name in _shards(directory, database)}
        found = {name: _unnamed(folder, database.of_shard(name)) for name, folder in shards.items()}
    except (OSError, sqlite3.Error) as error:
        hint = "run the command as the service's user, or as root"
        raise StateError(f"the state in {directory} cannot be read ({error})", hint=hint) from error
    beside = state_identity.read(directory)
    document = {
        "directory": str(directory),
        "database": _about(database),
        "identity": {
            "database": {
                "id": database.values.get(keys.STATE_ID.prefix),
                "generation": database.values.get(keys.GENERATION.prefix, 0),
            },
            "file": {"id": beside.id, "generation": beside.generation} if beside else None,
        },
        "named": [
            _named(name, folder, lane, database.of_shard(name)) for name, folder in shards.items() for lane in LANES
        ],
        "unnamed": [_summary(name, kind, files) for name in shards for kind, files in _by_kind(found[name]).items()],
    }
    return document | {"advice": _advice(document, lost_version=state_version.is_lost(directory, database.version))}


def _read(directory: Path) -> _DatabaseContent:
    examined = integrity.examine(directory, integrity.ON_REQUEST, thorough=True)
    if examined.condition == "damaged":
        salvaged = salvage(directory / FOLDER)
        return _DatabaseContent(examined, salvaged.values, StoredVersion.of_values(salvaged.values), salvaged.lost)
    values: Mapping[str, Value] = {}
    if examined.condition == "well":
        with closing(integrity.connect(directory / FOLDER / FILE)) as connection:
            shown = {*keys.NAMING, keys.NEXT_BATCH, *keys.OUTSIDE_SHARDS}
            values = integrity.values_of(connection, lambda key: keys.family(key) in shown)
    return _DatabaseContent(examined, values, StoredVersion.of_database(directory), 0)


def _unnamed(shard: Path, values: Mapping[str, Value]) -> list[OrphanBatch]:
    prefixes = tuple(family.prefix for family in keys.NAMING)
    naming = [value for key, value in values.items() if key.startswith(prefixes) and isinstance(value, bytes)]
    named = {(place + name).decode() for value in naming for place, name in _FILE.findall(value)}
    return [
        look(shard / folder / within, within)
        for folder in orphan_files.FOLDERS
        for within in orphan_files.batches(shard / folder)
        if within not in named
    ]


def _about(database: _DatabaseContent) -> dict[str, Any]:
    return {
        "condition": database.examined.condition,
        "findings": list(database.examined.findings),
        "looked_at_whole": database.examined.whole,
        "values_lost": database.lost,
    }


def _named(shard: str, folder: Path, lane: str, values: Mapping[str, Value]) -> dict[str, Any]:
    prefix = keys.BATCH.key(lane, "")
    files = [
        BatchFile.decode(value) for key, value in values.items() if key.startswith(prefix) and isinstance(value, bytes)
    ]
    gone = [file for file in files if not (folder / "spool" / file.name).exists()]
    return {
        "org": shard,
        "lane": lane,
        "files": len(files),
        "rows": sum(file.rows for file in files),
        "bytes": sum(file.size for file in files),
        "next": values.get(keys.NEXT_BATCH.key(lane), 0),
        "gone": len(gone),
    }


def _by_kind(found: Iterable[OrphanBatch]) -> dict[str, list[OrphanBatch]]:
    kinds: dict[str, list[OrphanBatch]] = {}
    for orphan in found:
        kinds.setdefault(orphan.kind, []).append(orphan)
    return kinds


def _summary(shard: str, kind: str, files: list[OrphanBatch]) -> dict[str, Any]:
    times = sorted(orphan.path.stat().st_mtime for orphan in files)
    return {
        "org": shard,
        "kind": kind,
        "files": len(files),
        "rows": sum(orphan.rows for orphan in files),
        "bytes": sum(orphan.path.stat().st_size for orphan in files),
        "first": datetime.fromtimestamp(times[0], UTC).isoformat(timespec="seconds"),
        "last": datetime.fromtimestamp(times[-1], UTC).isoformat(timespec="seconds"),
        "unreadable": [str(orphan.path) for orphan in files if not orphan.file],
    }


def _advice(document: Mapping[str, Any], *, lost_version: bool) -> list[str]:
    """What `recover` would do, a sentence each; empty when there is nothing to do."""
    condition = document["database"]["condition"]
    advice = {
        "damaged": "make a new database of the values that can be read, and keep the damaged one beside it",
        "missing": "begin a new database: every source reads from its `start` again",
        "empty": "begin a new database: every source reads from its `start` again",
    }
    sentences = [advice[condition]] if condition in advice else []
    if lost_version and not sentences:
        sentences.append("give the database its version again")
    several = len({lane["org"] for lane in document["named"]}) > 1
    for kind in document["unnamed"]:
        what = "dead letters" if kind["kind"] == "dead" else f"rows of the lane {kind['kind']}"
        of = f" of {keys.shard_title(kind['org'])}" if several else ""
        files = counted(kind["files"], "file")
        sentences.append(f"read {kind['rows']:,} {what}{of} again from {files} that the database does not name")
        if kind["unreadable"]:
            sentences.append(f"move {len(kind['unreadable'])} of these files, which cannot be read, into quarantine")
    return sentences
