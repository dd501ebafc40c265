"""Sends what is queued over HTTPS, with the org's own certificate, until the endpoint acknowledges it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import httpx
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from agent.simulator.api.certificate import ClientCertificate
from agent.simulator.outbound_messages.envelope_text import Told, envelope_text, soap_time
from agent.simulator.outbound_messages.message_queue import MessageQueue, Waiting
from agent.simulator.outbound_messages.workflow import WORKFLOWS, workflow_of
from agent.simulator.world.simulator_settings import OutboundSettings

if TYPE_CHECKING:
    from agent.simulator.org.simulated_org import SimulatedOrg

ANSWER_SECONDS = 60
"""So long Salesforce waits for an answer."""
LONGEST_ANSWER = 1 << 16
_LOOK_SECONDS = 0.1
_ACK = "{http://schemas.xmlsoap.org/soap/envelope/}Body/{http://soap.sforce.com/2005/09/outbound}notificationsResponse/"


class MessageSender:
    """A thread that ends with `close`. What happens in the org from the start on is sent."""

    def __init__(
        self, org: SimulatedOrg, host: str, settings: OutboundSettings, certificate: ClientCertificate
    ) -> None:
        """`host`: the org's, as its messages name it. Raises OSError for a `ca` that cannot be read."""
        self.certificate = certificate
        self._org = org
        self._host = host
        self._settings = settings
        kept = int(settings.kept.total_seconds() * 1000)
        self.queue = MessageQueue(org.settings.folder / "outbound_truth.ndjson", kept)
        context = ssl.create_default_context(cafile=settings.ca)
        context.load_cert_chain(certificate.certificate, certificate.key)
        self._client = httpx.Client(verify=context, timeout=ANSWER_SECONDS, trust_env=False)
        self._looked = self._now()
        self._triggered = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="simulated-org-outbound", daemon=True)
        self._thread.start()

    def trigger(self, entity: str, **values: Any) -> str:
        """A change of a record with these fields, of an object that a workflow watches: the notification's id. Raises
        ValueError.
        """
        workflow = workflow_of(entity)
        self._triggered += 1
        record = values.pop("Id", f"a0E{self._triggered:015}")
        return self.queue.add(workflow, record, self._now(), values)

    def close(self) -> None:
        """What waits stays unsent."""
        self._stop.set()
        self._client.close()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            self._look()
            while not self._stop.is_set() and (message := self.queue.due(self._now())):
                self._send(message)

    def _look(self) -> None:
        """Queue what changed since the last look."""
        now = self._now()
        for workflow in (workflow for workflow in WORKFLOWS if workflow.fields):
            for version in self._org.records.versions(workflow.entity):
                if self._looked < version.time <= now:
                    self.queue.add(workflow, version.id, now)
        self._looked = now

    def _send(self, message: Sequence[Waiting]) -> None:
        workflow = message[0].workflow
        body = envelope_text(
            self._org.id, workflow.action_id, workflow.entity, self._told(message),
            host=self._host, with_session=workflow.includes_session,
        ).encode()  # fmt: skip
        if not self._is_acknowledged(body):
            self.queue.fail(message, self._now())
            return
        self.queue.acknowledge(message, self._now())
        if self._settings.twice:
            self._is_acknowledged(body)

    def _told(self, message: Sequence[Waiting]) -> list[Told]:
        """With the records as they are now, not as they were when they changed."""
        workflow = message[0].workflow
        newest = {version.id: version for version in self._org.records.versions(workflow.entity)}
        told = []
        for waiting in message:
            values = waiting.values
            if values is None and (version := newest[waiting.record]).values is not None:
                stamps = dict.fromkeys(("LastModifiedDate", "SystemModstamp"), soap_time(version.time))
                values = {name: (stamps | dict(version.values)).get(name) for name in workflow.fields}
            told.append(Told(waiting.id, waiting.record, values))
        return told

    def _is_acknowledged(self, body: bytes) -> bool:
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""', "User-Agent": "SFDC-Callout/67.0"}
        try:
            answer = self._client.post(self._settings.endpoint, content=body, headers=headers)
            if answer.status_code != 200 or len(answer.content) > LONGEST_ANSWER:
                return False
            return (
                fromstring(answer.content).findtext(f"{_ACK}{{http://soap.sforce.com/2005/09/outbound}}Ack") == "true"
            )
        except (httpx.HTTPError, RuntimeError, ParseError, DefusedXmlException):
            return False  # RuntimeError: closed meanwhile

    def _now(self) -> int:
        return int(self._org.now().timestamp() * 1000)
