"""A real listener that serves links over HTTPS, with incidents in a real state behind it."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from agent.daemon.control.gate import Gate
from agent.daemon.incidents.incident_requests import IncidentRequests
from agent.daemon.notice.link_parts import LinkParts, build_link_parts
from agent.notice.incidents.book import INCIDENT
from agent.notice.incidents.incident import Incident, decode
from agent.notice.messages import outbox
from agent.notice.messages.message import Message, Target, message_id
from agent.notice.settings import NoticeSettings
from agent.store.keys import PROCESS
from tests.certificates import make_certificates
from tests.daemon.incidents.incident_state import IncidentState
from tests.sources.inbound.listening import PATIENCE, Listening, listening

PUBLIC_URL = "https://leakline.example.com/there/"
PEOPLE = ["ana", "ben", "eva"]
SETTINGS = NoticeSettings.model_validate(
    {
        "jurisdictions": ["eu"],
        "people": [{"name": name, "channels": ["mail"]} for name in PEOPLE],
        "channels": [{"name": "mail", "type": "smtp", "host": "localhost", "from": "leakline@example.com"}],
    }
)


@dataclass
class Linking:
    state: IncidentState
    parts: LinkParts
    listening: Listening

    def link(self, incident: Incident, *people: str, org: str = "acme", after: timedelta = timedelta()) -> str:
        """Of a message that waits in the outbox, as this listener has it. `after`: how much later than now it was made."""
        made = self.state.now + after
        message = Message(
            message_id(incident.id, *people, made.isoformat()),
            "escalation",
            Target("mail", "somebody@example.com", people),
            incident.level,
            "An incident waits.",
            due=made,
            created_at=made,
            next_at=made,
            incident=incident.id,
            tier=2,
            links=True,
        )
        with self.state.desks[org].changing() as change:
            outbox.put(change, change.recall, [message])
        assert self.parts.links(message) == self.parts.links(replace(message, attempts=3))
        return self.here(self.parts.links(message))

    def here(self, url: str) -> str:
        public = f"{PUBLIC_URL.rstrip('/')}/v1/acknowledge/"
        assert url.startswith(public)
        return f"{self.listening.url}/v1/acknowledge/{url.removeprefix(public)}"

    def get(self, url: str, method: str = "GET", **headers: str) -> httpx.Response:
        return httpx.request(method, url, headers=headers, verify=self.listening.verify, timeout=PATIENCE)

    def post(self, url: str, form: dict[str, str], **headers: str) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.post(url, data=form, headers=sent, verify=self.listening.verify, timeout=PATIENCE)

    def incident(self, number: str, org: str = "acme") -> Incident:
        data = self.state.desks[org].recall(INCIDENT + number)
        assert data is not None
        return decode(data)

    def acknowledgements(self) -> list[bytes]:
        """Records of the trail."""
        return [line for line in self.state.records() if b'"incident-acknowledged"' in line]


def fields(page: str) -> dict[str, str]:
    """What is hidden in the form of a page."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))


@contextmanager
def linking(folder: Path, gate: Gate | None = None, **values: Any) -> Iterator[Linking]:
    """`gate`: who may do what; `values`: of the settings `notice` that are others."""
    settings = NoticeSettings.model_validate({**SETTINGS.model_dump(by_alias=True, exclude_unset=True), **values})
    certificates = make_certificates(folder)
    tls = {"certificate": str(certificates.server), "key": str(certificates.server_key)}
    state = IncidentState(folder, settings)
    try:
        edits = IncidentRequests(lambda: state.desks, state.time).edits
        parts = build_link_parts(settings, PUBLIC_URL, lambda: state.desks[PROCESS], edits, state.time, gate or Gate())
        with listening(serves=False, links=parts.acknowledgements, tls=tls) as there:
            there.verify = ssl.create_default_context(cafile=certificates.ca)
            yield Linking(state, parts, there)
    finally:
        state.close()
