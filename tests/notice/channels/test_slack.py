"""Slack: what is posted, and what its errors mean."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.certificates import Certificates
from tests.destinations.conftest import SecretFile, StartHttp
from tests.destinations.http_server import HttpServer, Reply
from tests.notice.channels.http_services import document, slack
from tests.notice.channels.made_message import LINK, channel, made, refusal


@pytest.fixture
def server(http: StartHttp) -> HttpServer:
    return http(slack, tls=True)


@pytest.fixture
def settings(server: HttpServer, certificates: Certificates, secret_file: SecretFile) -> dict[str, Any]:
    return document("slack", server, certificates, secret_file)


def posted(server: HttpServer) -> dict[str, Any]:
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/api/chat.postMessage")
    found: dict[str, Any] = orjson.loads(request.body)
    return found


def test_a_message_is_posted_with_a_button(server: HttpServer, settings: dict[str, Any]) -> None:
    """Its receipt is the channel and the time stamp by which Slack knows it."""
    receipt = channel(settings).send(made(), LINK)
    assert (receipt.answer, receipt.reference) == ("posted in C123ABC456", "C123ABC456:1503435956.000247")
    body = posted(server)
    (button,) = [block for block in body["blocks"] if block["type"] == "actions"]
    assert button["elements"][0]["url"] == LINK
    assert body["channel"] == "#security"


def test_nothing_in_a_text_is_a_command(server: HttpServer, settings: dict[str, Any]) -> None:
    """A rule's name with `<!channel>` calls nobody."""
    channel(settings).send(made(summary="rule <!channel> & more", lines=("<https://evil.example|here>",)), "")
    body = posted(server)
    assert body["text"] == "rule &lt;!channel&gt; &amp; more"
    assert "&lt;https://evil.example|here&gt;" in str(body["blocks"])
    assert "<" not in str(body["blocks"])


@pytest.mark.parametrize(
    ("address", "where", "begin"),
    [
        ("U012ABCDEF", "#security", "<@U012ABCDEF> "),
        ("<@W012ABCDEF>", "#security", "<@W012ABCDEF> "),
        ("#privacy", "#privacy", "high"),
        ("C0123456789", "C0123456789", "high"),
        ("<!here>", "#security", "&lt;!here&gt; "),
        ("", "#security", "high"),
    ],
)
def test_an_address_is_a_member_or_another_channel(
    server: HttpServer, settings: dict[str, Any], address: str, where: str, begin: str
) -> None:
    """Anything else is text."""
    channel(settings).send(made(address), "")
    body = posted(server)
    assert body["channel"] == where and body["text"].startswith(begin)


@pytest.mark.parametrize(
    "error", ["invalid_auth", "channel_not_found", "not_in_channel", "missing_scope", "is_archived"]
)
def test_what_somebody_has_to_change_is_refused_for_good(
    server: HttpServer, settings: dict[str, Any], error: str
) -> None:
    """With what to do."""
    server.script.append(Reply.json(200, {"ok": False, "error": error}))
    found = refusal(channel(settings))
    assert found.for_good and found.hint and error in str(found)


@pytest.mark.parametrize("error", ["ratelimited", "internal_error", "service_unavailable"])
def test_what_passes_is_tried_again(server: HttpServer, settings: dict[str, Any], error: str) -> None:
    """Slack's own trouble comes with status 200 too."""
    server.script.append(Reply.json(200, {"ok": False, "error": error}, **{"Retry-After": "7"}))
    found = refusal(channel(settings))
    assert (found.for_good, found.retry_after) == (False, 7.0)


@pytest.mark.parametrize(
    "body", [b"ok", b"<html></html>", b"[]", b'{"ok": "true"}', b'{"ok":true' + b" " * 2**20 + b"}"]
)
def test_an_answer_that_is_not_slacks_accepts_nothing(
    server: HttpServer, settings: dict[str, Any], body: bytes
) -> None:
    """A proxy's page with status 200, or more than Slack would say."""
    server.script.append(Reply(200, body))
    assert refusal(channel(settings)).for_good is False


def test_a_long_message_fits(server: HttpServer, settings: dict[str, Any]) -> None:
    """A block's text has at most 3,000 characters."""
    channel(settings).send(made(summary="s" * 5_000, lines=("l" * 2_000,) * 30), "")
    texts = [block["text"]["text"] for block in posted(server)["blocks"] if block["type"] == "section"]
    assert texts and max(map(len, texts)) <= 3_000
