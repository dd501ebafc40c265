"""A signed request, in the form of Standard Webhooks (https://www.standardwebhooks.com, version 1.0.0): anybody can verify it.

`webhook-id` is the message's and stays the same over retries; `webhook-timestamp` is that of the attempt; `webhook-signature`
has one signature for each secret, so that a secret can be replaced without a gap.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import orjson
from standardwebhooks import Webhook as Signer

from agent.errors import SettingsError
from agent.notice.arrangements.channels import WebhookSettings
from agent.notice.channels.channel import Receipt
from agent.notice.channels.http_client import HttpClient, refusal, settings_trouble
from agent.notice.channels.wording import headline, lines
from agent.notice.messages.message import Message
from agent.redaction.redaction import register

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
"""Bytes of a secret, by the specification."""
HASH_DIGITS = 16
GONE = 410


class Webhook:
    """See the page; a `Channel`."""

    def __init__(self, settings: WebhookSettings, now: Callable[[], datetime]) -> None:
        self.name = settings.name
        self._settings = settings
        self._now = now
        self._http = HttpClient(settings.tls, settings.proxy, settings.timeout.total_seconds())

    def prepare(self) -> None:
        signers(self._settings.secret.read())
        self._http.prepare(self._settings.url)

    def send(self, message: Message, link: str) -> Receipt:
        now, content = self._now(), body(message, link)
        try:
            headers = signed_headers(self._settings.secret.read(), message.id, now, content)
            answer = self._http.post(self._settings.url, content, headers)
        except SettingsError as error:
            raise settings_trouble(error) from error
        if 200 <= answer.status < 300:
            digest = hashlib.sha256(answer.body).hexdigest()[:HASH_DIGITS]
            return Receipt(f"answered {answer.status} with {len(answer.body):,} bytes", f"sha256:{digest}")
        gone = answer.status == GONE
        hint = "the receiver wants no more of them: remove the channel, or write another URL" if gone else ""
        raise refusal(f"the webhook {self.name}", answer, hint=hint)

    def close(self) -> None:
        """Each request has closed its own connection."""


def signed_headers(secrets: str, number: str, now: datetime, content: bytes) -> dict[str, str]:
    """Those of an attempt at `now`. Raises SettingsError."""
    signatures = [signer.sign(number, now.astimezone(UTC), content.decode()) for signer in signers(secrets)]
    return {
        "webhook-id": number,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def signers(secrets: str) -> list[Signer]:
    """For each of the secrets, with blanks between them. Raises SettingsError."""
    return [_signer(text) for text in secrets.split()]


def body(message: Message, link: str) -> bytes:
    """JSON; thin, and the same at each attempt but for the link."""
    data = {
        "id": message.id,
        "kind": message.kind,
        "incident": message.incident,
        "level": message.level,
        "summary": headline(message),
        "lines": lines(message),
        "tier": message.tier,
        "due": message.due.isoformat(),
        "link": link,
        "drill": message.is_drill,
    }
    return orjson.dumps({"type": f"leakline.{message.kind}", "timestamp": message.created_at.isoformat(), "data": data})


def _signer(text: str) -> Signer:
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX) + "==")
    except (binascii.Error, ValueError):
        secret = b""
    if not text.startswith(PREFIX) or not SHORTEST <= len(secret) <= LONGEST:
        raise SettingsError(
            "the secret of a webhook is not one of Standard Webhooks",
            hint=f"write {PREFIX} and {SHORTEST} to {LONGEST} bytes in Base64; several with a blank between them",
        )
    register(text)
    register(text.removeprefix(PREFIX))
    return Signer(secret)
