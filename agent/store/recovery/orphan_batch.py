"""Batch files that no transaction names: read, judged, and named by the spool again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from agent.model import LANES, Lane
from agent.store import batch_file
from agent.store.batch_file import BatchFile, BatchPart
from agent.store.directory import orphan_files
from agent.store.directory.orphan_files import BatchName

_OWN = "leakline."
"""Datasets of alerts and own events, which go by the lane of alerts."""


@dataclass(frozen=True, slots=True)
class OrphanBatch:
    """A batch file that no transaction names."""

    path: Path
    name: BatchName | None
    kind: str
    """A lane, or `dead`."""
    file: BatchFile | None
    """None for one that cannot be read, or whose checksum does not hold."""

    @property
    def rows(self) -> int:
        """As its frames have them, else as the file's name says; 0 where neither is known."""
        return self.file.rows if self.file else self.name.rows if self.name else 0


def look(path: Path, within: str) -> OrphanBatch:
    """Read a batch file; `within`: its name as a transaction would give it. Raises OSError."""
    name = BatchName.parse(path.name)
    data = path.read_bytes()
    checksum = batch_file.checksum(data)
    frames = None if name and name.checksum != checksum else _frames(data)
    if frames is None:
        return OrphanBatch(path, name, name.kind if name else "events", None)
    kind = name.kind if name and name.kind in (*LANES, "dead") else _lane(frames)
    parts = tuple(BatchPart(frame.height) for frame in frames)
    return OrphanBatch(path, name, kind, BatchFile(within, len(data), checksum, parts))


def in_order(paths: Iterable[Path]) -> tuple[list[OrphanBatch], list[OrphanBatch]]:
    """Files of a folder `unnamed` as they were written, by their lane's number, else by their time; and apart from them
    those with the content of an earlier one.
    """
    found = [look(path, f"{orphan_files.ASIDE}/{path.name}") for path in paths]
    found.sort(
        key=lambda orphan: (
            orphan.name.sequence if orphan.name else 0,
            orphan.path.stat().st_mtime_ns,
            orphan.path.name,
        )
    )
    first: dict[str, OrphanBatch] = {}
    for orphan in found:
        if orphan.file:
            first.setdefault(orphan.file.checksum, orphan)
    repeats = [orphan for orphan in found if orphan.file and first[orphan.file.checksum] is not orphan]
    return [orphan for orphan in found if orphan not in repeats], repeats


def _frames(data: bytes) -> list[pl.DataFrame] | None:
    """The shaped frames (or the dead letters) in the bytes of a batch file; None where they are not one."""
    try:
        return batch_file.decode(data)
    except Exception:  # noqa: BLE001 - polars has many words for a file that is not whole
        return None


def _lane(frames: Sequence[pl.DataFrame]) -> Lane:
    """The lane that shaped frames belong to, where the file's name does not say: by their `event.dataset`."""
    datasets = [frame["event.dataset"].cast(pl.String) for frame in frames if "event.dataset" in frame.columns]
    return "alerts" if any(dataset.str.starts_with(_OWN).any() for dataset in datasets) else "events"
