"""One log file onto disk, and several ahead."""

from __future__ import annotations

import gzip
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import SourceError, TransportError
from agent.sources.event_log_file.download import Download, DownloadStopped, download
from agent.sources.event_log_file.listed_file import ListedFile
from agent.sources.event_log_file.prefetch import download_ahead

NOW = datetime(2026, 7, 1, tzinfo=UTC)
BODY = b'"EVENT_TYPE","A"\n' + b'"Login","x"\n' * 1000


def listed(number: int = 1, length: int = len(BODY)) -> ListedFile:
    return ListedFile(NOW + timedelta(seconds=number), f"0AT{number}", "Login", "Hourly", NOW, length)


class ScriptedSession:
    """A session whose every answer is the given parts, with an error after them if one is given."""

    data_path = "/services/data/v64.0"

    def __init__(self, parts: list[bytes], encoding: str = "", error: Exception | None = None) -> None:
        self._parts, self._encoding, self._error = parts, encoding, error

    @contextmanager
    def exchange(
        self, method: str, path: str, *, deadline: float | None = None, **options: Any
    ) -> Iterator[httpx.Response]:
        headers = {"Content-Encoding": self._encoding} if self._encoding else {}
        try:
            yield httpx.Response(200, headers=headers, stream=_Parts(self._parts, self._error))
        except httpx.HTTPError as error:
            raise TransportError(str(error)) from error


class _Parts(httpx.SyncByteStream):
    def __init__(self, parts: list[bytes], error: Exception | None) -> None:
        self._parts, self._error = parts, error

    def __iter__(self) -> Iterator[bytes]:
        yield from self._parts
        if self._error is not None:
            raise self._error


def fetch(session: ScriptedSession, directory: Path, length: int = len(BODY)) -> Download:
    return download(session, listed(length=length), directory, 10, threading.Event())


def split(data: bytes, step: int) -> list[bytes]:
    return [data[place : place + step] for place in range(0, len(data), step)]


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 3000), st.integers(1, 3), st.sampled_from(["gzip", "x-gzip", "GZIP", "identity", ""]))
def test_a_whole_file_arrives_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, step: int, members: int, encoding: str
) -> None:
    """Plain or gzipped, in one or several members, in parts of any size."""
    data = BODY
    if "gzip" in encoding.lower():
        third = len(BODY) // members + 1
        data = b"".join(gzip.compress(part) for part in split(BODY, third))
    result = fetch(ScriptedSession(split(data, step), encoding), tmp_path_factory.getbasetemp())
    assert (result.defect, result.truncated, result.length) == ("", False, len(BODY))
    assert result.file.read() == BODY
    result.file.close()


def test_what_compresses_well_arrives_whole_through_a_small_window(tmp_path: Path) -> None:
    """Megabytes of plain text behind a few kilobytes are written out to the last byte."""
    body = BODY + b'"Login","' + b"0" * (40 << 20) + b'"\n'
    result = fetch(ScriptedSession(split(gzip.compress(body, 1), 65536), "gzip"), tmp_path)
    assert (result.defect, result.length) == ("", len(body))
    result.file.close()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 200))
def test_a_gzip_body_without_its_end_is_never_whole(tmp_path_factory: pytest.TempPathFactory, missing: int) -> None:
    """However the transfer ended, a missing trailer shows."""
    data = gzip.compress(BODY)
    cut = data[: max(len(data) - missing, 0)]
    try:
        result = fetch(ScriptedSession(split(cut, 50), "gzip"), tmp_path_factory.getbasetemp())
    except TransportError:
        assert missing > 0
        return
    assert result.truncated == (missing > 0)
    result.file.close()


def test_a_damaged_checksum_is_noticed(tmp_path: Path) -> None:
    """gzip's CRC is verified."""
    data = bytearray(gzip.compress(BODY))
    data[-6] ^= 1
    result = fetch(ScriptedSession(split(bytes(data), 40), "gzip"), tmp_path)
    assert result.truncated
    assert "damaged" in result.defect
    result.file.close()


@pytest.mark.parametrize(
    ("body", "length", "defect"),
    [(BODY[:-1], 10, "last line"), (BODY, len(BODY) + 1, "were listed"), (BODY, len(BODY), ""), (BODY, 0, "")],
)
def test_a_clean_end_is_not_enough(tmp_path: Path, body: bytes, length: int, defect: str) -> None:
    """The last byte must be a line feed and the length at least the listed one."""
    result = fetch(ScriptedSession([body]), tmp_path, length)
    assert defect in result.defect
    assert bool(result.defect) == bool(defect)
    assert not result.truncated
    result.file.close()


