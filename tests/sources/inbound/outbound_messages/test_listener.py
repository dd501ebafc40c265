"""Over HTTPS and through the listener: acknowledged after the commit, refused with a fault that says why."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from defusedxml import ElementTree

from agent.errors import NoRoom
from agent.simulator.api.certificate import ClientCertificate, make_certificates, make_client_certificate
from agent.sources.inbound.outbound_messages import ACKNOWLEDGED
from tests.sources.inbound.listening import PATIENCE, SECRET_PATH, Listening, listening, secret, sender
from tests.sources.inbound.outbound_messages.envelopes import SESSION, envelope, notification
from tests.sources.inbound.outbound_messages.test_hostile import BOMBS

ORGANIZATION = "00D000000000001AAA"
"""Of the listening org."""
GOOD = envelope(notification([("Id", "006Hs000003T6krIAC")]), organization=ORGANIZATION)


@contextmanager
def flows(folder: Path) -> Iterator[tuple[Listening, httpx.Client]]:
    """A listener that wants the path and the certificate, and a client that shows the certificate."""
    ca, certificate, key = make_certificates(folder)
    client = make_client_certificate(folder, "trading.my.salesforce.example")
    authentication = {
        "path": {"file": str(secret(folder, "path", SECRET_PATH))},
        "client_certificate": client.subject,
    }
    tls = {"certificate": str(certificate), "key": str(key), "client_ca": str(client.ca)}
    settings = sender(folder, "flows", authentication=authentication)
    with listening(settings, tls=tls, max_bytes=16 << 20) as there, salesforce(ca, client) as http:
        yield there, http


def salesforce(ca: Path, shown: ClientCertificate | None) -> httpx.Client:
    context = ssl.create_default_context(cafile=ca)
    if shown is not None:
        context.load_cert_chain(shown.certificate, shown.key)
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
    return httpx.Client(verify=context, headers=headers, timeout=PATIENCE)


def send(there: Listening, http: httpx.Client, body: str | bytes, path: str = SECRET_PATH) -> httpx.Response:
    return http.post(f"{there.url}/v1/outbound-messages/{path}", content=body)


def code(answer: httpx.Response) -> str:
    """The fault's. Raises AssertionError for what is not one."""
    assert answer.headers["content-type"].startswith("text/xml")
    found = ElementTree.fromstring(answer.content).find(".//faultcode")
    assert found is not None
    return str(found.text)


def test_a_message_is_acknowledged_once_it_is_committed(tmp_path: Path) -> None:
    """The answer is the acknowledgement and nothing else, the row is there by then, and the session is not."""
    with flows(tmp_path) as (there, http):
        answer = send(there, http, GOOD)
        assert (answer.status_code, answer.content) == (200, ACKNOWLEDGED)
        (batch,) = there.batches
    assert (batch.event_type, batch.frame["record_id"].to_list()) == ("OutboundMessage", ["006Hs000003T6krIAC"])
    assert SESSION not in str(batch.frame.to_dicts())


def test_a_message_of_another_org_is_told_like_wrong_credentials(tmp_path: Path) -> None:
    """It is 403 and a fault of the client's, nothing of it is committed, and the sender's record says why."""
    with flows(tmp_path) as (there, http):
        answer = send(there, http, GOOD.replace(ORGANIZATION, "00D000000000002AAA"))
        record = there.senders.known["flows"].record
        assert (answer.status_code, code(answer), there.batches) == (403, "soapenv:Client", [])
        assert record.unproven == 1
        assert "another org" in record.unproven_reason


def test_a_full_spool_is_a_fault_of_ours(tmp_path: Path) -> None:
    """Salesforce hears 429 with a fault, sends the message again, and it is taken then."""
    with flows(tmp_path) as (there, http):

        def full() -> None:
            raise NoRoom("full", retry_after=5)

        there.before = full
        answer = send(there, http, GOOD)
        assert (answer.status_code, code(answer)) == (429, "soapenv:Server")
        there.before = lambda: None
        assert send(there, http, GOOD).content == ACKNOWLEDGED


def test_path_and_certificate_are_both_wanted(tmp_path: Path) -> None:
    """Without the certificate, or by another path, nothing is taken."""
    with flows(tmp_path) as (there, http):
        with salesforce(tmp_path / "ca.pem", None) as stranger:
            assert send(there, stranger, GOOD).status_code == 401
        assert send(there, http, GOOD, "a-path-that-somebody-guessed-0001").status_code == 401
        assert there.batches == []


@pytest.mark.parametrize("name", ["billion laughs", "10 MB of nested elements", "a million attributes"])
def test_bombs_leave_the_listener_as_it_was(tmp_path: Path, name: str) -> None:
    """A bomb is refused with its status, and the next message is taken."""
    status, bomb = BOMBS[name]
    with flows(tmp_path) as (there, http):
        answer = send(there, http, bomb())
        assert (answer.status_code, code(answer)) == (status, "soapenv:Client")
        assert send(there, http, GOOD).content == ACKNOWLEDGED
