"""Whoever only holds connections, or drips into them, keeps nobody else out."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.errors import SettingsError
from agent.network.lasting_connection import ConnectionBounds
from agent.network.server_tls import ServerTls
from tests.certificates import Certificates, make_certificates
from tests.sources.inbound.listening import PATIENCE, TOKEN, Listening, everything, listening, sender

GOOD = (
    b"POST /v1/reports/middleware HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer "
    + TOKEN.encode()
    + b"\r\nContent-Length: 22\r\n\r\n"
)
BODY = b'{"type": "heartbeat" }'
DRIPPERS = 200


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def tls_of(certificates: Certificates) -> dict[str, Any]:
    return {
        "certificate": str(certificates.server),
        "key": str(certificates.server_key),
        "client_ca": str(certificates.ca),
    }


def answered(there: Listening, connection: socket.socket) -> bytes:
    """The status line of a good request on a connection that stays."""
    connection.sendall(GOOD + BODY)
    answer = b""
    while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
        answer += connection.recv(1 << 16)
    return answer.partition(b"\r\n")[0]


def test_two_hundred_drippers_disturb_nobody(tmp_path: Path) -> None:
    """In the head, in the body, and saying nothing; a good sender's reports are taken all the while, over its connection
    and over new ones, from the same address.
    """
    with listening(sender(tmp_path)) as there, ExitStack() as open_:
        kept = open_.enter_context(there.connect())
        assert answered(there, kept) == b"HTTP/1.1 200 OK"
        drippers = [open_.enter_context(there.connect()) for _ in range(DRIPPERS)]
        beginnings = [b"", GOOD[:40], GOOD + BODY[:3], b"\r\n"]
        stop = threading.Event()

        def drip() -> None:
            for number, dripper in enumerate(drippers):
                dripper.sendall(beginnings[number % 4])
            while not stop.wait(0.05):
                for dripper in drippers:
                    try:
                        dripper.sendall(b" ")
                    except OSError:
                        continue

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            for _ in range(20):
                assert answered(there, kept) == b"HTTP/1.1 200 OK"
                assert there.post().status_code == 200
        finally:
            stop.set()
            thread.join(PATIENCE)


@pytest.mark.parametrize("of_one", [4, 100])
def test_a_newcomer_ends_the_oldest_that_has_shown_nothing(tmp_path: Path, of_one: int) -> None:
    """Of one address, and of all; not the sender, who came first."""
    bounds = ConnectionBounds(connections=4, of_one_address=of_one)
    with listening(sender(tmp_path), bounds=bounds) as there, ExitStack() as open_:
        kept = open_.enter_context(there.connect())
        assert answered(there, kept) == b"HTTP/1.1 200 OK"
        crowd = [open_.enter_context(there.connect()) for _ in range(10)]
        assert everything(crowd[0]) == b""
        assert answered(there, kept) == b"HTTP/1.1 200 OK"


def test_a_request_that_is_being_answered_is_not_cut(tmp_path: Path) -> None:
    """Newcomers are turned away instead."""
    bounds = ConnectionBounds(connections=2)
    with listening(sender(tmp_path), bounds=bounds) as there, ExitStack() as open_:
        committing, go_on = threading.Event(), threading.Event()

        def hold() -> None:
            committing.set()
            go_on.wait(PATIENCE)

        there.before = hold
        busy = [open_.enter_context(there.connect()) for _ in range(2)]
        for connection in busy:
            connection.sendall(GOOD + BODY)
        assert committing.wait(PATIENCE)
        wait_until(lambda: there.listener._doorway is not None and all_answered(there))
        assert everything(open_.enter_context(there.connect())) == b""
        go_on.set()
        for connection in busy:
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")


def test_a_head_that_does_not_end_is_cut(tmp_path: Path) -> None:
    """On a new connection, and behind an answer on one that stays; the body has its own time, and is answered with 408."""
    bounds = ConnectionBounds(head_seconds=0.2)
    with listening(sender(tmp_path), bounds=bounds) as there, pytest.MonkeyPatch.context() as patched:
        patched.setattr("agent.sources.inbound.serving.request_body.SECONDS", 0.2)
        with there.connect() as connection:
            assert everything(connection) == b""
        with there.connect() as connection:
            assert answered(there, connection) == b"HTTP/1.1 200 OK"
            connection.sendall(GOOD[:30])
            assert everything(connection) == b""
        assert b" 408 " in there.raw(GOOD + BODY[:5])


def test_a_connection_ends_after_its_life(tmp_path: Path) -> None:
    """With an answer that says so."""
    with listening(sender(tmp_path), bounds=ConnectionBounds(life_seconds=0.0)) as there:
        assert b"connection: close" in there.raw(GOOD + BODY)


def test_an_idle_connection_ends(tmp_path: Path) -> None:
    """So that clients that forget theirs do not add up."""
    with listening(sender(tmp_path), bounds=ConnectionBounds(idle_seconds=1.0)) as there, there.connect() as connection:
        assert answered(there, connection) == b"HTTP/1.1 200 OK"
        assert everything(connection) == b""


def test_requests_sent_ahead_are_answered_in_order_and_bounded(tmp_path: Path) -> None:
    """A few are fine; a thousand at once end their connection."""
    get = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
    last = get.replace(b"Host", b"Connection: close\r\nHost")
    with listening(sender(tmp_path)) as there:
        assert there.raw(get * 4 + last).count(b"HTTP/1.1 200") == 5
        assert there.raw(get * 1000).count(b"HTTP/1.1 200") < 100
        assert there.post().status_code == 200


def test_expect_is_answered(tmp_path: Path) -> None:
    """`100 Continue` to a request that is welcome, its refusal to another, without a wait for its body."""
    with listening(sender(tmp_path)) as there, there.connect() as connection:
        connection.sendall(GOOD.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert connection.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")
        wrong = GOOD.replace(TOKEN.encode(), b"x").replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
        assert there.raw(wrong).startswith(b"HTTP/1.1 401")


def test_a_request_in_hand_is_answered_at_the_stop(tmp_path: Path) -> None:
    """With success if it was committed, for it was."""
    with listening(sender(tmp_path)) as there:
        committing, go_on = threading.Event(), threading.Event()

        def hold() -> None:
            committing.set()
            go_on.wait(PATIENCE)

        there.before = hold
        with there.connect() as connection:
            connection.sendall(GOOD + BODY)
            assert committing.wait(PATIENCE)
            closing = threading.Thread(target=there.listener.close)
            closing.start()
            wait_until(lambda: there.listener._server is not None and there.listener._server.should_exit)
            go_on.set()
            answer = everything(connection)
            closing.join(PATIENCE)
        assert answer.startswith(b"HTTP/1.1 200 OK")


# TLS


def with_certificate(there: Listening, certificates: Certificates, *, shown: bool) -> httpx.Response:
    context = ssl.create_default_context(cafile=str(certificates.ca))
    if shown:
        context.load_cert_chain(certificates.client, certificates.client_key)
    there.verify = context
    return there.post(authorization="")


def test_a_sender_is_known_by_its_certificate(tmp_path: Path, certificates: Certificates) -> None:
    """One of the authority in the settings, with this subject; without one, or with another, it is nobody."""
    known = sender(tmp_path, authentication={"client_certificate": "CN=agent"})
    other = sender(tmp_path, "other", authentication={"client_certificate": "CN=other"})
    with listening(known, other, tls=tls_of(certificates)) as there:
        assert with_certificate(there, certificates, shown=True).status_code == 200
        assert there.post("other", authorization="").status_code == 401
        assert with_certificate(there, certificates, shown=False).status_code == 401
        assert there.senders.known["middleware"].record.reason == "401: it shows no certificate"


def test_a_certificate_of_another_authority_is_refused(
    tmp_path: Path, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In the handshake, whatever subject it has."""
    foreign = make_certificates(tmp_path_factory.mktemp("foreign"))
    known = sender(tmp_path, authentication={"client_certificate": "CN=agent"})
    with listening(known, tls=tls_of(certificates)) as there:
        context = ssl.create_default_context(cafile=str(certificates.ca))
        context.load_cert_chain(foreign.client, foreign.client_key)
        there.verify = context
        with pytest.raises(httpx.TransportError):
            there.post(authorization="")
        assert with_certificate(there, certificates, shown=True).status_code == 200


