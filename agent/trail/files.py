"""The files of a chain: lines of JSON that are only ever appended to, in parts of a bounded size.

A part is named by the number of its first record, so that a stranger sees the order: `0000000000000000.jsonl`.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from agent.trail.record import MOST_BYTES, NotARecord, read

PART_BYTES = 64 << 20
"""A part that is longer is not appended to."""

ENDING = ".jsonl"
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


class TrailCut(Exception):
    """The files do not have what was written to them; the text says what is missing."""


class ChainFiles:
    """Safe for one thread that appends, and any number that read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def parts(self) -> list[Path]:
        """In the order of their records."""
        return sorted(self.folder.glob(f"*{ENDING}")) if self.folder.is_dir() else []

    def lines(self, first: int = 0) -> Iterator[bytes]:
        """Every whole line from record `first` on, without its end; what follows the last line's end is left out."""
        parts = self.parts()
        begins = [int(part.stem) if part.stem.isdecimal() else 0 for part in parts]
        at = max(bisect_right(begins, first) - 1, 0)
        number = begins[at] if parts else 0
        for part in parts[at:]:
            with part.open("rb") as file:
                while line := file.readline(2 * MOST_BYTES):
                    if line.endswith(b"\n"):
                        if number >= first:
                            yield line[:-1]
                        number += 1

    def append(self, lines: Sequence[bytes], first: int, filed: int) -> None:
        """Append records `first` and on; they are on the disk when it returns.

        `filed`: how many records the state knows the files to have. A part of what is appended may be there already, from
        before a kill. Raises TrailCut where the files have less than `filed`, or something else than `lines`; OSError.
        """
        there = self._count()
        if there < filed:
            raise TrailCut(f"{self.folder} has {there:,} records of {filed:,}: some were taken away")
        known = list(self._tail(there - first)) if there > first else []
        if known != list(lines[: len(known)]):
            raise TrailCut(f"{self.folder} has other records from number {first:,} on than were written")
        if new := lines[len(known) :]:
            self._write(new, first + len(known))

    def _write(self, lines: Sequence[bytes], first: int) -> None:
        self.folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        parts = self.parts()
        fresh = not parts or parts[-1].stat().st_size > PART_BYTES
        path = self.folder / f"{first:016d}{ENDING}" if fresh else parts[-1]
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, _FILE_MODE)
        try:
            _drop_torn_line(descriptor)
            with os.fdopen(os.dup(descriptor), "ab") as file:
                file.write(b"".join(line + b"\n" for line in lines))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if fresh:
            _sync_folder(self.folder)

    def _count(self) -> int:
        """How many records the files have: by the number in the last whole line."""
        for part in reversed(self.parts()):
            last = _last_line(part)
            if last is not None:
                with suppress(NotARecord):
                    return read(last).seq + 1
                raise TrailCut(f"the last line of {part} is not a record")
        return 0

    def _tail(self, number: int) -> list[bytes]:
        """The last lines; few, for they are those of one interrupted write."""
        found: list[bytes] = []
        for part in reversed(self.parts()):
            found = [*part.read_bytes().split(b"\n")[:-1], *found]
            if len(found) >= number:
                break
        return found[-number:]


def _last_line(part: Path) -> bytes | None:
    """The last line that has an end; None if there is none."""
    with part.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 2 * MOST_BYTES))
        whole = file.read().rpartition(b"\n")[0]
    return whole.rpartition(b"\n")[2] or None


def _drop_torn_line(descriptor: int) -> None:
    """A kill in the middle of a write leaves a line without an end; the state still has its record."""
    size = os.fstat(descriptor).st_size
    begin = max(0, size - 2 * MOST_BYTES)
    tail = os.pread(descriptor, size - begin, begin)
    if tail and not tail.endswith(b"\n"):
        os.ftruncate(descriptor, begin + tail.rfind(b"\n") + 1)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
