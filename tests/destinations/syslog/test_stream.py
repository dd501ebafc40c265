"""Syslog over TCP and TLS: what they hide from a sender."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import ExitStack

import pytest

from agent.errors import Misconfigured, Unavailable
from agent.pipeline.deliver import Delivery
from tests.certificates import Certificates
from tests.destinations.conftest import OpenSyslog, Receive, SecretFile
from tests.destinations.rows import event_id, one_chunk, rows


def test_a_client_without_a_certificate_is_told(
    receive: Receive, open_syslog: OpenSyslog, certificates: Certificates
) -> None:
    """TLS 1.3 lets such a client write into the void: the refusal is seen before the first row."""
    receiver = receive(certificates.server_context(demands_certificate=True))
    tls = {"ca": str(certificates.ca)}
    syslog = open_syslog(receiver.port, host="localhost", transport="tls", tls=tls)
    with pytest.raises(Misconfigured, match=r"tls"):
        syslog.send(one_chunk(syslog, rows(3)))
    assert receiver.messages == []
    own = {**tls, "certificate": str(certificates.client), "key": str(certificates.client_key)}
    known = open_syslog(receiver.port, host="localhost", transport="tls", tls=own)
    known.send(one_chunk(known, rows(3)))
    receiver.wait_for(3)


def test_an_untrusted_receiver_gets_nothing(
    receive: Receive, open_syslog: OpenSyslog, certificates: Certificates
) -> None:
    """A certificate from elsewhere, or for another name, ends the connection before any row."""
    receiver = receive(certificates.server_context())
    syslog = open_syslog(receiver.port, host="localhost", transport="tls")
    with pytest.raises(Misconfigured, match=r"tls\.ca"):
        syslog.send(one_chunk(syslog, rows(3)))
    assert receiver.messages == []


def test_a_plain_port_is_not_tls(receive: Receive, open_syslog: OpenSyslog) -> None:
    """Speaking TLS to something that does not is unavailable, and never falls back to plain text."""
    receiver = receive(counted=False)
    syslog = open_syslog(receiver.port, transport="tls", timeout="500ms")
    with pytest.raises(Unavailable):
        syslog.send(one_chunk(syslog, rows(1)))
    assert not any(b"origin" in message for message in receiver.messages)


def test_a_receiver_that_ends_at_once(open_syslog: OpenSyslog, opened: ExitStack) -> None:
    """A receiver that accepts and closes (an access list) is unavailable, although every write would succeed."""
    listener = socket.create_server(("127.0.0.1", 0))
    opened.callback(listener.close)
    ended = threading.Thread(target=lambda: listener.accept()[0].close())
    ended.start()
    syslog = open_syslog(listener.getsockname()[1])
    with pytest.raises(Unavailable, match="admit this host"):
        syslog.send(one_chunk(syslog, rows(3)))
    ended.join()


@pytest.mark.parametrize("size", [25_000, 2_000_000])
def test_a_receiver_that_does_not_read(receive: Receive, open_syslog: OpenSyslog, size: int) -> None:
    """Rows are not acknowledged before the other side's kernel has them, be they in ours already or not."""
    receiver = receive(deaf=True)
    syslog = open_syslog(receiver.port, timeout="300ms", max_bytes=50_000_000)
    with pytest.raises(Unavailable):
        syslog.send(one_chunk(syslog, rows(12), ["x" * size] * 12))


def test_a_reset_while_rows_are_on_their_way(receive: Receive, open_syslog: OpenSyslog) -> None:
    """A receiver that dies with rows on their way is noticed at once, not after `timeout`."""
    receiver = receive(deaf=True)
    syslog = open_syslog(receiver.port)
    reset = threading.Timer(0.8, receiver.stop)
    reset.start()
    with pytest.raises(Unavailable, match=r"closed the connection|reset by peer|refused"):
        syslog.send(one_chunk(syslog, rows(12), ["x" * 25_000] * 12))
    reset.join()


