"""What happens in the org reaches an endpoint over HTTPS with the org's certificate, and Leakline reads all of it once."""

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from agent.simulator.outbound_messages.envelope_text import SESSION
from agent.simulator.running import RunningOrg, serve
from agent.simulator.world.simulator_settings import OutboundSettings
from agent.simulator.world.stage import RecordVersion
from agent.sources.inbound.outbound_messages.answers import ACKNOWLEDGED, fault
from agent.sources.inbound.outbound_messages.message import read_outbound_message
from agent.sources.inbound.report import InboundReport
from agent.sources.inbound.settings import SenderSettings
from tests.simulator.conftest import WEDNESDAY, settings
from tests.simulator.outbound_messages.endpoint import Answer, Endpoint

BEGIN = int(WEDNESDAY.timestamp() * 1000)
SENDER = SenderSettings.model_validate(
    {
        "name": "flows",
        "org": "acme",
        "authentication": {"path": {"env": "LEAKLINE_PATH"}},
        "failure_objects": {"Integration_Error__c": "Message__c"},
    }
)


@contextmanager
def running(folder: Path, answer: Callable[[bytes], Answer], **outbound: Any) -> Iterator[tuple[RunningOrg, Endpoint]]:
    with Endpoint(folder / "endpoint", answer) as endpoint:
        sending = OutboundSettings(endpoint.url, endpoint.ca, **outbound)
        with serve(settings(folder / "org", outbound=sending)) as org:
            assert org.outbound is not None
            endpoint.trust(org.outbound.certificate.ca)
            yield org, endpoint


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_invoices_of_a_day_reach_leakline_once_whatever_fails(tmp_path: Path) -> None:
    """Of a day's changes each notification is read with its record, though two of three messages are refused at first."""
    taken: dict[str, InboundReport] = {}
    asked = 0

    def answer(body: bytes) -> Answer:
        nonlocal asked
        asked += 1
        if asked % 3:
            return (503, fault("the spool is full", ours=True)) if asked % 3 == 1 else (200, b"<Ack>true</Ack>")
        request = read_outbound_message(body, SENDER, datetime.now(UTC), org.org.id)
        taken.update({report.id: report for report in request.reports})
        return 200, ACKNOWLEDGED

    with running(tmp_path, answer) as (org, endpoint):
        assert org.outbound is not None
        queue = org.outbound.queue

        def changes() -> list[RecordVersion]:
            return [version for version in org.org.records.versions("Invoice__c") if version.time > BEGIN]

        def all_taken() -> bool:
            org.org.advance(minutes=10)  # past the next try of what was refused
            return queue.acknowledged == len(changes())

        org.org.advance(hours=24)
        until(all_taken)
        changed = {version.id for version in changes()}
        assert (queue.dropped, queue.acknowledged) == (0, len(taken))
    assert len(taken) > 50
    assert {report.cells["record_id"] for report in taken.values() if "record_id" in report.cells} <= changed
    assert not any(SESSION in str(report) for report in taken.values())
    assert any(SESSION.encode() in body for body in endpoint.received)
    assert {str(client) for client in endpoint.clients} == {"((('commonName', 'trading.my.salesforce.example'),),)"}


def test_a_triggered_failure_is_told_and_told_again_under_the_same_id(tmp_path: Path) -> None:
    """What the control endpoint triggers is one sync failure, though the message comes twice."""
    reports: list[InboundReport] = []

    def answer(body: bytes) -> Answer:
        reports.extend(read_outbound_message(body, SENDER, datetime.now(UTC), org.org.id).reports)
        return 200, ACKNOWLEDGED

    with running(tmp_path, answer, twice=True) as (org, _):
        control = f"{org.url}/__simulator/outbound"
        with httpx.Client(verify=ssl.create_default_context(cafile=org.ca)) as client:
            told = client.post(control, json={"entity": "Integration_Error__c", "Message__c": "a <b> & c"})
            assert client.post(control, json={"entity": "Account"}).status_code == 400
        until(lambda: len(reports) == 2)
    assert {report.id for report in reports} == {told.json()["notification"]}
    assert {(report.event_type, report.cells["error_message"]) for report in reports} == {("SyncFailure", "a <b> & c")}


def test_what_nobody_takes_is_dropped_after_its_time(tmp_path: Path) -> None:
    """An endpoint that always refuses loses the message in the end, and the truth says so."""
    with running(tmp_path, lambda _: (500, fault("no")), kept=timedelta(days=7)) as (org, _):
        assert org.outbound is not None
        org.outbound.trigger("Integration_Error__c", Message__c="x")
        org.org.advance(days=6)
        assert len(org.outbound.queue) > 0
        org.org.advance(days=1, minutes=1)
        until(lambda: org.outbound is not None and org.outbound.queue.dropped > 0)


def test_an_endpoint_without_tls_is_refused() -> None:
    """Outbound messages do not go over plain HTTP."""
    with pytest.raises(ValueError, match="https only"):
        OutboundSettings("http://localhost:1", Path("ca.pem"))
