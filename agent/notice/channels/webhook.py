"""A signed request to a server of one's own, in the form of Standard Webhooks (https://www.standardwebhooks.com, specification 1)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from standardwebhooks.webhooks import Webhook

from agent.errors import SettingsError
from agent.notice.arrangements.channels import WebhookSettings
from agent.notice.channels.channel import Receipt
from agent.notice.channels.http_answer import GONE, JSON, asking, exchange, refused
from agent.notice.messages.message import Message


class WebhookChannel:
    """See `Channel`. `webhook-id` is the message's; the time and the signature are those of the attempt."""

    def __init__(self, settings: WebhookSettings, now: Callable[[], datetime]) -> None:
        self.name = settings.name
        self._now = now
        self._settings = settings
        self._exchange = exchange(settings.url, settings.tls, settings.proxy, settings.timeout.total_seconds())

    def prepare(self) -> None:
        """Raises SettingsError."""
        self._keys()
        self._exchange.prepare()

    def close(self) -> None:
        self._exchange.close()

    def send(self, message: Message, link: str) -> Receipt:
        """Receipt: the first digits of the answer's SHA-256. Raises NotAccepted."""
        at = self._now()
        body = orjson.dumps(content(message, link))
        with asking(""):
            headers = {**JSON, "webhook-id": message.id, "webhook-timestamp": str(int(at.timestamp()))}
            headers["webhook-signature"] = " ".join(key.sign(message.id, at, body.decode()) for key in self._keys())
            answer = self._exchange.post("", body, headers)
        if not 200 <= answer.status < 300:
            hint = "the receiver wants nothing more; correct `notice.channels`" if answer.status == GONE else ""
            raise refused(answer, hint=hint)
        return Receipt(str(answer.status), hashlib.sha256(answer.body).hexdigest()[:16])

    def _keys(self) -> list[Webhook]:
        """One for each secret. Raises SettingsError."""
        try:
            keys = [Webhook(secret) for secret in self._settings.secret.read().split()]
        except (ValueError, RuntimeError) as error:
            raise SettingsError(
                f"the secret of {self.name} is not one of Standard Webhooks", hint="write `whsec_` and Base64"
            ) from error
        if not keys:
            raise SettingsError(f"the secret of {self.name} is empty", hint="write `whsec_` and Base64")
        return keys


def content(message: Message, link: str) -> dict[str, Any]:
    """Thin, as the specification advises."""
    data = {
        "id": message.id,
        "kind": message.kind,
        "incident": message.incident or None,
        "level": message.level,
        "summary": message.summary,
        "lines": list(message.lines),
        "tier": message.tier or None,
        "due": message.due.isoformat(),
        "people": list(message.target.people),
        "address": message.target.address or None,
        "link": link or None,
        "drill": message.is_drill,
    }
    return {"type": f"leakline.{message.kind}", "timestamp": message.created_at.isoformat(), "data": data}
