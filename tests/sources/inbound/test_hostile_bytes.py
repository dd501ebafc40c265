"""Requests that are written to be taken for others, or to keep the listener busy."""

from __future__ import annotations

import gc
import logging
import socket
import ssl
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import orjson
import pytest

from agent.network.lasting_connection import ConnectionBounds
from agent.sources.inbound.serving import request_body
from agent.sources.inbound.serving.json_depth import is_too_deep
from tests.certificates import make_certificates
from tests.sources.inbound.listening import PATIENCE, REPORT, TOKEN, Listening, listening, sender, signed

BODY = orjson.dumps(REPORT)
KNOWN = f"Authorization: Bearer {TOKEN}"
JSON = "Content-Type: application/json"
CHUNKED = b"%x\r\n%b\r\n0\r\n" % (len(BODY), BODY)
ASK = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"


def posted(there: Listening, *headers: str, body: bytes = BODY, length: bool = True) -> tuple[bytes, bytes]:
    """The status and the body of what is answered, the last on its connection."""
    lines = ["POST /v1/reports/middleware HTTP/1.1", "Host: x", "Connection: close", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    head, _, words = there.raw("\r\n".join([*lines, "", ""]).encode() + body).partition(b"\r\n\r\n")
    return head.split(b" ")[1], words


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ([KNOWN, "Authorization: Bearer another", JSON], "authorization"),
        (["Authorization: Bearer another", KNOWN, JSON], "authorization"),
        ([KNOWN, JSON, "Content-Type: text/plain"], "content-type"),
        ([KNOWN, JSON, "Content-Encoding: gzip", "Content-Encoding: identity"], "content-encoding"),
        ([KNOWN, JSON, "Webhook-Id: a", "webhook-id: b"], "webhook-id"),
    ],
)
def test_a_header_that_decides_comes_once(tmp_path: Path, headers: list[str], name: str) -> None:
    """Of two, a proxy might look at the other one; nothing of the request is taken, and the header is named."""
    with listening(sender(tmp_path)) as there:
        status, words = posted(there, *headers)
        assert (status, name.encode() in words) == (b"400", True), words
        assert not there.batches


def test_a_signature_comes_once(tmp_path: Path) -> None:
    """Each with its own time: neither is looked at."""
    with listening(sender(tmp_path)) as there:
        headers = [f"{key.replace('_', '-')}: {value}" for key, value in signed(BODY).items() if value]
        assert posted(there, KNOWN, JSON, *headers, *headers)[0] == b"400"


def test_a_trailer_is_no_header(tmp_path: Path) -> None:
    """Credentials behind the body prove nothing: what stands before the listener sees headers alone."""
    with listening(sender(tmp_path)) as there:
        trailer = f"{KNOWN}\r\n\r\n".encode()
        status, _ = posted(there, JSON, "Transfer-Encoding: chunked", body=CHUNKED + trailer, length=False)
        assert status == b"401"
        assert not there.batches
        status, _ = posted(there, JSON, KNOWN, "Transfer-Encoding: chunked", body=CHUNKED + trailer, length=False)
        assert status == b"200"


@pytest.mark.parametrize("protocol", ["h2c", "websocket"])
def test_another_protocol_is_refused(tmp_path: Path, protocol: str) -> None:
    """In words, and the connection ends: its body would be another protocol's, and the next request never be heard."""
    with listening(sender(tmp_path)) as there:
        status, words = posted(there, KNOWN, JSON, "Connection: Upgrade", f"Upgrade: {protocol}")
        assert (status, b"leave out the header Upgrade" in words) == (b"400", True)


@pytest.mark.parametrize("field", ["status", "attempt", "records", "error_code"])
@pytest.mark.parametrize("number", ["1e300", "-1e300", "1" + "0" * 200, "9007199254740994.0", "18446744073709551615"])
def test_a_number_beyond_all_bounds_is_refused(tmp_path: Path, field: str, number: str) -> None:
    """As any other mistake of the sender, for it would send the same again after a failure of ours."""
    document = BODY[:-1] + f', "{field}": {number}}}'.encode()
    with listening(sender(tmp_path)) as there:
        status, words = posted(there, KNOWN, JSON, body=document)
        assert (status, field.encode() in words) == (b"422", True), words


def test_a_text_without_an_end_is_looked_through_once() -> None:
    """However many quotes it holds: looked through from each of them, this would take a minute of processor time."""
    text = b"[" * 40 + b'"' + b'\\"' * 50_000
    gc.collect()
    began = time.process_time()
    is_too_deep(text)
    is_too_deep(text + b"\\")
    assert time.process_time() - began < 5.0


def test_who_does_not_read_the_answer_keeps_nobody_out(tmp_path: Path) -> None:
    """All connections are a stranger's that asks and does not read; a sender is answered all the same."""
    bounds = ConnectionBounds(connections=4, of_one_address=4)
    with listening(sender(tmp_path), bounds=bounds) as there, ExitStack() as open_:
        crowd = [open_.enter_context(socket.socket()) for _ in range(4)]
        for connection in crowd:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", there.listener.port))
            connection.settimeout(PATIENCE)
        waiting = set(crowd)
        for _ in range(40):  # until the answers fill what the kernel keeps for them
            for connection in waiting:
                connection.sendall(ASK * 4)
            time.sleep(0.02)
        assert there.post().status_code == 200


@pytest.mark.parametrize("secured", [False, True])
def test_an_end_that_cuts_no_request_is_no_error(
    tmp_path: Path, secured: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """With connections that wait for their next request, or for their handshake to go on."""
    certificates = make_certificates(tmp_path)
    tls = {"certificate": str(certificates.server), "key": str(certificates.server_key)} if secured else None
    trust: ssl.SSLContext | bool = ssl.create_default_context(cafile=certificates.ca) if secured else False
    with caplog.at_level(logging.ERROR), ExitStack() as open_:
        with listening(sender(tmp_path), tls=tls) as there:
            client = open_.enter_context(httpx.Client(verify=trust, timeout=PATIENCE))
            assert client.get(f"{there.url}/openapi.json").status_code == 200
            open_.enter_context(there.connect())
        assert [record.getMessage() for record in caplog.records] == []


def test_strangers_who_sign_leave_room_for_bodies_of_senders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The body of whoever signs is read before it is known who it is; from several addresses, one of them the sender's own, such
    bodies fill no more than a half.
    """
    monkeypatch.setattr(request_body, "IN_HAND", 0)  # four of the longest bodies
    head = (
        f"POST /v1/reports/nobody HTTP/1.1\r\nHost: x\r\nWebhook-Signature: v1,x\r\nContent-Length: {1 << 20}\r\n\r\n"
    )
    with listening(sender(tmp_path)) as there, ExitStack() as open_:
        port = there.listener.port
        refused = 0
        for number in range(8):
            address = f"127.0.0.{1 + number % 4}"
            stranger = open_.enter_context(socket.create_connection(("127.0.0.1", port), source_address=(address, 0)))
            stranger.sendall(head.encode() + b"x" * 1_000_000)
            stranger.settimeout(0.5)
            with suppress(TimeoutError):
                refused += stranger.recv(100).startswith(b"HTTP/1.1 503")
        assert refused
        assert there.post(body=b" " * 500_000 + BODY).status_code == 200
