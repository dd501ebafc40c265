"""Signatures in the form of Standard Webhooks (https://www.standardwebhooks.com), made and compared by its library's means.

The library's own `verify` reads the machine's clock and raises what it happens to; so the time and the form of the headers
are looked at here, and the library signs what is compared.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

TOLERANCE = timedelta(minutes=5)
"""Between a signature's time and now, before and after it: as the standard's libraries have it. A request that is sent
again within it has the id that it had, so it is counted once.
"""
KEY_BYTES = 24
"""The standard's shortest key."""
LONGEST_ID = 256
MOST_SIGNATURES = 16

SIGNATURE = b"webhook-signature"


def signing_key(secret: str) -> Webhook:
    """Of `whsec_` and base64, or base64 alone. Raises ValueError for what is not that, or too short."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the key of signatures is not base64 behind `whsec_`") from None
    if len(key) < KEY_BYTES:
        raise ValueError(f"the key of signatures has {len(key)} bytes; make one of {KEY_BYTES} or more")
    return Webhook(key)


def why_not_signed(keys: Iterable[Webhook], headers: Mapping[bytes, bytes], body: bytes, now: datetime) -> str:
    """Empty if one of the signatures in the headers is of one of the keys; else the reason, for whoever runs Leakline."""
    signatures, message_id, sent = _headers(headers)
    if not signatures or not message_id or len(message_id) > LONGEST_ID:
        return "its headers webhook-id, webhook-timestamp and webhook-signature are not all there"
    if not sent.isascii() or not sent.isdigit() or len(sent) > 11:
        return "its webhook-timestamp is not a number of seconds"
    time = datetime.fromtimestamp(int(sent), UTC)
    if abs(now - time) > TOLERANCE:
        return f"it was signed at {time:%Y-%m-%d %H:%M:%SZ}, more than 5 minutes from now: sent late or again, or a wrong clock"
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return "its body is not UTF-8"
    wanted = [key.sign(message_id, time, text).encode() for key in keys]
    # Each with each, without an early end: how long it takes says nothing about what was right.
    right = [hmac.compare_digest(signature, expected) for signature in signatures for expected in wanted]
    return "" if any(right) else "its signature does not fit: another key, or the body was changed on its way"


def message_id_of(headers: Mapping[bytes, bytes]) -> str:
    """The sender's own name for the request, empty without one."""
    return _headers(headers)[1]


def _headers(headers: Mapping[bytes, bytes]) -> tuple[list[bytes], str, str]:
    """Signatures, id, time."""
    signatures = headers.get(SIGNATURE, b"").split()[:MOST_SIGNATURES]
    return signatures, *(headers.get(name, b"").decode("latin-1") for name in (b"webhook-id", b"webhook-timestamp"))  # type: ignore[return-value]
