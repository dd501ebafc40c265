"""Batches as files of a folder: each is either whole or not there.

A file is checksummed, and fsynced before it gets its name. It is on disk before the transaction that names it, and goes
after the transaction that lets go of it is committed. So a kill leaves files that no transaction names;
`agent.store.directory.orphan_files` says which of them may go at the next start.
"""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import polars as pl

from agent.columns.file_bytes import write_all
from agent.errors import Damaged, StateError
from agent.store import batch_file
from agent.store.batch_file import BatchFile, BatchPart
from agent.store.batch_store import BatchStore
from agent.store.directory import file_permissions, orphan_files
from agent.store.directory.failures import state_error
from agent.store.directory.orphan_files import DatabaseView
from agent.store.origin import Origin
from agent.store.transaction import Transaction

UNREADABLE = {errno.EIO, errno.EUCLEAN, errno.EBADMSG}
"""What the system says of a file whose disk or file system is damaged."""


class BatchFolder:
    """A `BatchStore`."""

    def __init__(self, folder: Path, state_id: str, doubt: Callable[[], str]) -> None:
        """`doubt`: why the database that names the files may not be the newest; empty where it is."""
        self.folder = folder
        self._state_id = state_id
        self._doubt = doubt
        file_permissions.make_folder(folder)

    def hold(
        self, frames: Sequence[pl.DataFrame], kind: str, number: int, origins: Sequence[Origin | None] = ()
    ) -> BatchFile:
        """See `BatchStore`."""
        data = batch_file.encode(frames)
        checksum = batch_file.checksum(data)
        name = self._new_name(kind, number, sum(frame.height for frame in frames), checksum)
        try:
            write_durably(self.folder / name, data)
        except OSError as error:
            raise self._unwritable(error, len(data)) from error
        whence = origins or [None] * len(frames)
        parts = (BatchPart(frame.height, origin) for frame, origin in zip(frames, whence, strict=True))
        return BatchFile(name, len(data), checksum, tuple(parts))

    def hold_copy(self, store: BatchStore, file: BatchFile, kind: str, number: int) -> BatchFile:
        """See `BatchStore`: a second name for the file, where the file system has such a thing."""
        if not isinstance(store, BatchFolder):
            raise TypeError(f"a {type(store).__name__} has no files that a folder could hold")
        kept = replace(file, name=self._new_name(kind, number, file.rows, file.checksum))
        try:
            _link(store.folder / file.name, self.folder / kept.name)
            sync_directory(self.folder)
        except FileNotFoundError:
            pass  # as `BatchStore` has it: found to be missing when it is read
        except OSError as error:
            self.discard(kept)  # a copy may have got half-way
            raise self._unwritable(error, file.size) from error
        return kept

    def put(self, transaction: Transaction, *files: BatchFile) -> None:
        """See `BatchStore`: the files are there already."""

    def delete(self, transaction: Transaction, *files: BatchFile) -> None:
        """See `BatchStore`."""
        transaction.after_commit(lambda: self.discard(*files))

    def discard(self, *files: BatchFile) -> None:
        """See `BatchStore`."""
        for file in files:
            try:
                (self.folder / file.name).unlink(missing_ok=True)
            except OSError as error:
                raise state_error(
                    error, f"the batch file {file.name} in {self.folder} cannot be removed ({error})"
                ) from error

    def read(self, file: BatchFile) -> list[pl.DataFrame]:
        """See `BatchStore`: a damaged file moves to `quarantine/`."""
        path = self.folder / file.name
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise Damaged(f"the batch file {path} is missing") from error
        except OSError as error:
            if error.errno in UNREADABLE:
                raise Damaged(f"the batch file {path} cannot be read ({error.strerror})") from error
            raise state_error(error, f"the batch file {path} cannot be read ({error})") from error
        if batch_file.checksum(data) != file.checksum:
            raise Damaged(f"the batch file {_put_aside(path)} is damaged: its checksum does not match")
        return batch_file.decode(data)

    def clear(self, following: Mapping[str, int], named: frozenset[str]) -> None:
        """See `BatchStore`."""
        try:
            orphan_files.clear(self.folder, DatabaseView(self._state_id, following, named, bool(self._doubt())))
        except OSError as error:
            raise state_error(error, f"the files in {self.folder} cannot be sorted ({error})") from error

    def _new_name(self, kind: str, number: int, rows: int, checksum: str) -> str:
        """A name nobody has. Rows and checksum are in it, so that a file can be judged without the state."""
        prefix = orphan_files.prefix(kind, self._state_id, number)
        return f"{prefix}-{rows}-{uuid.uuid4().hex[:8]}-{checksum}.arrow"

    def _unwritable(self, error: OSError, size: int) -> StateError:
        return state_error(error, f"a batch of {size} bytes cannot be written to {self.folder} ({error.strerror})")


def write_durably(path: Path, data: memoryview) -> None:
    """Write, fsync, rename, fsync the directory: the name appears only over complete content."""
    temporary = path.with_suffix(".tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.rename(path)
        sync_directory(path.parent)
    except OSError:
        for name in (temporary, path):
            name.unlink(missing_ok=True)
        raise


def sync_directory(path: Path) -> None:
    """Make the names in a directory last."""
    _sync(path, os.O_DIRECTORY)


def _sync(path: Path, flags: int = 0) -> None:
    """Make a file's content last."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put_aside(path: Path) -> Path:
    """Where it is from now on; where the file system takes no more changes it stays."""
    aside = path.parent / "quarantine"
    with suppress(OSError):
        aside.mkdir(mode=0o700, exist_ok=True)
        return path.rename(aside / path.name)
    return path


def _link(path: Path, place: Path) -> None:
    """A second name for a file; a copy, as durable as the file, where the file system has no such thing."""
    try:
        os.link(path, place)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copy2(path, place)
        _sync(place)
