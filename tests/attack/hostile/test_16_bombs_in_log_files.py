"""Log files that are far longer than listed, without end or of nothing but signs are bounded."""

from __future__ import annotations

import gzip
import io
import shutil

import pytest

from agent.errors import TransportError
from agent.sources.event_log_file import download as download_module
from agent.sources.event_log_file.csv_file import LONGEST_RECORD, read_log_file
from agent.sources.event_log_file.csv_piece import MAX_ROWS
from agent.sources.event_log_file.csv_record import KEPT_BYTES
from tests.attack.hostile.bombs import HEADER, MB, bomb
from tests.attack.hostile_org import HostileOrg, file_of


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bombs of 8 MB do here what those of gigabytes do elsewhere."""
    monkeypatch.setattr(download_module, "LEAST_BOUND", 4 * MB)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("coding", ["gzip", ""])
def test_a_file_far_longer_than_listed_is_refused_and_the_others_are_read(hostile: HostileOrg, coding: str) -> None:
    """Two of them in a row, packed or not, are passed over and told; files before and behind come at once."""
    org, reader = hostile.org, hostile.reader()
    org.files = [file_of(n, f"{n}", hours_ago=6 - n) for n in range(4)]
    packed = bomb(HEADER, b'"Login","","",""\n', 8 * MB)
    for file in org.files[1:3]:
        org.bodies[file.id] = (packed if coding else gzip.decompress(packed), coding)
    with pytest.raises(TransportError, match=r"more than 4194304 bytes, where \d+ were listed.*max_file_mb"):
        reader.read()
    assert sorted(reader.rows()) == ["0", "3"]
    for _ in range(5):
        hostile.clock.advance(hours=8)
        try:
            reader.read()
        except TransportError as error:
            assert "were listed" in str(error)
    assert [event["event.action"] for event in reader.own()] == ["log-gap", "log-gap"]


@pytest.mark.usefixtures("small")
def test_a_file_that_has_grown_since_it_was_listed_is_read(hostile: HostileOrg) -> None:
    """The bound is far above what files grow by."""
    org, reader = hostile.org, hostile.reader()
    org.files = [file_of(1, *(f"row {n}" for n in range(20_000)))]
    org.files[0].length = 50_000
    reader.read()
    assert len(reader.rows()) == 20_000


def test_the_cap_is_a_setting(hostile: HostileOrg) -> None:
    """`max_file_mb` bounds files that were listed as long as they are, too."""
    org, reader = hostile.org, hostile.reader(max_file_mb=1)
    org.files = [file_of(1, *("x" * 1000 for _ in range(2000)))]
    with pytest.raises(TransportError, match="more than 1048576 bytes"):
        reader.read()


def test_a_download_leaves_the_disk_its_reserve(hostile: HostileOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state lies there too: a file for which there is no room is not written."""
    monkeypatch.setattr(download_module, "RESERVE", 1 << 60)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(1 << 70, 0, 1 << 50))
    hostile.org.files = [file_of(1, "a")]
    with pytest.raises(TransportError, match="no room"):
        hostile.reader().read()


class _Usage:
    def __init__(self, total: int, used: int, free: int) -> None:
        self.total, self.used, self.free = total, used, free


def test_a_record_without_end_is_one_rejection() -> None:
    """Its first megabyte is kept, and what comes behind it is read."""
    line = b'"Login","1","u","a"\n'
    body = HEADER + line + b'"Login","' + b"x" * (LONGEST_RECORD + 4 * MB) + b"\n" + line
    pieces = list(read_log_file(io.BytesIO(body)))
    assert [row for piece in pieces for row in piece.frame["URI"]] == ["a", "a"]
    ((bad,),) = [piece.bad for piece in pieces if piece.bad]
    assert len(bad.raw) == KEPT_BYTES


@pytest.mark.parametrize("filling", [b"\n", b',"a"', b'""', b'"', b"x\n", b",", b'\n"Login","'])
def test_a_file_of_nothing_but_signs_is_read_in_pieces_that_fit_the_state(filling: bytes) -> None:
    """Line feeds, commas and quotes: no piece has more records than can be remembered of one, and none is lost."""
    body = HEADER + b'"Login"' + filling * (300_000 // len(filling))
    pieces = list(read_log_file(io.BytesIO(body)))
    assert all(piece.rows == piece.frame.height + len(piece.bad) <= MAX_ROWS for piece in pieces)
    ends = [piece.first_row + piece.rows for piece in pieces]
    assert [piece.first_row for piece in pieces] == [1, *ends[:-1]]


def test_a_header_of_a_hundred_thousand_columns_is_refused() -> None:
    """It is no log file, and is told at once."""
    body = b",".join(b'"EVENT_TYPE"' for _ in range(80_000)) + b"\n"
    with pytest.raises(TransportError, match="columns"):
        list(read_log_file(io.BytesIO(body)))
