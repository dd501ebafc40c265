"""PagerDuty, by its Events API v2 (https://developer.pagerduty.com/docs/send-alert-event), and who acknowledged there by its REST API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import orjson

from agent.notice.arrangements.channels import PagerDutySettings
from agent.notice.channels.channel import Receipt
from agent.notice.channels.http_answer import JSON, asking, exchange, refused
from agent.notice.messages.message import Message

ENQUEUE = "/v2/enqueue"
ACCEPT = "application/vnd.pagerduty+json;version=2"

SEVERITIES: Mapping[str, str] = {
    "critical": "critical",
    "high": "error",
    "medium": "warning",
    "low": "info",
    "informational": "info",
}
MOST_SUMMARY = 1_024
"""Characters that PagerDuty takes."""


class PagerDutyChannel:
    """See `Channel`. All messages about an incident have its id as `dedup_key`: PagerDuty makes one of them."""

    def __init__(self, settings: PagerDutySettings) -> None:
        self.name = settings.name
        self._settings = settings
        seconds = settings.timeout.total_seconds()
        self._events = exchange(settings.url, settings.tls, settings.proxy, seconds)
        self._api = exchange(settings.api_url, settings.tls, settings.proxy, seconds, self._api_headers)

    @property
    def reads_back(self) -> bool:
        """Whether acknowledgements in PagerDuty can be read."""
        return self._settings.api_token is not None

    def prepare(self) -> None:
        """Raises SettingsError."""
        self._settings.routing_key.read()
        self._events.prepare()
        if self.reads_back:
            self._api.prepare()

    def close(self) -> None:
        self._events.close()
        self._api.close()

    def send(self, message: Message, link: str) -> Receipt:
        """Receipt: the `dedup_key`. Raises NotAccepted."""
        key = message.incident or message.id
        custom = {"lines": list(message.lines), "message": message.id, "tier": message.tier}
        payload: dict[str, Any] = {
            "summary": message.summary[:MOST_SUMMARY],
            "source": "Leakline",
            "severity": SEVERITIES[message.level],
            "component": message.kind,
            "custom_details": custom,
        }
        event: dict[str, Any] = {"event_action": "trigger", "dedup_key": key, "payload": payload}
        if link:
            event["links"] = [{"href": link, "text": "Acknowledge in Leakline"}]
        return self._enqueue(event)

    def end(self, incident: str, action: str) -> Receipt:
        """Tells it that an incident was acknowledged or has ended here. `action`: acknowledge or resolve. Raises NotAccepted."""
        return self._enqueue({"event_action": action, "dedup_key": incident})

    def acknowledged_by(self, incident: str) -> str:
        """Who acknowledged it there, as PagerDuty calls them; empty for nobody yet. Raises NotAccepted."""
        with asking(""):
            answer = self._api.get(f"/incidents?incident_key={quote(incident)}&statuses%5B%5D=acknowledged&limit=5")
        if answer.status != 200:
            hint = "its api_token may read nothing; write another one" if answer.status in (401, 403) else ""
            raise refused(answer, hint=hint)
        incidents = (answer.json() or {}).get("incidents")
        for found in incidents if isinstance(incidents, list) else []:
            if isinstance(found, dict) and found.get("incident_key") == incident:
                return _acknowledger(found)
        return ""

    def _enqueue(self, event: Mapping[str, Any]) -> Receipt:
        with asking(""):
            content = orjson.dumps({"routing_key": self._settings.routing_key.read(), **event})
            answer = self._events.post(ENQUEUE, content, JSON)
        found = answer.json() or {}
        if answer.status != 202:
            errors = found.get("errors")
            why = "; ".join(str(error) for error in errors[:3])[:300] if isinstance(errors, list) else ""
            raise refused(answer, why)
        return Receipt(f"202 {str(found.get('message', ''))[:100]}".strip(), str(found.get("dedup_key", ""))[:255])

    def _api_headers(self) -> Mapping[str, str]:
        token = self._settings.api_token.read() if self._settings.api_token is not None else ""
        return {"Authorization": f"Token token={token}", "Accept": ACCEPT}


def _acknowledger(found: Mapping[str, Any]) -> str:
    """The first of its acknowledgements."""
    for entry in found.get("acknowledgements") or []:
        who = entry.get("acknowledger") if isinstance(entry, dict) else None
        if isinstance(who, dict) and (name := str(who.get("summary") or who.get("id") or "")):
            return name[:100]
    return "somebody"
