"""Connections that end as no library would let them end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from agent.simulator.running import RunningOrg
from tests.simulator.api.raw_connection import RawConnection
from tests.simulator.conftest import AT_ONCE

VERSIONS = "GET /services/data/ HTTP/1.1"


@pytest.fixture
def running(start: Callable[..., RunningOrg]) -> RunningOrg:
    return start(rows_per_day=200)


@pytest.fixture
def whole(running: RunningOrg) -> bytes:
    """The answer's body when nothing is wrong."""
    with RawConnection(running) as connection:
        connection.send(VERSIONS)
        return connection.answer()[1]


def test_a_connection_is_cut(running: RunningOrg, whole: bytes) -> None:
    """In order, after half of what the length tells of."""
    running.org.change_faults(cut_json=True)
    with RawConnection(running) as connection:
        connection.send(VERSIONS)
        assert f"content-length: {len(whole)}\r\n".encode() in connection.until(b"\r\n\r\n")
        assert connection.rest() == (whole[: len(whole) // 2], "a farewell of TLS")


def test_a_connection_is_reset(running: RunningOrg) -> None:
    """The client's next read fails, once everything before the reset is read or lost."""
    running.org.change_faults(reset=True)
    with RawConnection(running) as connection:
        connection.send(VERSIONS)
        with pytest.raises(ConnectionResetError):
            connection.rest()


def test_half_of_a_connection_ends(running: RunningOrg, whole: bytes) -> None:
    """The org writes no more, without a farewell of TLS, and goes on reading: the client can still write."""
    running.org.change_faults(half_close=True)
    with RawConnection(running) as connection:
        connection.send(VERSIONS)
        connection.until(b"\r\n\r\n")
        assert connection.rest() == (whole[: len(whole) // 2], "no farewell of TLS")
        for _ in range(3):
            connection.send(VERSIONS)


def test_a_connection_falls_silent(running: RunningOrg, whole: bytes) -> None:
    """Half of the answer comes and nothing more, while others are answered."""
    running.org.change_faults(hang=True, times=1)
    with RawConnection(running) as connection, RawConnection(running) as other:
        connection.send(VERSIONS)
        connection.until(b"\r\n\r\n")
        connection.until(whole[: len(whole) // 2])
        for _ in range(3):
            other.send(VERSIONS)
            assert other.answer()[1] == whole
        connection.socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.rest()


@pytest.mark.parametrize("fault", ["reset", "half_close", "hang"])
def test_a_log_file_breaks_off(fault: str, start: Callable[..., RunningOrg], connect: Any) -> None:
    """After as many bytes as are told; calls of another kind are not hit."""
    client = connect(start(delay=AT_ONCE)).sign_in()
    file = max(client.hourly(), key=lambda record: record["LogFileLength"])
    token = client.http.headers["Authorization"]
    client.running.org.change_faults(**{fault: True, "where": "log_file", "cut_log_file_at": 2000})
    assert client.hourly()
    with RawConnection(client.running) as connection:
        connection.send(f"GET {file['LogFile']} HTTP/1.1", f"Authorization: {token}")
        connection.socket.settimeout(0.5 if fault == "hang" else 20)
        try:
            read, _ = connection.rest()
        except (OSError, TimeoutError) as error:
            assert isinstance(error, TimeoutError if fault == "hang" else ConnectionResetError)
            return
        assert b"transfer-encoding: chunked" in read.lower()
        assert b"\r\n0\r\n\r\n" not in read