def test_handshakes_that_do_not_end_are_cut_and_keep_nobody_out(tmp_path: Path, certificates: Certificates) -> None:
    """They count as connections before TLS has begun."""
    bounds = ConnectionBounds(connections=20, head_seconds=0.5)
    with listening(sender(tmp_path), tls=tls_of(certificates), bounds=bounds) as there, ExitStack() as open_:
        there.verify = ssl.create_default_context(cafile=str(certificates.ca))
        silent = [open_.enter_context(there.connect()) for _ in range(60)]
        assert there.post().status_code == 200
        plain = open_.enter_context(there.connect())
        plain.sendall(GOOD + BODY)
        assert b"HTTP/1.1" not in everything(plain)
        assert [everything(connection) for connection in silent] == [b""] * 60
        assert there.post().status_code == 200


def test_a_certificate_that_changes_is_shown_to_the_next_connection(
    tmp_path: Path, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """One that cannot be read leaves the one from before in use, and is told."""
    new = make_certificates(tmp_path_factory.mktemp("new"))
    files = {name: tmp_path / name for name in ("certificate", "key", "client_ca")}
    for name, path in zip(files, (certificates.server, certificates.server_key, certificates.ca), strict=True):
        files[name].write_bytes(path.read_bytes())
    tls = ServerTls(*files.values(), steady=iter(range(1000)).__next__)
    first = tls.context()
    assert tls.context() is first
    files["certificate"].write_text("nothing")
    assert tls.context() is first
    assert "cannot be used" in tls.problem
    files["certificate"].write_bytes(new.server.read_bytes())
    files["key"].write_bytes(new.server_key.read_bytes())
    assert tls.context() is not first
    assert tls.problem == ""


def test_a_listener_without_a_usable_certificate_does_not_begin(tmp_path: Path, certificates: Certificates) -> None:
    """The error names the file; a key with a password is not asked for at the terminal."""
    with pytest.raises(SettingsError, match=r"lost\.pem cannot be used"):
        ServerTls(tmp_path / "lost.pem", certificates.server_key, None).context()
    with pytest.raises(SettingsError, match="cannot be used"):
        ServerTls(certificates.server, certificates.client_key, None).context()


def all_answered(there: Listening) -> bool:
    doorway = there.listener._doorway
    assert doorway is not None
    return sum(step.worth == 2 for steps in list(doorway._inside.values()) for step in list(steps)) == 2


def wait_until(holds: Any) -> None:
    """Fails where it does not come to hold."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
