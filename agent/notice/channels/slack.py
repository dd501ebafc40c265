"""Slack, by `chat.postMessage` (https://docs.slack.dev/reference/methods/chat.postMessage)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from agent.destinations.exchange import HttpAnswer
from agent.notice.arrangements.channels import SlackSettings
from agent.notice.channels.channel import NotAccepted, Receipt
from agent.notice.channels.http_answer import JSON, asking, exchange, refused
from agent.notice.messages.message import Message

PATH = "/api/chat.postMessage"

MOST_TEXT = 2_900
"""Characters of a section; Slack takes 3,000."""

_MEMBER = re.compile(r"[UW][A-Z0-9]{5,20}")

FIXES: Mapping[str, str] = {
    "not_authed": "write the bot's token",
    "invalid_auth": "the token is not one of this workspace; write another one",
    "token_revoked": "the token was revoked; write another one",
    "token_expired": "the token has expired; write another one",
    "account_inactive": "the token is of somebody who is gone; write another one",
    "missing_scope": "give the bot the right `chat:write`",
    "channel_not_found": "there is no such channel, or the bot does not see it; invite it with /invite",
    "not_in_channel": "invite the bot to the channel with /invite",
    "is_archived": "the channel is archived; name another one",
    "restricted_action": "an administrator of the workspace keeps the bot from writing there",
}
"""Errors of Slack that a person has to act on."""
FOR_GOOD = frozenset(
    {"channel_not_found", "is_archived", "msg_too_long", "invalid_blocks", "invalid_arguments", "no_text"}
)
"""Errors that the same message would bring again."""


class SlackChannel:
    """See `Channel`."""

    def __init__(self, settings: SlackSettings) -> None:
        self.name = settings.name
        self._settings = settings
        seconds = settings.timeout.total_seconds()
        self._exchange = exchange(settings.url, settings.tls, settings.proxy, seconds, self._headers)

    def prepare(self) -> None:
        """Raises SettingsError."""
        self._exchange.prepare()

    def close(self) -> None:
        self._exchange.close()

    def send(self, message: Message, link: str) -> Receipt:
        """Receipt: channel and `ts`. Slack knows no id of ours: a message whose answer was lost can show twice. Raises NotAccepted."""
        with asking(""):
            answer = self._exchange.post(PATH, orjson.dumps(self._content(message, link)), JSON)
        if answer.status != 200:
            raise refused(answer)
        found = answer.json() or {}
        if found.get("ok") is not True:
            raise _not_ok(answer, str(found.get("error", "no answer of Slack")))
        return Receipt("ok", f"{found.get('channel', '')} {found.get('ts', '')}".strip()[:100])

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._settings.token.read()}"}

    def _content(self, message: Message, link: str) -> dict[str, Any]:
        address = message.target.address
        mention = f"<@{address}> " if _MEMBER.fullmatch(address) else ""
        place = self._settings.channel if mention or not address else address
        said = [f"*{mention}{escaped(message.summary)}*", *map(escaped, message.lines)]
        blocks: list[dict[str, Any]] = [
            {"type": "section", "text": {"type": "mrkdwn", "text": "\n".join(said)[:MOST_TEXT]}},
        ]
        if link:
            button = {"type": "button", "text": {"type": "plain_text", "text": "Acknowledge …"}, "url": link}
            blocks.append({"type": "actions", "elements": [button]})
        blocks.append({"type": "context", "elements": [{"type": "plain_text", "text": f"Leakline, {message.id}"}]})
        return {
            "channel": place,
            "text": f"{mention}{escaped(message.summary)}"[:MOST_TEXT],
            "blocks": blocks,
            "unfurl_links": False,  # Slack would open the link
            "unfurl_media": False,
        }


def escaped(text: str) -> str:
    """As Slack asks for it: these three characters and no others."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _not_ok(answer: HttpAnswer, error: str) -> NotAccepted:
    name = error[:80]
    return NotAccepted(
        f"Slack refused it: {name}",
        hint=FIXES.get(name, ""),
        retry_after=answer.retry_after(),
        for_good=name in FOR_GOOD,
    )
