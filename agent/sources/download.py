"""Getting one log file whole onto disk, and knowing whether it is whole."""

from __future__ import annotations

import errno
import tempfile
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import httpx
from isal import isal_zlib
from isal.igzip_lib import IsalError

from agent.errors import TransportError
from agent.sources.listed_file import ListedFile

STEP = 1 << 20
"""Bytes decompressed at a time."""


class Opens(Protocol):
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
    flaw: str = ""
    """Why it may not be all of it; empty if it is."""
    cut: bool = False
    """The transfer itself broke off: more of the file is to be had."""


class Stopped(Exception):
    """The reader went away."""


def download(session: Opens, listed: ListedFile, directory: Path, deadline: float, stop: threading.Event) -> Download:
    """Stream a file to `directory`, within `deadline` seconds.

    Raises what the session raises, and TransportError for a body that is no log file; a body that broke off is
    returned with its flaw. Raises Stopped once `stop` is set.
    """
    file = cast("BinaryIO", tempfile.TemporaryFile(dir=directory))  # noqa: SIM115 - the reader closes it
    try:
        flaw = _receive(session, listed, file, deadline, stop)
        length = file.tell()
        _refuse_what_is_no_log_file(file, listed, flaw)
        return Download(file, length, flaw or _missing(file, listed, length), cut=bool(flaw))
    except BaseException as error:
        file.close()
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TransportError(f"{directory}: no room for {listed.id}", hint="free some space there") from error
        raise


def _receive(session: Opens, listed: ListedFile, file: BinaryIO, deadline: float, stop: threading.Event) -> str:
    """The body, decompressed, to `file`; returns why it broke off, if it did."""
    path = f"{session.data_path}/sobjects/EventLogFile/{listed.id}/LogFile"
    body: _Plain | _Gzip | None = None
    try:
        with session.exchange("GET", path, deadline=deadline, headers={"Accept-Encoding": "gzip"}) as response:
            body = _body(response, file)
            # httpx would decompress by itself, but not tell when gzip's end is missing.
            for part in response.iter_raw():
                if stop.is_set():
                    raise Stopped
                body.feed(part)
            return body.flaw()
    except TransportError as error:
        if body is None or file.tell() == 0:
            raise
        return f"the transfer broke off: {error}"
    except IsalError as error:  # type: ignore[misc]
        return f"its compressed form is damaged: {error}"


def _body(response: httpx.Response, file: BinaryIO) -> _Plain | _Gzip:
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("gzip", "x-gzip"):
        return _Gzip(file)
    if encoding not in ("", "identity"):
        raise TransportError(f"a log file in the unknown encoding {encoding!r}", hint="does a proxy change it?")
    return _Plain(file)


class _Plain:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def feed(self, part: bytes) -> None:
        self._file.write(part)

    def flaw(self) -> str:
        return ""


class _Gzip:
    """One or more gzip members (RFC 1952 section 2.2); length and checksum of each are verified."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._member = isal_zlib.decompressobj(wbits=31)

    def feed(self, part: bytes) -> None:
        more = False
        while part or more:
            if self._member.eof:
                self._member = isal_zlib.decompressobj(wbits=31)
            plain = self._member.decompress(part, STEP)
            self._file.write(plain)
            more = len(plain) == STEP and not self._member.eof
            part = self._member.unused_data if self._member.eof else self._member.unconsumed_tail

    def flaw(self) -> str:
        return "" if self._member.eof else "its compressed form has no end"


def _refuse_what_is_no_log_file(file: BinaryIO, listed: ListedFile, flaw: str) -> None:
    """Every log file's header names EVENT_TYPE; a web page with status 200 does not."""
    file.seek(0)
    header = file.readline(1 << 16)
    file.seek(0)
    if b"EVENT_TYPE" in header and header.endswith(b"\n"):
        return
    reason = flaw or "what arrived is no log file (a web page?)"
    raise TransportError(f"{listed.event_type} {listed.id}: {reason}", hint="try again later")


def _missing(file: BinaryIO, listed: ListedFile, length: int) -> str:
    """What a whole transfer may still lack."""
    file.seek(length - 1)
    last = file.read(1)
    file.seek(0)
    if last != b"\n":
        return "its last line has no end"
    if length < listed.length:
        return f"{length} bytes arrived where {listed.length} were listed"
    return ""