def test_a_broken_transfer_keeps_what_came(tmp_path: Path) -> None:
    """The part that arrived is returned, marked as cut; if nothing usable arrived, the error is."""
    error = httpx.RemoteProtocolError("peer closed connection")
    result = fetch(ScriptedSession([BODY[:500]], error=error), tmp_path)
    assert (result.truncated, result.file.read()) == (True, BODY[:500])
    result.file.close()
    for parts in ([], [BODY[:5]]):
        with pytest.raises(TransportError, match="peer closed"):
            fetch(ScriptedSession(parts, error=error), tmp_path)


@pytest.mark.parametrize("body", [b"", b"<html></html>\n", b'{"a":1}\n', b'"A","B"\n'])
def test_what_is_no_log_file_is_refused(tmp_path: Path, body: bytes) -> None:
    """A body whose first line does not name EVENT_TYPE is no log file."""
    with pytest.raises(TransportError, match="not a log file"):
        fetch(ScriptedSession([body]), tmp_path, 0)


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    """What cannot be decoded is not guessed at."""
    with pytest.raises(TransportError, match="br"):
        fetch(ScriptedSession([BODY], "br"), tmp_path)


def test_a_stop_ends_a_download(tmp_path: Path) -> None:
    """A reader that went away is noticed between two parts."""
    stop = threading.Event()
    stop.set()
    with pytest.raises(DownloadStopped):
        download(ScriptedSession([BODY]), listed(), tmp_path, 10, stop)


# Ahead


def fetched(file: ListedFile) -> Download:
    return Download(io.BytesIO(file.id.encode()), file.length)


def test_downloads_are_handed_over_in_order_and_closed() -> None:
    """Whichever is done first, the order is that of the files."""
    files = [listed(n) for n in range(20)]
    release = threading.Event()

    def fetch_one(file: ListedFile, stop: threading.Event) -> Download:
        if file.id == "0AT0":
            release.wait(30)
        elif file.id == "0AT3":
            release.set()
        return fetched(file)

    seen, got = [], []
    for file, result in download_ahead(files, fetch_one, parallel=4, most_bytes=1 << 30):
        assert isinstance(result, Download)
        seen.append((file.id, result.file.read().decode()))
        got.append(result.file)
    assert seen == [(file.id, file.id) for file in files]
    assert all(handed.closed for handed in got)


def test_errors_are_handed_over_like_downloads() -> None:
    """One file that fails does not keep the others from coming."""

    def fetch_one(file: ListedFile, stop: threading.Event) -> Download:
        if file.id == "0AT1":
            raise TransportError("no")
        return fetched(file)

    results = [
        result for _, result in download_ahead([listed(n) for n in range(3)], fetch_one, parallel=2, most_bytes=1)
    ]
    assert [isinstance(result, SourceError) for result in results] == [False, True, False]


@pytest.mark.parametrize(("most_bytes", "parallel", "most"), [(10, 4, 1), (350, 4, 3), (10_000, 2, 4)])
def test_downloads_ahead_are_bounded(most_bytes: int, parallel: int, most: int) -> None:
    """No more bytes lie ahead than allowed, no more files than twice the parallel ones, and always one."""
    begun: list[str] = []

    def fetch_one(file: ListedFile, stop: threading.Event) -> Download:
        begun.append(file.id)
        return fetched(file)

    files = [listed(n, length=100) for n in range(12)]
    for handed, _ in enumerate(download_ahead(files, fetch_one, parallel=parallel, most_bytes=most_bytes)):
        assert len(begun) <= handed + max(most, 1)
    assert len(begun) == 12


def test_closing_early_ends_and_closes_everything() -> None:
    """Downloads that are done, going on or waiting are given up when the reader stops."""
    files = [listed(n) for n in range(10)]
    made: list[Download] = []

    def fetch_one(file: ListedFile, stop: threading.Event) -> Download:
        if file.id == "0AT2":
            stop.wait(30)
            raise DownloadStopped
        made.append(fetched(file))
        return made[-1]

    downloads = download_ahead(files, fetch_one, parallel=2, most_bytes=1 << 30)
    next(downloads)
    downloads.close()
    assert all(download.file.closed for download in made)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("download")]
