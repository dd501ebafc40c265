"""PagerDuty, by its Events API v2 (https://developer.pagerduty.com/docs/send-alert-event).

All messages of an incident have its id as `dedup_key`: in PagerDuty they are one incident. It can be acknowledged and resolved
from here, and with a key of the REST API an acknowledgement there is read back.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any, Literal

import orjson

from agent.detection.sigma.rule import Level
from agent.errors import SettingsError
from agent.notice.arrangements.channels import PagerDutySettings
from agent.notice.channels import pagerduty_read_back
from agent.notice.channels.channel import Receipt
from agent.notice.channels.http_client import HttpClient, refusal, sendable, settings_trouble
from agent.notice.channels.pagerduty_read_back import Acknowledgement
from agent.notice.channels.wording import answer_text, headline, lines
from agent.notice.messages.message import Message

SEVERITY: Mapping[Level, Literal["critical", "error", "warning", "info"]] = {
    "critical": "critical",
    "high": "error",
    "medium": "warning",
    "low": "info",
    "informational": "info",
}

LONGEST_SUMMARY = 1_024
"""Characters, of the API."""

ACCEPTED = 202


class PagerDuty:
    """A `Channel`; an address has no meaning to it, for its service decides whom it calls."""

    def __init__(self, settings: PagerDutySettings) -> None:
        self.name = settings.name
        self._settings = settings
        self._http = HttpClient(settings.tls, settings.proxy, settings.timeout.total_seconds())

    @property
    def reads_back(self) -> bool:
        """Whether `acknowledgement` can be asked."""
        return self._settings.api_token is not None

    def prepare(self) -> None:
        for secret in (self._settings.routing_key, self._settings.api_token):
            if secret is not None:
                sendable({"of PagerDuty": secret.read()})
        self._http.prepare(self._settings.url)

    def send(self, message: Message, link: str) -> Receipt:
        receipt = self._enqueue("trigger", dedup_key(message), trigger(message, link))
        if message.kind == "canary":  # else each of them would leave an open incident behind
            self._enqueue("resolve", dedup_key(message), {})
        return receipt

    def acknowledge(self, incident: str) -> Receipt:
        """It was acknowledged here: PagerDuty calls nobody further. Raises NotAccepted."""
        return self._enqueue("acknowledge", incident, {})

    def resolve(self, incident: str) -> Receipt:
        """It has ended here. Raises NotAccepted."""
        return self._enqueue("resolve", incident, {})

    def acknowledgement(self, incident: str) -> Acknowledgement | None:
        """Who acknowledged it in PagerDuty, if anybody did. Raises NotAccepted."""
        token = self._settings.api_token
        try:
            return (
                pagerduty_read_back.ask(self._http, self._settings.api_url, token.read(), incident) if token else None
            )
        except SettingsError as error:
            raise settings_trouble(error) from error

    def acknowledged(self, incident: str) -> str | None:
        """Their name."""
        found = self.acknowledgement(incident)
        return found.by if found else None

    def close(self) -> None:
        """Each request has closed its own connection."""

    def _enqueue(self, action: str, key: str, further: Mapping[str, Any]) -> Receipt:
        try:
            head = {"routing_key": self._settings.routing_key.read(), "event_action": action, "dedup_key": key}
            answer = self._http.post(f"{self._settings.url}/v2/enqueue", orjson.dumps({**head, **further}), {})
        except SettingsError as error:
            raise settings_trouble(error) from error
        document = answer.json() or {}
        if answer.status == ACCEPTED:
            said = answer_text(str(document.get("message", ""))) or f"answered {answer.status}"
            return Receipt(said, answer_text(str(document.get("dedup_key", "") or key)))
        errors = document.get("errors")
        reasons = [str(reason) for reason in errors] if isinstance(errors, list) else []
        said = "; ".join([str(document.get("message", "")), *reasons]).strip("; ")
        hint = (
            "write the integration key of an Events API v2 integration as `routing_key`" if answer.status == 400 else ""
        )
        raise refusal("PagerDuty", answer, said=said, hint=hint)


def dedup_key(message: Message) -> str:
    return message.incident or message.id


def trigger(message: Message, link: str) -> dict[str, Any]:
    """What an event of that kind has besides its head."""
    details: dict[str, Any] = {
        "message": message.id,
        "kind": message.kind,
        "level": message.level,
        "lines": lines(message),
    }
    if message.tier:
        details["tier"] = message.tier
    payload = {
        "summary": headline(message)[:LONGEST_SUMMARY],
        "source": socket.gethostname() or "leakline",
        "severity": SEVERITY[message.level],
        "timestamp": message.created_at.isoformat(),
        "component": "leakline",
        "class": message.kind,
        "custom_details": details,
    }
    links = [{"href": link, "text": "Look and acknowledge"}] if link else []
    return {"payload": payload, "links": links, "client": "Leakline"}
