"""Syslog: the header's columns, framing, and what TCP and TLS hide from a sender."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.destinations.syslog.syslog import Syslog, SyslogSettings
from agent.errors import Misconfigured, Unavailable
from agent.pipeline.deliver import Delivery
from tests.certificates import Certificates
from tests.destinations.rows import as_json, event_id, one_chunk, rows, sending_time
from tests.destinations.syslog_server import DatagramReceiver, StreamReceiver

Open = Callable[..., Syslog]
Receive = Callable[..., StreamReceiver]


@pytest.fixture
def receive(opened: Any) -> Receive:
    def start(*args: Any, **kwargs: Any) -> StreamReceiver:
        receiver = StreamReceiver(*args, **kwargs)
        opened.callback(receiver.stop)
        return receiver

    return start


@pytest.fixture
def open_syslog(opened: Any) -> Open:
    def build(port: int, monotonic: Callable[[], float] = lambda: 0.0, **changes: Any) -> Syslog:
        document = {"type": "syslog", "host": "127.0.0.1", "port": port, "transport": "tcp", "format": "ecs"}
        syslog = Syslog(
            SyslogSettings.model_validate(document | changes),
            as_json,
            wait=lambda _: False,
            now=sending_time,
            monotonic=monotonic,
        )
        opened.callback(syslog.close)
        return syslog

    return build


def wrapped(frame: pl.DataFrame, **changes: Any) -> list[str]:
    document = {"type": "syslog", "host": "h", "port": 1, "transport": "udp", "hostname": "here", **changes}
    syslog = Syslog(SyslogSettings.model_validate(document), as_json, now=sending_time, wait=lambda _: False)
    return syslog.wrap(frame, as_json(frame)).to_list()


def test_rfc5424_header() -> None:
    """PRI, version, time with milliseconds, host, application, event type as MSGID, structured data."""
    line = wrapped(rows(1), enterprise_number=99999)[0]
    assert re.fullmatch(
        r"<166>1 2026-01-02T03:04:05\.123Z here leakline - ReportExport "
        r'\[origin software="leakline" swVersion="[^"]+"\]'
        rf'\[event@99999 id="{event_id(0)}" dataset="salesforce\.event_log_file" org="00D000000000001EAA"\] \{{.*\}}',
        line,
    )


def test_rfc3164_header() -> None:
    """The old header: no year, the day padded with a space, a tag of letters and digits."""
    line = wrapped(rows(1), protocol="rfc3164", application="leak-line")[0]
    assert line.startswith('<166>Jan  2 03:04:05 here leakline: {"id":')


def test_the_byte_order_mark_is_put_on_request() -> None:
    """RFC 5424 wants it before UTF-8 text, receivers keep it as part of the message: off unless asked for."""
    assert "\ufeff" not in wrapped(rows(1))[0]
    assert ' \ufeff{"id":' in wrapped(rows(1), byte_order_mark=True)[0]


@pytest.mark.parametrize("severity, level", [(99, 2), (90, 2), (73, 3), (47, 4), (21, 5), (0, 5), (None, 5)])
def test_alerts_have_their_severity(severity: int | None, level: int) -> None:
    """Alerts go by `event.severity`; an event with the same number stays informational."""
    frame = rows(2).with_columns(
        pl.Series("event.kind", ["alert", "event"]), pl.Series("event.severity", [severity, severity], pl.Int64)
    )
    first, second = wrapped(frame, facility="local0")
    assert first.startswith(f"<{128 + level}>1 ")
    assert second.startswith("<134>1 ")


HEADER = re.compile(
    r"<(\d{1,3})>1 (\S+) ([\x21-\x7e]{1,255}) ([\x21-\x7e]{1,48}) - ([\x21-\x7e]{1,32}) "
    r'((?:\[[\x21-\x7e]+?(?: [\x21-\x7e]+?="(?:[^"\\\]]|\\.)*")+\])+) (.*)',
    re.DOTALL,
)


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=40), min_size=1, max_size=4), st.text(max_size=60))
@settings(max_examples=100)
def test_hostile_text_stays_in_its_place(texts: list[str], host: str) -> None:
    """Whatever the event type, the organisation or the host name hold, the header keeps its form."""
    hostile = pl.Series(texts, dtype=pl.String)
    frame = rows(len(texts)).with_columns(
        hostile.alias("event.provider"), hostile.alias("organization.id"), hostile.alias("message")
    )
    for line, text, message in zip(
        wrapped(frame, hostname=host, enterprise_number=1), texts, as_json(frame), strict=True
    ):
        found = HEADER.fullmatch(line)
        assert found is not None
        assert found[7] == message
        value = re.search(r' org="((?:[^"\\\]]|\\.)*)"', found[6])
        assert value is not None
        assert re.sub(r"\\(.)", r"\1", value[1], flags=re.DOTALL) == text


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=30), min_size=1, max_size=6))
def test_octet_counts_are_octets(texts: list[str]) -> None:
    """Each message is preceded by its length in octets, so that no text can end it early."""
    document = {"type": "syslog", "host": "h", "port": 1, "transport": "tcp"}
    syslog = Syslog(SyslogSettings.model_validate(document), as_json, now=sending_time, wait=lambda _: False)
    lines = pl.Series(texts, dtype=pl.String)
    for text, frame in zip(texts, syslog.wrap(rows(len(texts)), lines), strict=True):
        count, _, message = frame.encode().partition(b" ")
        assert int(count) == len(message)
        assert message.decode().endswith(text)


def test_line_feed_framing_keeps_one_message_on_one_line() -> None:
    """A line end inside a message would begin another: it becomes a space."""
    document = {"type": "syslog", "host": "h", "port": 1, "transport": "tcp", "framing": "line_feed"}
    syslog = Syslog(SyslogSettings.model_validate(document), as_json, now=sending_time, wait=lambda _: False)
    (line,) = syslog.wrap(rows(1), pl.Series(["a\r\nb\nc"])).to_list()
    assert line.endswith(" a  b c\n")
    assert line.count("\n") == 1


def test_a_client_without_a_certificate_is_told(
    receive: Receive, open_syslog: Open, certificates: Certificates
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


def test_an_untrusted_receiver_gets_nothing(receive: Receive, open_syslog: Open, certificates: Certificates) -> None:
    """A certificate from elsewhere, or for another name, ends the connection before any row."""
    receiver = receive(certificates.server_context())
    syslog = open_syslog(receiver.port, host="localhost", transport="tls")
    with pytest.raises(Misconfigured, match=r"tls\.ca"):
        syslog.send(one_chunk(syslog, rows(3)))
    assert receiver.messages == []


def test_a_plain_port_is_not_tls(receive: Receive, open_syslog: Open) -> None:
    """Speaking TLS to something that does not is unavailable, and never falls back to plain text."""
    receiver = receive(counted=False)
    syslog = open_syslog(receiver.port, transport="tls", timeout="500ms")
    with pytest.raises(Unavailable):
        syslog.send(one_chunk(syslog, rows(1)))
    assert not any(b"origin" in message for message in receiver.messages)


def test_a_receiver_that_ends_at_once(open_syslog: Open, opened: Any) -> None:
    """A receiver that accepts and closes (an access list) is unavailable, although every write would succeed."""
    listener = socket.create_server(("127.0.0.1", 0))
    opened.callback(listener.close)
    ended = threading.Thread(target=lambda: listener.accept()[0].close())
    ended.start()
    syslog = open_syslog(listener.getsockname()[1])
    with pytest.raises(Unavailable, match="let us in"):
        syslog.send(one_chunk(syslog, rows(3)))
    ended.join()


@pytest.mark.parametrize("size", [25_000, 2_000_000])
def test_a_receiver_that_does_not_read(receive: Receive, open_syslog: Open, size: int) -> None:
    """Rows are not acknowledged before the other side's kernel has them, be they in ours already or not."""
    receiver = receive(deaf=True)
    syslog = open_syslog(receiver.port, timeout="300ms", max_bytes=50_000_000)
    with pytest.raises(Unavailable):
        syslog.send(one_chunk(syslog, rows(12), ["x" * size] * 12))


