"""A frame on disk that is either whole or not there: Arrow IPC with lz4, checksummed, fsynced before it gets its name."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import uuid
from dataclasses import dataclass
from pathlib import Path

import orjson
import polars as pl

from agent.errors import Damaged, DiskFull
from agent.store.origin import Origin
from agent.store.state import is_disk_full

UNREADABLE = {errno.EIO, errno.EUCLEAN, errno.EBADMSG}
"""What the system says of a file whose disk or file system is damaged."""


@dataclass(frozen=True, slots=True)
class BatchFile:
    """What the state keeps of a batch file."""

    name: str
    rows: int
    size: int
    """In bytes."""
    checksum: str
    """BLAKE2b-128 of the whole file, hexadecimal."""
    origin: Origin | None = None
    """What its rows were read from, where they can be read from it once more."""

    def encode(self) -> bytes:
        origin = self.origin.document() if self.origin else None
        return orjson.dumps([self.name, self.rows, self.size, self.checksum, origin])

    @classmethod
    def decode(cls, data: bytes) -> BatchFile:
        name, rows, size, checksum, *origin = orjson.loads(data)  # files of older versions have no origin
        return cls(name, rows, size, checksum, Origin.of_document(origin[0]) if origin and origin[0] else None)


def write(folder: Path, prefix: str, frame: pl.DataFrame, origin: Origin | None = None) -> BatchFile:
    """Bring a shaped frame, or one of dead letters, to disk under a new name in `folder`.

    Raises DiskFull; nothing is left behind then.
    """
    data = encode(frame)
    checksum = _checksum(data)
    name = new_name(prefix, frame.height, checksum)
    try:
        _durably(folder / name, data)
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(f"no room for a batch of {len(data)} bytes in {folder}") from error
        raise
    return BatchFile(name, frame.height, len(data), checksum, origin)


def new_name(prefix: str, rows: int, checksum: str) -> str:
    """A name nobody has. Rows and checksum are in it, so that a file can be judged without the state
    (agent/store/directory/orphan_files.py).
    """
    return f"{prefix}-{rows}-{uuid.uuid4().hex[:8]}-{checksum}.arrow"


def read(folder: Path, file: BatchFile) -> pl.DataFrame:
    """The frame again. Raises Damaged for a missing or damaged file; a damaged one moves to `quarantine/`."""
    path = folder / file.name
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise Damaged(f"the batch file {path} is gone") from error
    except OSError as error:
        if error.errno in UNREADABLE:
            raise Damaged(f"the batch file {path} cannot be read ({error.strerror})") from error
        raise
    if _checksum(data) != file.checksum:
        raise Damaged(f"the batch file {_put_aside(path)} is damaged: its checksum does not hold")
    return decode(data)


def encode(frame: pl.DataFrame) -> memoryview:
    """Any frame as an Arrow IPC file."""
    buffer = io.BytesIO()
    frame.write_ipc(buffer, compression="lz4")
    return buffer.getbuffer()


def decode(data: bytes | memoryview) -> pl.DataFrame:
    """The frame of an Arrow IPC file, as `encode` got it."""
    return pl.read_ipc(io.BytesIO(data))


def _checksum(data: bytes | memoryview) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _put_aside(path: Path) -> Path:
    aside = path.parent / "quarantine"
    aside.mkdir(mode=0o700, exist_ok=True)
    return path.rename(aside / path.name)


def _durably(path: Path, data: memoryview) -> None:
    """Write, fsync, rename, fsync the directory: the name appears only over complete content."""
    temporary = path.with_suffix(".tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            view = data
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.rename(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory last."""
    sync(path, os.O_DIRECTORY)


def sync(path: Path, flags: int = 0) -> None:
    """Make a file's content last."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
