"""Whatever comes is answered with the right status, costs little, and harms nobody else."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.sources.inbound.serving.answers import RequestRefusal
from agent.sources.inbound.serving.json_depth import DEEPEST, is_too_deep
from agent.sources.inbound.serving.request_body import IN_HAND, BodiesInHand
from tests.sources.inbound.listening import REPORT, SECRET_PATH, TOKEN, Listening, listening, secret, sender

DOCUMENT = json.dumps(REPORT).encode()
BOMB = gzip.compress(b" " * (64 << 20))


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b"{", {}, 400),
        (b"{'type': 'heartbeat'}", {}, 400),
        (DOCUMENT[:-1], {}, 400),
        (DOCUMENT + b"x", {}, 400),
        (b"\xff\xfe{\x00}\x00", {}, 400),
        (b'{"type":"heartbeat","id":"\xc3\x28"}', {}, 400),
        (b'{"type":"heartbeat","id":"\\ud800"}', {}, 400),
        (b"[" * 2_000, {}, 400),
        (b"[" * 33 + b"]" * 33, {}, 400),
        (b'{"a":' * 40 + b"1" + b"}" * 40, {}, 400),
        (b"null", {}, 422),
        (b"[]", {}, 422),
        (b'"text"', {}, 422),
        (b"{}", {}, 422),
        (b'{"type":"nothing known"}', {}, 422),
        (b" " * (1 << 12), {}, 413),
        (DOCUMENT, {"content_type": "text/plain"}, 415),
        (DOCUMENT, {"content_type": ""}, 415),
        (DOCUMENT, {"content_type": "application/x-www-form-urlencoded"}, 415),
        (DOCUMENT, {"content_type": "application/json; charset=utf-16"}, 415),
        (DOCUMENT, {"content_encoding": "br"}, 415),
        (DOCUMENT, {"content_encoding": "gzip"}, 400),
        (gzip.compress(DOCUMENT)[:-1], {"content_encoding": "gzip"}, 400),
        (gzip.compress(DOCUMENT) + b"more", {"content_encoding": "gzip"}, 400),
        (zlib.compress(DOCUMENT), {"content_encoding": "gzip"}, 400),
        (BOMB[:1000], {"content_encoding": "gzip"}, 413),
    ],
)
def test_a_body_that_cannot_be_taken(tmp_path: Path, body: bytes, headers: dict[str, Any], status: int) -> None:
    """The status says of which sort the mistake is, the detail what to do; the next report is taken."""
    with listening(sender(tmp_path), max_bytes=2048) as there:
        answer = there.post(body=body, **headers)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
        assert not there.batches
        assert there.post().status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "application/json; charset=UTF-8"},
        {"content_type": 'application/cloudevents+json;charset="utf-8"'},
        {"content_type": "APPLICATION/JSON"},
    ],
)
def test_ways_to_say_json(tmp_path: Path, headers: dict[str, Any]) -> None:
    """All that mean JSON in UTF-8."""
    with listening(sender(tmp_path)) as there:
        assert there.post(**headers).status_code == 200


def test_gzip_is_taken(tmp_path: Path) -> None:
    """As middleware sends long batches."""
    with listening(sender(tmp_path)) as there:
        assert there.post(body=gzip.compress(DOCUMENT), content_encoding="gzip").status_code == 200
        assert there.batches[0].frame["object"].to_list() == ["Account"]


def test_a_body_that_says_to_be_too_long_is_refused_before_it_comes(tmp_path: Path) -> None:
    """The answer is there although nothing of the body was sent."""
    with listening(sender(tmp_path)) as there:
        assert b" 413 " in there.raw(request(there, length=1 << 40))
        assert b" 400 " in there.raw(request(there, length=1 << 80))


def test_a_body_in_pieces_is_counted(tmp_path: Path) -> None:
    """Without a length, as much as is allowed and no more; the sender hears why although it still sends."""
    with listening(sender(tmp_path), max_bytes=2048) as there:
        pieces = b"400\r\n" + b" " * 1024 + b"\r\n"
        head = request(there).replace(b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n")
        assert b" 413 " in there.raw(head + pieces * 1000)
        whole = b"%x\r\n%b\r\n0\r\n\r\n" % (len(DOCUMENT), DOCUMENT)
        assert b" 200 " in there.raw(head.replace(b"Host", b"Connection: close\r\nHost") + whole)


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nX: " + b"x" * (1 << 17),
        b"GET /" + b"x" * (1 << 17),
        b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 10_000,
        b"\r\n" * 20_000,
    ],
)
def test_headers_that_are_too_long_are_cut(tmp_path: Path, head: bytes) -> None:
    """With 431, although they do not end; httptools itself would take any amount."""
    with listening(sender(tmp_path)) as there:
        assert b" 431 " in there.raw(head)
        assert there.post().status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nA b: c\r\n\r\n",
        b"POST /v1/reports/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /\r\n\r\n",
        b"GET http:// HTTP/1.1\r\n\r\n",
        b"CONNECT a:1 HTTP/1.1\r\n\r\n",
        b"\0" * 100,
    ],
)
def test_what_is_not_http_ends_its_connection(tmp_path: Path, text: bytes) -> None:
    """With a status of 400 or more; others go on."""
    with listening(sender(tmp_path)) as there:
        answer = there.raw(text)
        assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5")) or answer == b"", answer
        assert there.post().status_code == 200


def test_methods_and_paths_are_answered_in_http(tmp_path: Path) -> None:
    """404 for what is not there, 405 with what is allowed, OPTIONS and HEAD as they should be."""
    with listening(sender(tmp_path)) as there:
        cases = [
            (b"GET", b"/", b"404", b""),
            (b"POST", b"/v1/reports/", b"401", b""),
            (b"POST", b"/v1/reports/a/b", b"404", b""),
            (b"GET", b"/v1/reports/middleware", b"405", b"POST, OPTIONS"),
            (b"PUT", b"/v1/outbound-messages/x", b"405", b"POST, OPTIONS"),
            (b"POST", b"/openapi.json", b"405", b"GET, HEAD, OPTIONS"),
            (b"OPTIONS", b"/v1/reports/middleware", b"204", b"POST, OPTIONS"),
            (b"HEAD", b"/openapi.json", b"200", b""),
            (b"TRACE", b"/openapi.json", b"405", b"GET, HEAD, OPTIONS"),
        ]
        for method, path, status, allow in cases:
            answer = there.raw(b"%b %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % (method, path))
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 " + status), (method, path, head)
            assert (b"allow: " + allow in head) if allow else b"allow:" not in head
            assert not body or method not in (b"HEAD", b"OPTIONS")


def test_refusals_of_outbound_messages_are_faults(tmp_path: Path) -> None:
    """Salesforce reads SOAP; the secret path is in no answer."""
    hidden = sender(tmp_path, authentication={"path": {"file": str(secret(tmp_path, "path", SECRET_PATH))}})
    with listening(hidden) as there:
        for path, content_type, status in (
            (SECRET_PATH, "text/xml", b"400"),
            (SECRET_PATH, "application/json", b"415"),
            ("wrong", "text/xml", b"401"),
        ):
            head = f"POST /v1/outbound-messages/{path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\n"
            answer = there.raw(head.encode() + b"Connection: close\r\nContent-Length: 1\r\n\r\n<")
            assert answer.startswith(b"HTTP/1.1 " + status), answer
            assert b"content-type: text/xml" in answer
            assert b"Fault" in answer
            assert SECRET_PATH.encode() not in answer


@settings(max_examples=40, deadline=None)
@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_depth_is_told_without_parsing(value: object) -> None:
    """As a walk over the parsed document has it, whatever its texts hold."""
    text = json.dumps(value)
    for _ in range(DEEPEST - 2):
        text = f"[{text}, 1]"
    assert is_too_deep(text.encode()) is (depth(value) > 2)


def depth(value: object) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def request(there: Listening, length: int = 0) -> bytes:
    """The head of a good request."""
    return (
        "POST /v1/reports/middleware HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {TOKEN}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def test_bodies_of_one_address_leave_room_for_others() -> None:
    """Three quarters of the memory for bodies are the most that one takes; what is given back can be taken again."""
    bodies = BodiesInHand(1 << 20)
    with bodies.share("a") as take:
        take(IN_HAND * 3 // 4)
        with pytest.raises(RequestRefusal) as refused:
            take(1)
        assert refused.value.answer.status == 503
        with bodies.share("b") as other:
            other(IN_HAND // 4)
            with bodies.share("c") as third, pytest.raises(RequestRefusal):
                third(1)
    with bodies.share("a") as take:
        take(IN_HAND * 3 // 4)
    assert not bodies._bytes
