"""One growing file of lines: appended with fsync, rotated, whole again after a crash."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from isal import igzip

from agent.columns.file_bytes import write_all
from agent.errors import Misconfigured, Unavailable

MODE = 0o640
BLOCK = 64 * 1024
"""Bytes read at a time when looking for the last whole line."""

UNTIL_CHANGED = frozenset(
    {errno.EACCES, errno.EPERM, errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EROFS}
)


@dataclass(frozen=True, slots=True)
class Rotation:
    """When a file is set aside (bytes reached, seconds begun anew; 0 for never), and what becomes of it."""

    size: int
    every: float
    compress: bool
    keep: int | None


class LineFile:
    """`path` is opened by the first `append`; `now` gives the time in the names of files set aside."""

    def __init__(self, path: Path, rotation: Rotation, now: Callable[[], datetime]) -> None:
        self.path = path
        self._rotation = rotation
        self._now = now
        self._file: int | None = None
        self._size = 0
        self._period = 0

    def append(self, lines: memoryview) -> None:
        """Whole lines; on the disk when this returns. Raises Unavailable, and then takes back what it has written."""
        try:
            file = self._ready(len(lines))
            try:
                write_all(file, lines)
                os.fsync(file)
            except OSError:
                # An fsync that failed is not tried again: the kernel may have dropped the pages.
                self._take_back(file)
                raise
            self._size += len(lines)
        except OSError as error:
            raise self._failure(error) from error

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def newest_first(self) -> list[Path]:
        """The file and those set aside, as they are now. Raises Unavailable. For any thread."""
        try:
            return [self.path, *reversed(self._all_aside())] if self.path.parent.is_dir() else []
        except OSError as error:
            raise self._failure(error) from error

    def _ready(self, length: int) -> int:
        """The open file, after rotation if `length` bytes are too many for it."""
        if self._file is not None and self._moved(self._file):
            self.close()
        if self._file is None:
            self._file = self._open()
        full = self._size + length > self._rotation.size
        if self._size and (full or self._period != self._period_of(self._now().timestamp())):
            self._set_aside()
            self._file = self._open()
        return self._file

    def _open(self) -> int:
        """Open and lock, cutting off a last line that a crash left without its end."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, MODE)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            state = os.fstat(file)
            self._size = _end_of_last_line(file, state.st_size)
            if self._size != state.st_size:
                os.ftruncate(file, self._size)
            _sync_directory(self.path.parent)
        except OSError:
            os.close(file)
            raise
        self._period = self._period_of(state.st_mtime if self._size else self._now().timestamp())
        return file

    def _moved(self, file: int) -> bool:
        """Whether somebody else renamed or deleted the file (logrotate does)."""
        try:
            return not os.path.samestat(os.fstat(file), self.path.stat())
        except FileNotFoundError:
            return True

    def _take_back(self, file: int) -> None:
        """Remove what was written of the lines at hand, as far as the disk allows; reopening does the rest."""
        with suppress(OSError):
            os.ftruncate(file, self._size)
        self.close()

    def _set_aside(self) -> None:
        self.close()
        time = self._now().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        aside, count = self.path.with_stem(f"{self.path.stem}-{time}"), 1
        while aside.exists() or Path(f"{aside}.gz").exists():
            count += 1
            aside = self.path.with_stem(f"{self.path.stem}-{time}-{count:03}")
        self.path.rename(aside)
        _sync_directory(self.path.parent)
        if self._rotation.compress:
            for file in self._all_aside():
                if file.suffix != ".gz":
                    _compress(file)
        for file in self._all_aside()[: -self._rotation.keep] if self._rotation.keep else []:
            file.unlink()

    def _all_aside(self) -> list[Path]:
        """Files set aside, oldest first; also one that a crash left uncompressed."""
        ours = re.compile(rf"({self.path.stem}-\d{{8}}T\d{{6}}Z(?:-\d{{3,}})?){self.path.suffix}(?:\.gz)?")
        named = [(found[1], file) for file in self.path.parent.iterdir() if (found := ours.fullmatch(file.name))]
        return [file for _, file in sorted(named)]

    def _period_of(self, seconds: float) -> int:
        return int(seconds // self._rotation.every) if self._rotation.every else 0

    def _failure(self, error: OSError) -> Unavailable:
        if error.errno == errno.EWOULDBLOCK:
            return Misconfigured(f"{self.path} is being written by another process", hint="give each its own folder")
        if error.errno in UNTIL_CHANGED:
            return Misconfigured(
                f"{self.path}: {error.strerror}", hint="give the service's user the right to write there"
            )
        hint = "make room on that disk" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        return Unavailable(f"{self.path}: {error.strerror}", hint=hint)


def _end_of_last_line(file: int, size: int) -> int:
    """Where the last line feed ends, looking backwards from `size`; 0 if there is none."""
    end = size
    while end > 0:
        start = max(0, end - BLOCK)
        found = os.pread(file, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _compress(file: Path) -> None:
    """`file` becomes `file.gz`: written beside it, synced, renamed, and only then is the original removed."""
    partial, target = Path(f"{file}.partial"), Path(f"{file}.gz")
    with file.open("rb") as source, igzip.open(partial, "wb", compresslevel=1) as packed:  # type: ignore[no-untyped-call]
        shutil.copyfileobj(source, packed, 2**20)
    partial.chmod(MODE)
    _sync(partial, os.O_RDONLY)
    partial.rename(target)
    file.unlink()
    _sync_directory(file.parent)


def _sync_directory(directory: Path) -> None:
    """So that a new name survives a power cut."""
    _sync(directory, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
