"""Orphan files: batch files that no transaction names. Which are leftovers, and which somebody may still miss.

A batch file's name says of which state it is and which number its lane had reached when it was written. At a start,
of the files that the database does not name:

- one with a lower number than the lane's next was named once, and let go after all had settled it; its removal did not
  happen any more. A leftover.
- one with exactly the next number is the batch that was being committed when the process was killed. Its cursor, or
  its position, did not move, so its rows are read or sent again. A leftover.
- one with a higher number was committed by a database that is newer than this one; one of another state, or without a
  number, never belonged to this database. Nobody can say that its rows were delivered: it is set aside in `unnamed/`,
  and then so is the one with exactly the next number, for the database has lost commits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ASIDE = "unnamed"
"""The folder beside the batch files for those that were set aside."""

FOLDERS = ("spool", "aside", "dead-letters")
"""Where batch files lie in the folder of a shard (before versions: in the state directory itself)."""

NOT_BATCHES = ("quarantine",)
"""Folders whose files cannot be read any more."""

_NAME = re.compile(r"([a-z]+)-([0-9a-f]{8})-(\d{16})-(\d+)-[0-9a-f]{8}-([0-9a-f]{32})\.arrow")


@dataclass(frozen=True, slots=True)
class BatchName:
    """What a batch file's name says: `<kind>-<state>-<sequence>-<rows>-<random>-<checksum>.arrow`."""

    kind: str
    """A lane, or `dead` for dead letters."""
    state: str
    sequence: int
    """What its lane's next number was when it was written."""
    rows: int
    checksum: str

    @classmethod
    def parse(cls, name: str) -> BatchName | None:
        found = _NAME.fullmatch(name)
        return cls(found[1], found[2], int(found[3]), int(found[4]), found[5]) if found else None


def prefix(kind: str, state: str, sequence: int) -> str:
    """How the name of a batch file begins; `agent.store.directory.batch_folder` adds the rest."""
    return f"{kind}-{state}-{sequence:016d}"


@dataclass(frozen=True, slots=True)
class DatabaseView:
    """One database's view: its state's id, the next number of each kind, and the files it names."""

    state: str
    following: Mapping[str, int]
    named: frozenset[str]
    doubt: bool
    """Whether something else says that this database is not the newest."""

    def is_newer(self, name: BatchName | None) -> bool:
        """Whether a file of this name was committed by a database that knew more, or another one."""
        return name is None or name.state != self.state or name.sequence > self.following.get(name.kind, 0)


def clear(folder: Path, view: DatabaseView) -> list[Path]:
    """Remove the leftovers among the files in `folder`, and set aside what is none; returns where those are now."""
    unnamed = [path for path in folder.iterdir() if path.is_file() and path.name not in view.named]
    batches = []
    for path in unnamed:
        if path.suffix == ".tmp":  # it never got its name: it is not whole, and nothing was committed with it
            path.unlink()
        else:
            batches.append((path, BatchName.parse(path.name)))
    behind = view.doubt or any(view.is_newer(name) for _, name in batches)
    aside = []
    for path, name in batches:
        last = name is not None and name.sequence == view.following.get(name.kind, 0)
        if view.doubt or view.is_newer(name) or (behind and last):
            (folder / ASIDE).mkdir(mode=0o700, exist_ok=True)
            aside.append(path.rename(folder / ASIDE / path.name))
        else:
            path.unlink()
    return aside


def batches(folder: Path) -> Iterator[str]:
    """Every batch file in and under `folder` but those that cannot be read, as its path within it; sorted."""
    if folder.is_dir():
        for path in sorted(folder.rglob("*.arrow")):
            within = path.relative_to(folder)
            if within.parts[0] not in NOT_BATCHES:
                yield within.as_posix()
