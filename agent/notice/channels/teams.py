"""Microsoft Teams, by a workflow "when a Teams webhook request is received", as an Adaptive Card.

The workflow's URL is a secret: whoever has it can post. Only its host is ever shown. At most 28 KB are accepted, and about four
requests a second (https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using).
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from agent.errors import SettingsError
from agent.notice.arrangements.channels import TeamsSettings
from agent.notice.channels.channel import NotAccepted, Receipt
from agent.notice.channels.http_client import HttpClient, refusal, settings_trouble
from agent.notice.channels.wording import answer_text, facts, headline, lines
from agent.notice.messages.message import Message
from agent.redaction.redaction import register

MOST_BYTES = 28 * 1024 - 512
"""Of a request; a little is left for headers that count on the way."""

LONGEST_LINE = 2_000
"""Characters."""

OLD_FAILURE = "Webhook message delivery failed"
"""What connectors of old say with status 200 where Teams refused: 429 behind the scenes, among others."""

_UPN = re.compile(r"[\w.+-]+@[\w.-]+")


class Teams:
    """A `Channel`. The address is a member's user principal name, who is mentioned."""

    def __init__(self, settings: TeamsSettings) -> None:
        self.name = settings.name
        self._settings = settings
        self._http = HttpClient(settings.tls, settings.proxy, settings.timeout.total_seconds())

    def prepare(self) -> None:
        self._http.prepare(self._url())

    def send(self, message: Message, link: str) -> Receipt:
        try:
            answer = self._http.post(self._url(), body(message, link), {})
        except SettingsError as error:
            raise settings_trouble(error) from error
        text = answer.body[:2_000].decode("utf-8", "replace")
        if OLD_FAILURE in text:
            raise NotAccepted(f"Teams did not take it: {answer_text(text)}")
        if answer.status in (200, 202):
            run = answer.headers.get("x-ms-workflow-run-id", "")
            return Receipt(f"the workflow answered {answer.status}", answer_text(run))
        gone = answer.status in (401, 403, 404, 410)
        hint = "make the workflow's URL again in Teams, and write it as the channel's `url`" if gone else ""
        raise refusal("the workflow of Teams", answer, hint=hint)

    def close(self) -> None:
        """Each request has closed its own connection."""

    def _url(self) -> str:
        """Raises SettingsError, without the URL."""
        url = self._settings.url.read()
        try:
            parts = urlsplit(url)
            usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and url.isprintable()
        except ValueError:
            usable = False
        if not usable:
            raise SettingsError(
                f"the secret URL of the channel {self.name} is not one of a workflow",
                hint="write https://… on one line",
            )
        for _, value in parse_qsl(parts.query):
            if len(value) >= len(OLD_FAILURE):  # the signature; versions and names of triggers are shorter
                register(value)
        return url


def body(message: Message, link: str) -> bytes:
    """The envelope with one card, of at most `MOST_BYTES`: lines that have no room are left out, and that is said."""
    said = [line[:LONGEST_LINE] for line in lines(message)]
    for count in range(len(said), -1, -1):
        rest = [f"and {len(said) - count} lines for which there is no room here"] if count < len(said) else []
        content = _envelope(message, link, [*said[:count], *rest])
        if len(content) <= MOST_BYTES:
            break
    return content


def _envelope(message: Message, link: str, said: list[str]) -> bytes:
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [_text(headline(message)[:LONGEST_LINE], weight="Bolder", size="Medium"), *map(_text, said)],
        "msteams": {"width": "Full"},
    }
    if _UPN.fullmatch(message.target.address):
        name = message.target.people[0] if message.target.people else message.target.address
        mention = {"type": "mention", "text": f"<at>{name}</at>"}
        card["msteams"]["entities"] = [{**mention, "mentioned": {"id": message.target.address, "name": name}}]
        card["body"].append({"type": "TextBlock", "text": mention["text"], "wrap": True})
    card["body"].append(
        {"type": "FactSet", "facts": [{"title": name, "value": value} for name, value in facts(message)]}
    )
    if link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Look and acknowledge", "url": link}]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return orjson.dumps({"type": "message", "attachments": [attachment]})


def _text(text: str, **form: str) -> dict[str, Any]:
    """A run of text: unlike a TextBlock it has no Markdown, so a name in it makes no link."""
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **form}]}
