"""Where the files of each shard are in a state directory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from agent.name import name
from agent.store import keys
from agent.store.directory import orphan_files

_ORGS, _PROCESS = "orgs", "process"
FOLDERS = (_ORGS, _PROCESS)
"""What a state directory has for shards; none from before versions has one of them."""


def shard_folder(directory: Path, shard: str) -> Path:
    """Where the files of a shard of the state in `directory` are. Raises ValueError for what is not a shard's name."""
    return directory / _ORGS / name(shard) if shard else directory / _PROCESS


def shard_folders(directory: Path) -> dict[str, Path]:
    """The folders of all shards that have one, the process's first; other folders are somebody else's."""
    orgs = directory / _ORGS
    found = sorted(path.name for path in orgs.iterdir() if path.is_dir()) if orgs.is_dir() else []
    folders = {}
    for shard in (keys.PROCESS, *found):
        with suppress(ValueError):
            folders[shard] = shard_folder(directory, shard)
    return {shard: folder for shard, folder in folders.items() if folder.is_dir()}


def all_batches(directory: Path) -> Iterator[Path]:
    """Every batch file of every shard that can still be read, named by a transaction or not."""
    for shard in shard_folders(directory).values():
        for folder in orphan_files.FOLDERS:
            yield from (shard / folder / within for within in orphan_files.batches(shard / folder))