def test_a_reset_while_rows_are_on_their_way(receive: Receive, open_syslog: Open) -> None:
    """A receiver that dies with rows on their way is noticed at once, not after `timeout`."""
    receiver = receive(deaf=True)
    syslog = open_syslog(receiver.port)
    reset = threading.Timer(0.8, receiver.stop)
    reset.start()
    with pytest.raises(Unavailable, match=r"closed by the peer|reset by peer|refused"):
        syslog.send(one_chunk(syslog, rows(12), ["x" * 25_000] * 12))
    reset.join()


def test_a_receiver_killed_while_it_reads(receive: Receive, open_syslog: Open) -> None:
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


def test_what_must_have_been_read_is_not_sent_again(receive: Receive, open_syslog: Open) -> None:
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


def test_how_much_is_sent_again_is_set(receive: Receive, open_syslog: Open) -> None:
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


def test_through_a_proxy(receive: Receive, open_syslog: Open, opened: Any, secret_file: Any) -> None:
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


def _proxy(seen: list[bytes], opened: Any) -> int:
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


def test_udp_is_paced_and_says_what_no_datagram_holds(open_syslog: Open, opened: Any) -> None:
    """After every fifty messages there is a pause; a row above 65,507 bytes is too long, by itself."""
    receiver = DatagramReceiver()
    opened.callback(receiver.stop)
    pauses: list[float] = []
    document = {"type": "syslog", "host": "127.0.0.1", "port": receiver.port, "transport": "udp", "rate": 1000}
    syslog = Syslog(
        SyslogSettings.model_validate(document),
        as_json,
        now=sending_time,
        wait=lambda pause: bool(pauses.append(pause)),
    )
    opened.callback(syslog.close)
    lines = ["short"] * 120
    lines[7] = "x" * 66_000
    outcome = syslog.send(one_chunk(syslog, rows(120), lines))
    assert [row for row, _ in outcome.too_long] == [7]
    assert pauses == [0.05, 0.05]
    receiver.wait_for(119)


def test_udp_to_nobody_is_noticed_in_time(open_syslog: Open, opened: Any) -> None:
    """Where the other host says that nobody listens, rows wait."""
    receiver = DatagramReceiver()
    receiver.stop()
    syslog = open_syslog(receiver.port, transport="udp")
    with pytest.raises(Unavailable):
        for _ in range(100):
            syslog.send(one_chunk(syslog, rows(2)))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"transport": "udp", "max_row_bytes": 70_000}, "65507"),
        ({"transport": "udp", "proxy": {"url": "http://p:1"}}, "http:// proxy"),
        ({"transport": "tcp", "proxy": {"url": "https://p:1"}}, "http:// proxy"),
        ({"transport": "pigeon"}, "transport"),
        ({"facility": "local9"}, "facility"),
        ({"port": 0}, "port"),
    ],
)
def test_settings_that_are_refused(changes: dict[str, Any], message: str) -> None:
    """Wrong settings are refused with words that say what to write."""
    with pytest.raises(ValidationError, match=message):
        SyslogSettings.model_validate({"type": "syslog", "host": "h", "port": 1, **changes})
