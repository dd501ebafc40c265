"""The signed webhook, by the vectors of Standard Webhooks and by their own library."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from agent.errors import SettingsError
from agent.notice.channels.webhook import signed_headers
from tests.certificates import Certificates
from tests.destinations.conftest import SecretFile, StartHttp
from tests.destinations.http_server import HttpServer, Reply
from tests.notice.channels.http_services import SECRETS, document, webhook
from tests.notice.channels.made_message import LINK, NOW, channel, made, refusal

SECRET = SECRETS["webhook"]
OTHER = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def server(http: StartHttp) -> HttpServer:
    return http(webhook, tls=True)


@pytest.fixture
def settings(server: HttpServer, certificates: Certificates, secret_file: SecretFile) -> dict[str, Any]:
    return document("webhook", server, certificates, secret_file)


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2))])
def test_the_published_vector(zone: timezone) -> None:
    """Of the tests of the libraries of Standard Webhooks; in whatever zone the time is."""
    at = datetime.fromtimestamp(1614265330, zone)
    assert signed_headers(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, b'{"test": 2432232314}') == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_a_receiver_can_verify_it(server: HttpServer, settings: dict[str, Any]) -> None:
    """With the specification's own library, at the time of the attempt; changed, it cannot."""
    receipt = channel(settings).send(made(), LINK)
    (request,) = server.requests
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert headers["webhook-id"] == made().id
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    signature = Webhook(SECRET).sign(headers["webhook-id"], NOW, request.body.decode())
    assert headers["webhook-signature"] == signature
    assert Webhook(SECRET).sign(headers["webhook-id"], NOW, request.body.decode() + " ") != signature
    assert receipt.reference == "sha256:" + hashlib.sha256(b"taken").hexdigest()[:16]


def test_now_a_receiver_accepts_it() -> None:
    """The library's own `verify`, which looks at the clock; for each of several secrets, and no other."""
    content = b'{"data": {}}'
    headers = signed_headers(f"{SECRET} {OTHER}", "msg-1", datetime.now(UTC), content)
    for secret in (SECRET, OTHER):
        assert Webhook(secret).verify(content, headers) == {"data": {}}
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + base64.b64encode(b"x" * 32).decode()).verify(content, headers)


def test_the_body_is_thin(server: HttpServer, settings: dict[str, Any]) -> None:
    """Ids, levels, sentences without people, and the link."""
    channel(settings).send(made("somewhere", ("xiomara",), is_drill=True), LINK)
    body = orjson.loads(server.requests[0].body)
    assert body["type"] == "leakline.escalation" and body["timestamp"] == "2026-11-27T12:00:00+00:00"
    data = body["data"]
    assert (data["id"], data["incident"], data["level"], data["tier"]) == (made().id, "inc-0123456789ab", "high", 2)
    assert (data["link"], data["drill"], data["summary"][:8]) == (LINK, True, "[DRILL] ")
    assert "xiomara" not in str(body) and "somewhere" not in str(body)


def test_a_receiver_that_is_gone_is_left(server: HttpServer, settings: dict[str, Any]) -> None:
    """By 410, as the specification has it."""
    server.script.append(Reply(410))
    found = refusal(channel(settings))
    assert found.for_good and "remove the channel" in found.hint


@pytest.mark.parametrize(
    "secret",
    [
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_",
        "whsec_c2hvcnQ=",
        "whsec_" + "QUFB" * 30,
        f"{SECRET} whsec_x",
        "whsec_ü",
    ],
)
def test_what_is_not_a_secret_of_the_form_is_refused(
    settings: dict[str, Any], secret_file: SecretFile, secret: str
) -> None:
    """Without the prefix, too short or too long; and it is not shown."""
    with pytest.raises(SettingsError) as error:
        channel(settings | {"secret": secret_file(secret)}).prepare()
    assert secret not in str(error.value)
