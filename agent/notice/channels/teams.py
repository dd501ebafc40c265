"""Microsoft Teams, by a workflow with the trigger "When a Teams webhook request is received", which takes an Adaptive Card
(https://learn.microsoft.com/power-automate/teams/send-a-message-in-teams). Its answer says that the workflow took the card, no more.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import orjson

from agent.errors import SettingsError
from agent.notice.arrangements.channels import TeamsSettings
from agent.notice.channels.channel import Receipt
from agent.notice.channels.http_answer import JSON, asking, exchange, refused, said_of
from agent.notice.messages.message import Message

MOST_BYTES = 28_000
"""Of a card that Teams shows."""


class TeamsChannel:
    """See `Channel`. The URL holds a signature: it is in no message and no log."""

    def __init__(self, settings: TeamsSettings) -> None:
        self.name = settings.name
        self._settings = settings

    def prepare(self) -> None:
        """Raises SettingsError."""
        self._parts()
        self._settings.tls.shared_context()

    def close(self) -> None:
        """Nothing is kept open: the URL may be another one at the next message."""

    def send(self, message: Message, link: str) -> Receipt:
        """No receipt. Raises NotAccepted."""
        with asking(f"the workflow of {self.name}"):
            server, path = self._parts()
            settings = self._settings
            asked = exchange(server, settings.tls, settings.proxy, settings.timeout.total_seconds())
            try:
                answer = asked.post(path, orjson.dumps(card(message, link)), JSON)
            finally:
                asked.close()
        if answer.status not in (200, 202):
            hint = (
                "the workflow may have been turned off; look at its run history" if answer.status in (400, 404) else ""
            )
            raise refused(answer, hint=hint)
        return Receipt(f"{answer.status} {said_of(answer)}".strip())

    def _parts(self) -> tuple[str, str]:
        """Server and path with query. Raises SettingsError, without the URL."""
        try:
            parts = urlsplit(self._settings.url.read())
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            parts, port = urlsplit(""), ""
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(f"the secret of {self.name} is not a URL", hint="copy the workflow's URL into it")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        query = f"?{parts.query}" if parts.query else ""
        return f"{parts.scheme}://{host}{port}", f"{parts.path or '/'}{query}"


def card(message: Message, link: str) -> dict[str, Any]:
    """The envelope that the workflow takes, with a card of version 1.4. Lines are left out that would make it too large."""
    lines = list(message.lines)
    while True:
        envelope = _envelope(message, lines, link)
        if len(orjson.dumps(envelope)) <= MOST_BYTES or not lines:
            return envelope
        lines.pop()


def _envelope(message: Message, lines: list[str], link: str) -> dict[str, Any]:
    color = "attention" if message.level in ("high", "critical") else "default"
    body: list[dict[str, Any]] = [
        {"type": "TextBlock", "text": plain(message.summary), "wrap": True, "weight": "bolder", "color": color},
        *({"type": "TextBlock", "text": plain(line), "wrap": True, "spacing": "small"} for line in lines),
        {"type": "TextBlock", "text": f"Leakline, {message.id}", "wrap": True, "isSubtle": True, "size": "small"},
    ]
    content: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    }
    if link:
        content["actions"] = [{"type": "Action.OpenUrl", "title": "Acknowledge …", "url": link}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [attachment]}


def plain(text: str) -> str:
    """A TextBlock knows some Markdown: none of it is meant."""
    for mark in "\\`*_[]":
        text = text.replace(mark, f"\\{mark}")
    return text
