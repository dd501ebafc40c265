"""PagerDuty: events, and acknowledgements that are read back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from agent.notice.channels.channel import NotAccepted
from agent.notice.channels.pagerduty import PagerDuty
from agent.notice.channels.pagerduty_read_back import acknowledgements
from tests.certificates import Certificates
from tests.destinations.conftest import SecretFile, StartHttp
from tests.destinations.http_server import HttpServer, Reply
from tests.notice.channels.http_services import SECRETS, document, pagerduty
from tests.notice.channels.made_message import LINK, channel, made, refusal

TOKEN = "u+3xPAiPqyVbFJ2Z9wWg"
INCIDENT = "inc-0123456789ab"
Open = Callable[..., PagerDuty]


@pytest.fixture
def server(http: StartHttp) -> HttpServer:
    return http(pagerduty, tls=True)


@pytest.fixture
def service(server: HttpServer, certificates: Certificates, secret_file: SecretFile) -> PagerDuty:
    made = channel(document("pagerduty", server, certificates, secret_file, api_token=secret_file(TOKEN)))
    assert isinstance(made, PagerDuty)
    return made


def event(server: HttpServer, number: int = -1) -> dict[str, Any]:
    assert server.requests[number].path == "/v2/enqueue"
    found: dict[str, Any] = orjson.loads(server.requests[number].body)
    return found


@pytest.mark.parametrize(
    ("level", "severity"),
    [("critical", "critical"), ("high", "error"), ("medium", "warning"), ("low", "info"), ("informational", "info")],
)
def test_an_incident_is_triggered_under_its_id(
    server: HttpServer, service: PagerDuty, level: str, severity: str
) -> None:
    """With the severity of its level; all its messages are one incident there."""
    receipt = service.send(made(level=level), LINK)
    assert (receipt.answer, receipt.reference) == ("Event processed", INCIDENT)
    body = event(server)
    assert (body["routing_key"], body["event_action"], body["dedup_key"]) == (SECRETS["pagerduty"], "trigger", INCIDENT)
    assert body["payload"]["severity"] == severity
    assert body["links"] == [{"href": LINK, "text": "Look and acknowledge"}]


def test_what_is_about_no_incident_has_the_id_of_its_message(server: HttpServer, service: PagerDuty) -> None:
    """So that a retry makes no second one."""
    service.send(made(incident="", kind="trouble"), "")
    assert event(server)["dedup_key"] == made().id


def test_a_canary_leaves_nothing_open(server: HttpServer, service: PagerDuty) -> None:
    """It is resolved at once."""
    service.send(made(incident="", kind="canary"), "")
    assert [event(server, number)["event_action"] for number in (0, 1)] == ["trigger", "resolve"]
    assert event(server, 0)["dedup_key"] == event(server, 1)["dedup_key"]


def test_what_is_done_here_is_done_there(server: HttpServer, service: PagerDuty) -> None:
    """Acknowledged and resolved under the same key."""
    service.acknowledge(INCIDENT)
    service.resolve(INCIDENT)
    found = [(event(server, number)["event_action"], event(server, number)["dedup_key"]) for number in (0, 1)]
    assert found == [("acknowledge", INCIDENT), ("resolve", INCIDENT)]


def test_a_refused_event_says_why(server: HttpServer, service: PagerDuty) -> None:
    """As the API answers one that is not valid: for good."""
    reasons = ["Length of 'routing_key' is incorrect (should be 32 characters)"]
    refused = {"status": "invalid event", "message": "Event object is invalid", "errors": reasons}
    server.script.append(Reply.json(400, refused))
    found = refusal(service)
    assert found.for_good and "Event object is invalid; Length of 'routing_key'" in str(found)


def test_a_long_summary_fits(server: HttpServer, service: PagerDuty) -> None:
    """The API takes 1,024 characters."""
    service.send(made(summary="s" * 3_000), "")
    assert len(event(server)["payload"]["summary"]) == 1_024


def incidents(*entries: dict[str, Any]) -> Reply:
    return Reply.json(200, {"incidents": list(entries), "limit": 25, "offset": 0, "more": False})


def acknowledged(name: str, kind: str = "user_reference", at: str = "2026-11-27T12:03:10Z") -> dict[str, Any]:
    who = {"id": "PXPGF42", "type": kind, "summary": name}
    return {"id": "PT4KHLK", "status": "acknowledged", "acknowledgements": [{"at": at, "acknowledger": who}]}


def test_an_acknowledgement_is_read_back(server: HttpServer, service: PagerDuty) -> None:
    """Who, by the name that PagerDuty has, and when."""
    server.script.append(incidents(acknowledged("Earline Greenholt")))
    found = acknowledgements(service, [INCIDENT])
    assert found[INCIDENT].by == "Earline Greenholt"
    assert found[INCIDENT].at == datetime(2026, 11, 27, 12, 3, 10, tzinfo=UTC)
    request = server.requests[0]
    assert request.method == "GET" and request.path.startswith(f"/incidents?incident_key={INCIDENT}")
    assert request.headers["Authorization"] == f"Token token={TOKEN}"
    assert request.headers["Accept"] == "application/vnd.pagerduty+json;version=2"


def test_who_resolves_has_looked_at_it(server: HttpServer, service: PagerDuty) -> None:
    """PagerDuty keeps no acknowledgement of what is resolved."""
    who = {"type": "user_reference", "summary": "Ben"}
    server.script.append(
        incidents(
            {"status": "resolved", "acknowledgements": [], "last_status_change_by": who, "last_status_change_at": ""}
        )
    )
    assert service.acknowledged(INCIDENT) == "Ben"


@pytest.mark.parametrize(
    "reply",
    [
        incidents(),
        incidents({"status": "triggered", "acknowledgements": []}),
        incidents(acknowledged("Leakline", kind="service_reference")),
        incidents(acknowledged("")),
        Reply.json(
            200, {"incidents": [None, 3, {"acknowledgements": [None, {"acknowledger": "x"}]}, {"acknowledgements": 7}]}
        ),
        Reply(200, b"[]"),
        Reply(200, b"<html>"),
    ],
)
def test_nothing_else_is_an_acknowledgement(server: HttpServer, service: PagerDuty, reply: Reply) -> None:
    """Nothing of a service, such as our own; nothing of an answer that is not one."""
    server.script.append(reply)
    assert acknowledgements(service, [INCIDENT]) == {}


@pytest.mark.parametrize(
    "reply", [Reply(401, b"{}"), Reply(429, b"", {"Retry-After": "9"}), Reply(200, b" " * (2**20 + 1))]
)
def test_a_question_that_is_not_answered_is_a_failure(server: HttpServer, service: PagerDuty, reply: Reply) -> None:
    """Refused, limited, or answered without end."""
    server.script.append(reply)
    with pytest.raises(NotAccepted):
        service.acknowledged(INCIDENT)
