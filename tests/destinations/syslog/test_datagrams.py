"""Syslog over UDP: paced, and what no datagram holds."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from agent.errors import Unavailable
from tests.destinations.conftest import OpenSyslog
from tests.destinations.rows import never_over, one_chunk, rows
from tests.destinations.syslog_server import DatagramReceiver


def test_udp_is_paced_and_says_what_no_datagram_holds(open_syslog: OpenSyslog, opened: ExitStack) -> None:
    """After every fifty messages there is a pause; a row above 65,507 bytes is too long, by itself."""
    receiver = DatagramReceiver()
    opened.callback(receiver.stop)
    pauses: list[float] = []
    syslog = open_syslog(receiver.port, wait=never_over(pauses), transport="udp", rate=1000)
    lines = ["short"] * 120
    lines[7] = "x" * 66_000
    outcome = syslog.send(one_chunk(syslog, rows(120), lines))
    assert [row for row, _ in outcome.too_long] == [7]
    assert pauses == [0.05, 0.05]
    receiver.wait_for(119)


def test_udp_to_nobody_is_noticed_in_time(open_syslog: OpenSyslog, opened: ExitStack) -> None:
    """Where the other host says that nobody listens, rows wait."""
    receiver = DatagramReceiver()
    receiver.stop()
    syslog = open_syslog(receiver.port, transport="udp")
    with pytest.raises(Unavailable):
        for _ in range(100):
            syslog.send(one_chunk(syslog, rows(2)))
