"""Connections to the hosts of an org: kept for the newest, closed for good, and safe for threads."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from agent.network.connection import Connection, Overdue
from agent.network.tls import TlsSettings
from agent.sources.salesforce.connections import Connections, HostConnections

SIGN_IN = "https://acme.my.salesforce.com"


def connect(url: str) -> Connection:
    """Connects to nobody before the first exchange."""
    return Connection(url, TlsSettings(), None, 1.0)


@pytest.fixture
def hosts() -> HostConnections:
    return HostConnections(connect, SIGN_IN, most=3)


@pytest.fixture
def busy_threads() -> Iterator[None]:
    """Threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def host(number: int) -> str:
    return f"https://acme-{number}.my.salesforce.com"


def test_the_hosts_used_last_are_kept_and_that_of_the_sign_in(hosts: HostConnections) -> None:
    """An org that moves again and again leaves three hosts open, and the one where it signs in."""
    first = {url: hosts.to(url) for url in (SIGN_IN, host(1), host(2), host(3))}
    hosts.to(host(1))
    hosts.to(host(4))
    with pytest.raises(Overdue), first[host(2)].connection():
        pass
    for url in (SIGN_IN, host(1), host(3)):
        assert hosts.to(url) is first[url]


def test_nothing_begins_once_they_are_closed(hosts: HostConnections) -> None:
    """Neither at a host that was known nor at a new one; what was handed out before gives no connection either."""
    known = hosts.to(host(1))
    hosts.close()
    assert hosts.closed
    for url in (host(1), host(2), SIGN_IN):
        with pytest.raises(Overdue):
            hosts.to(url)
    with pytest.raises(Overdue), known.connection():
        pass


def test_many_threads_may_move_to_many_hosts(hosts: HostConnections, busy_threads: None) -> None:
    """Threads that close the same old hosts at once do not stumble over each other."""
    faults: list[BaseException] = []

    def move(begin: int) -> None:
        try:
            for number in range(2000):
                hosts.to(host((number * 7 + begin) % 11))
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=move, args=(begin,)) for begin in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    hosts.close()


def test_a_close_reaches_hosts_that_are_added_meanwhile(busy_threads: None) -> None:
    """Whatever was handed out, before or while they were closed, gives no connection afterwards."""
    for _ in range(50):
        hosts = HostConnections(connect, SIGN_IN, most=3)
        handed_out: list[Connections] = []
        begun = threading.Event()
        thread = threading.Thread(target=_move_until_closed, args=(hosts, handed_out, begun))
        thread.start()
        begun.wait()
        hosts.close()
        thread.join()
        for connections in set(handed_out):
            with pytest.raises(Overdue), connections.connection():
                pass


def _move_until_closed(hosts: HostConnections, handed_out: list[Connections], begun: threading.Event) -> None:
    with suppress(Overdue):
        for number in itertools.count():
            handed_out.append(hosts.to(host(number % 3)))
            begun.set()
