"""Slack, by the method chat.postMessage (https://docs.slack.dev/reference/methods/chat.postMessage)."""

from __future__ import annotations

import re
from typing import Any

import orjson

from agent.destinations.exchange import HttpAnswer
from agent.errors import SettingsError
from agent.notice.arrangements.channels import SlackSettings
from agent.notice.channels.channel import NotAccepted, Receipt
from agent.notice.channels.http_client import HttpClient, refusal, sendable, settings_trouble, wait_of
from agent.notice.channels.wording import answer_text, facts, headline, lines, one_line
from agent.notice.messages.message import Message

LONGEST_SECTION = 3_000
"""Characters of the text of a block."""

PASSING = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
"""Errors after which the same message may be accepted; the others refuse it until somebody changes something."""

FIXES = {
    "invalid_auth": "write the token of a bot (xoxb-…) of this workspace as the channel's `token`",
    "not_authed": "write the token of a bot (xoxb-…) of this workspace as the channel's `token`",
    "token_revoked": "install the app into the workspace again, and write its new token",
    "token_expired": "write a token that does not expire, or a new one",
    "account_inactive": "the bot's user or workspace was deactivated; install the app again",
    "missing_scope": "give the app the right `chat:write`, and install it again",
    "channel_not_found": "write the channel's id (C…) as `channel`, and invite the bot to it if it is private",
    "not_in_channel": "invite the bot to the channel (`/invite`), or give it the right `chat:write.public`",
    "is_archived": "write another channel as `channel`; this one is archived",
    "restricted_action": "let the bot post there: the workspace's preferences forbid it",
}

_OTHER_CHANNEL = re.compile(r"#\S+|[CG][A-Z0-9]{7,20}")
_MEMBER = re.compile(r"<?@?([UW][A-Z0-9]{6,20})>?")


class Slack:
    """A `Channel`. The address is a member (U…), who is mentioned, or another channel (#name, C…)."""

    def __init__(self, settings: SlackSettings) -> None:
        self.name = settings.name
        self._settings = settings
        self._http = HttpClient(settings.tls, settings.proxy, settings.timeout.total_seconds())

    def prepare(self) -> None:
        sendable(self._headers())
        self._http.prepare(self._settings.url)

    def send(self, message: Message, link: str) -> Receipt:
        content = orjson.dumps(body(message, link, self._settings.channel))
        try:
            answer = self._http.post(f"{self._settings.url}/api/chat.postMessage", content, self._headers())
        except SettingsError as error:
            raise settings_trouble(error) from error
        if answer.status != 200:
            raise refusal("Slack", answer, said=_error(answer))
        document = answer.json() or {}
        if document.get("ok") is True:
            where, time = answer_text(str(document.get("channel", ""))), answer_text(str(document.get("ts", "")))
            return Receipt(f"posted in {where or self._settings.channel}", f"{where}:{time}")
        raise _refused(answer)

    def close(self) -> None:
        """Each request has closed its own connection."""

    def _headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._settings.token.read()}",
            "Content-Type": "application/json; charset=utf-8",
        }


def body(message: Message, link: str, channel: str) -> dict[str, Any]:
    """The arguments of the method; `text` is what notifications show, and the blocks what is read."""
    address = message.target.address
    other = bool(_OTHER_CHANNEL.fullmatch(address))
    mention = "" if other or not address else f"{_mention(address)} "
    said = [f"*{_escaped(headline(message))}*", *map(_escaped, lines(message))]
    blocks: list[dict[str, Any]] = [
        _section(f"{mention}{said[0]}"),
        *([_section("\n".join(said[1:]))] if said[1:] else []),
    ]
    if link:
        button = {"type": "button", "text": {"type": "plain_text", "text": "Look and acknowledge"}, "url": link}
        blocks.append({"type": "actions", "elements": [button]})
    context = "   ".join(f"{name}: {_escaped(value)}" for name, value in facts(message))
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": context}]})
    return {
        "channel": address if other else channel,
        "text": f"{mention}{_escaped(headline(message))}",
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:LONGEST_SECTION], "verbatim": True}}


def _mention(address: str) -> str:
    member = _MEMBER.fullmatch(address)
    return f"<@{member[1]}>" if member else _escaped(one_line(address))


def _escaped(text: str) -> str:
    """As Slack asks: then nothing in it is a link, a mention of all, or a command."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _error(answer: HttpAnswer) -> str:
    document = answer.json() or {}
    return str(document.get("error", ""))


def _refused(answer: HttpAnswer) -> NotAccepted:
    """`ok` is false, or the answer is not Slack's."""
    error = answer_text(_error(answer))
    if not error:
        return NotAccepted(
            "what answered 200 is not Slack: no `ok` and no error came back", retry_after=wait_of(answer)
        )
    return NotAccepted(
        f"Slack refused it: {error}",
        hint=FIXES.get(error, ""),
        retry_after=wait_of(answer),
        for_good=error not in PASSING,
    )
