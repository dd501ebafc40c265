"""Getting one log file whole onto disk, and knowing whether it is whole."""

from __future__ import annotations

import errno
import shutil
import tempfile
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import httpx
from isal.igzip_lib import IsalError

from agent.errors import TransportError
from agent.network.answer_body import Gunzip, coding_of
from agent.sources.event_log_file.listed_file import ListedFile

LEAST_BOUND = 64 << 20
GROWTH = 40
"""A file may have so many bytes, or so many times the bytes that were listed."""
LARGEST = 16 << 30
RESERVE = 256 << 20
"""Bytes that a download leaves free on its disk (or a twentieth of a small one): the state is usually there too."""
LOOK_EVERY = 16 << 20
"""Bytes between two looks at the disk."""


class DownloadSession(Protocol):
    """What a download needs of a session."""

    @property
    def data_path(self) -> str: ...

    def exchange(
        self, method: str, path: str, *, deadline: float | None = None, **options: Any
    ) -> AbstractContextManager[httpx.Response]: ...


@dataclass(frozen=True, slots=True)
class Download:
    """A log file's plain text in a file without a name, which is gone once closed."""

    file: BinaryIO
    length: int
    defect: str = ""
    """Why it may not be all of it; empty if it is."""
    truncated: bool = False
    """The transfer itself broke off: more of the file is to be had."""
    begun: datetime | None = None
    """When the download began."""


class DownloadStopped(Exception):
    """The reader went away."""


class TooLong(TransportError):
    """The file has more bytes than it may have: its own fault, not the connection's."""


def most_bytes(listed: ListedFile, cap: int) -> int:
    """Bytes that the file may have once decompressed, `cap` at most.

    A file grows after it was listed, and whether `LogFileLength` counts it compressed is not documented; log files
    compress ten- to twentyfold. A bomb does a thousandfold.
    """
    return min(cap, max(LEAST_BOUND, GROWTH * listed.length))


def download(
    session: DownloadSession,
    listed: ListedFile,
    directory: Path,
    deadline: float,
    stop: threading.Event,
    *,
    cap: int = LARGEST,
) -> Download:
    """Stream a file to `directory`, within `deadline` seconds and `most_bytes(listed, cap)` bytes.

    Raises what the session raises, TransportError for a body that is no log file or for want of room, and TooLong; a
    body that broke off is returned with its defect. Raises DownloadStopped once `stop` is set.
    """
    file = cast("BinaryIO", tempfile.TemporaryFile(dir=directory))  # noqa: SIM115 - the reader closes it
    try:
        bounded = _BoundedFile(file, listed, most_bytes(listed, cap), directory)
        defect = _receive(session, listed, bounded, deadline, stop)
        length = file.tell()
        _refuse_what_is_no_log_file(file, listed, defect)
        return Download(file, length, defect or _defect_of(file, listed, length), truncated=bool(defect))
    except BaseException as error:
        file.close()
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _no_room(directory, listed) from error
        raise


def _receive(
    session: DownloadSession, listed: ListedFile, file: _BoundedFile, deadline: float, stop: threading.Event
) -> str:
    """The body, decompressed, to `file`; returns why it broke off, if it did."""
    path = f"{session.data_path}/sobjects/EventLogFile/{listed.id}/LogFile"
    try:
        with session.exchange("GET", path, deadline=deadline) as response:
            gunzip = _gunzip(response)
            # httpx would decompress by itself, but each part whole, and not tell when gzip's end is missing.
            for part in response.iter_raw():
                for plain in gunzip.parts(part) if gunzip else [part]:
                    if stop.is_set():
                        raise DownloadStopped
                    file.write(plain)
            return "" if gunzip is None or gunzip.ended else "its compressed data is cut off"
    except TooLong:
        raise
    except TransportError as error:
        if file.length == 0:
            raise
        return f"the transfer broke off: {error}"
    except IsalError as error:  # type: ignore[misc]
        return f"its compressed data is damaged: {error}"


def _gunzip(response: httpx.Response) -> Gunzip | None:
    coding = coding_of(response)
    if coding not in ("gzip", "identity"):
        raise TransportError(f"a log file in the unknown encoding {coding[:40]!r}", hint="does a proxy change it?")
    return Gunzip() if coding == "gzip" else None


class _BoundedFile:
    """The file being written: neither longer than it may be nor the last thing that the disk had room for."""

    def __init__(self, file: BinaryIO, listed: ListedFile, most: int, directory: Path) -> None:
        self.length = 0
        self._file = file
        self._listed = listed
        self._most = most
        self._directory = directory
        self._look_at = 0

    def write(self, part: bytes) -> None:
        """Raises TooLong, or TransportError when only the reserve is left on the disk."""
        self.length += len(part)
        if self.length > self._most:
            listed = self._listed
            raise TooLong(
                f"{listed.event_type} {listed.id}: more than {self._most} bytes, where {listed.length} were listed",
                hint="raise max_file_mb if files of this org are that long",
            )
        if self.length >= self._look_at:
            self._look_at += LOOK_EVERY
            disk = shutil.disk_usage(self._directory)
            if disk.free < min(RESERVE, disk.total // 20):
                raise _no_room(self._directory, self._listed)
        self._file.write(part)


def _no_room(directory: Path, listed: ListedFile) -> TransportError:
    return TransportError(f"{directory}: no room for {listed.id}", hint="free some space there")


def _refuse_what_is_no_log_file(file: BinaryIO, listed: ListedFile, defect: str) -> None:
    """Every log file's header names EVENT_TYPE; a web page with status 200 does not."""
    file.seek(0)
    header = file.readline(1 << 16)
    file.seek(0)
    if b"EVENT_TYPE" in header and header.endswith(b"\n"):
        return
    reason = defect or "what arrived is not a log file (is it a web page?)"
    raise TransportError(f"{listed.event_type} {listed.id}: {reason}", hint="try again later")


def _defect_of(file: BinaryIO, listed: ListedFile, length: int) -> str:
    """What a whole transfer may still lack."""
    file.seek(length - 1)
    last = file.read(1)
    file.seek(0)
    if last != b"\n":
        return "its last line is cut off"
    if length < listed.length:
        return f"{length} bytes arrived where {listed.length} were listed"
    return ""
