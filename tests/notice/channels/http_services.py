"""What the services behind HTTP channels answer, as they document it, and the settings for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.certificates import Certificates
from tests.destinations.http_server import HttpServer, ReceivedRequest, Reply

SECRETS = {
    "slack": "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy",
    "pagerduty": "R0123456789ABCDEF0123456789ABCDE",
    "webhook": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "teams": "signature-0123456789-abcdefghijklmnop",
}


@dataclass(frozen=True)
class Service:
    type: str
    accepts: Callable[[ReceivedRequest], Reply]


def slack(request: ReceivedRequest) -> Reply:
    """https://docs.slack.dev/reference/methods/chat.postMessage"""
    if request.headers.get("Authorization") != f"Bearer {SECRETS['slack']}":
        return Reply.json(200, {"ok": False, "error": "invalid_auth"})
    return Reply.json(200, {"ok": True, "channel": "C123ABC456", "ts": "1503435956.000247", "message": {}})


def teams(_: ReceivedRequest) -> Reply:
    """A workflow accepts, and runs later."""
    return Reply(202, b"", {"x-ms-workflow-run-id": "08584422347895638842938384345CU23"})


def pagerduty(request: ReceivedRequest) -> Reply:
    """https://developer.pagerduty.com/docs/send-alert-event"""
    key = "inc-0123456789ab" if b"inc-0123456789ab" in request.body else "other"
    return Reply.json(202, {"status": "success", "message": "Event processed", "dedup_key": key})


def webhook(_: ReceivedRequest) -> Reply:
    return Reply(200, b"taken")


SERVICES = [Service(made.__name__, made) for made in (slack, teams, pagerduty, webhook)]


def document(
    kind: str,
    server: HttpServer,
    certificates: Certificates,
    secret_file: Callable[[str], dict[str, str]],
    **further: Any,
) -> dict[str, Any]:
    """The settings of a channel at a server."""
    secret = SECRETS[kind]
    workflow = f"{server.url}/workflows/1/triggers/manual/paths/invoke?sig={secret}"
    each: dict[str, dict[str, Any]] = {
        "slack": {"token": secret_file(secret), "channel": "#security", "url": server.url},
        "teams": {"url": secret_file(workflow)},
        "pagerduty": {"routing_key": secret_file(secret), "url": server.url, "api_url": server.url},
        "webhook": {"url": f"{server.url}/hook", "secret": secret_file(secret)},
    }
    return {"type": kind, "tls": {"ca": str(certificates.ca)}, "timeout": "5s", **each[kind], **further}
