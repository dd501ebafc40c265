"""Teams: the card, its size, and that its URL is a secret."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from agent.errors import SettingsError
from tests.certificates import Certificates
from tests.destinations.conftest import SecretFile, StartHttp
from tests.destinations.http_server import HttpServer, Reply
from tests.notice.channels.http_services import document, teams
from tests.notice.channels.made_message import LINK, channel, made, refusal


@pytest.fixture
def server(http: StartHttp) -> HttpServer:
    return http(teams, tls=True)


@pytest.fixture
def settings(server: HttpServer, certificates: Certificates, secret_file: SecretFile) -> dict[str, Any]:
    return document("teams", server, certificates, secret_file)


def card(server: HttpServer) -> dict[str, Any]:
    """Out of its envelope."""
    envelope = orjson.loads(server.requests[-1].body)
    assert envelope["type"] == "message"
    (attachment,) = envelope["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    found: dict[str, Any] = attachment["content"]
    assert (found["type"], found["version"]) == ("AdaptiveCard", "1.4")
    return found


def test_a_card_has_a_link_and_no_markdown(server: HttpServer, settings: dict[str, Any]) -> None:
    """What a rule is called makes no link; the receipt is the workflow's run."""
    receipt = channel(settings).send(made(lines=("[here](https://evil.example)",)), LINK)
    assert receipt.reference == "08584422347895638842938384345CU23"
    found = card(server)
    assert found["actions"] == [{"type": "Action.OpenUrl", "title": "Look and acknowledge", "url": LINK}]
    holders = [block["type"] for block in found["body"] if "evil.example" in str(block)]
    assert holders == ["RichTextBlock"]


def test_a_member_is_mentioned_by_the_address(server: HttpServer, settings: dict[str, Any]) -> None:
    """By their user principal name."""
    channel(settings).send(made("ana@example.com"), "")
    (entity,) = card(server)["msteams"]["entities"]
    assert entity["mentioned"]["id"] == "ana@example.com"
    assert entity["text"] in str(card(server)["body"])


@pytest.mark.parametrize("count", [0, 12, 100])
def test_a_card_has_at_most_28_kilobytes(server: HttpServer, settings: dict[str, Any], count: int) -> None:
    """Lines without room are left out, and counted; none is lost in silence."""
    channel(settings).send(made(lines=("ü" * 1_500,) * count), LINK)
    body = server.requests[-1].body
    shown = body.decode().count("ü" * 1_500)
    assert len(body) < 28 * 1024
    assert shown == count or f"and {count - shown} lines" in body.decode()


def test_a_failure_behind_status_200_is_one(server: HttpServer, settings: dict[str, Any]) -> None:
    """As connectors of old answer where Teams refuses."""
    text = b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"
    server.script.append(Reply(200, text))
    found = refusal(channel(settings))
    assert "429" in str(found) and not found.for_good


def test_the_url_is_in_no_error(server: HttpServer, settings: dict[str, Any]) -> None:
    """Not its path, not its signature: of a server that is gone, and of one that refuses."""
    server.script.append(Reply(404, b"no such workflow"))
    refused = refusal(channel(settings))
    server.stop()
    for error in (refused, refusal(channel(settings))):
        assert "workflows" not in f"{error}{error.hint}".replace("the workflow's", "") and "sig=" not in str(error)


@pytest.mark.parametrize(
    "url", ["http://example.com/x", "https://", "ftp://x", "https://example.com:0/", "https://[::1"]
)
def test_what_is_not_the_url_of_a_workflow_is_refused(
    url: str, settings: dict[str, Any], secret_file: SecretFile
) -> None:
    """And not shown."""
    with pytest.raises(SettingsError) as error:
        channel(settings | {"url": secret_file(url)}).prepare()
    assert url not in str(error.value)