def test_a_receiver_killed_while_it_reads(receive: Receive, open_syslog: OpenSyslog) -> None:
    """A receiver that dies loses what it had in memory: all of that is sent again to the next one."""
    receiver = receive()
    syslog = open_syslog(receiver.port)
    delivery = Delivery(syslog, threading.Event(), lambda: 0.0)
    for first in (0, 100):
        delivery.deliver(one_chunk(syslog, rows(100, first=first)), 0)
    receiver.wait_for(200)
    receiver.kill_after = 1
    for first in (200, 300, 400):
        assert delivery.deliver(one_chunk(syslog, rows(100, first=first)), 0).acknowledged == 100
    receiver.wait_for(500)
    assert receiver.connections == 2
    arrived = {re.findall(rb'"id":"(\w+)"', message)[0].decode() for message in receiver.messages}
    assert arrived == {event_id(number) for number in range(500)}


def test_what_must_have_been_read_is_not_sent_again(receive: Receive, open_syslog: OpenSyslog) -> None:
    """A connection that breaks a minute after the last row costs no doubles."""
    clock = [0.0]
    receiver = receive()
    syslog = open_syslog(receiver.port, monotonic=lambda: clock[0])
    syslog.send(one_chunk(syslog, rows(3)))
    receiver.wait_for(3)
    receiver.stop()
    receiver.start()
    clock[0] = 61.0
    syslog.send(one_chunk(syslog, rows(3, first=3)))
    receiver.wait_for(6)
    assert len(receiver.messages) == 6


def test_how_much_is_sent_again_is_set(receive: Receive, open_syslog: OpenSyslog) -> None:
    """`resend_bytes` bounds it in whole messages; 0 turns it off."""
    receiver = receive()
    syslog = open_syslog(receiver.port, resend_bytes=700)
    syslog.send(one_chunk(syslog, rows(9)))
    receiver.wait_for(9)
    receiver.stop()
    before = len(receiver.messages)
    receiver.start()
    syslog.send(one_chunk(syslog, rows(1, first=9)))
    receiver.wait_for(10)
    again = receiver.messages[before:-1]
    assert again
    assert sum(len(message) for message in again) <= 700
    assert again == receiver.messages[before - len(again) : before]


def test_through_a_proxy(receive: Receive, open_syslog: OpenSyslog, opened: ExitStack, secret_file: SecretFile) -> None:
    """CONNECT with credentials reaches the receiver; a proxy that refuses is told."""
    receiver = receive()
    seen: list[bytes] = []
    proxy = _proxy(seen, opened)
    settings_of = {"url": f"http://127.0.0.1:{proxy}", "username": "user", "password": secret_file("pass")}
    syslog = open_syslog(receiver.port, proxy=settings_of)
    syslog.send(one_chunk(syslog, rows(3)))
    receiver.wait_for(3)
    assert seen[0].startswith(f"CONNECT 127.0.0.1:{receiver.port} HTTP/1.1\r\n".encode())
    assert b"Proxy-Authorization: Basic dXNlcjpwYXNz\r\n" in seen[0]
    syslog.close()
    refused = open_syslog(1, proxy={"url": f"http://127.0.0.1:{proxy}"})
    with pytest.raises(Unavailable, match="answered 403"):
        refused.send(one_chunk(refused, rows(1)))


def _proxy(seen: list[bytes], opened: ExitStack) -> int:
    """A CONNECT proxy in a thread; refuses port 1. Returns its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    opened.callback(listener.close)

    def pump(source: socket.socket, target: socket.socket) -> None:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        for _ in range(2):
            client, _address = listener.accept()
            with client:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    head += client.recv(1)
                seen.append(head)
                port = int(head.split()[1].rpartition(b":")[2])
                if port == 1:
                    client.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                    continue
                with socket.create_connection(("127.0.0.1", port)) as target:
                    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    back = threading.Thread(target=pump, args=(target, client))
                    back.start()
                    pump(client, target)
                    back.join()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    opened.callback(thread.join)
    return int(listener.getsockname()[1])
