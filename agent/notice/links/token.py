"""What a link says, signed: 54 bytes, 72 characters that a URL may have.

The same message has the same token, so one that is sent again leads to the same place. Nothing in it is secret but the signature.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime

_VERSION = b"\x01"
"""Of what the bytes mean: another one is another token."""
_MESSAGE, _INCIDENT = re.compile(r"msg-([0-9a-f]{20})"), re.compile(r"inc-([0-9a-f]{12})")
_MESSAGE_END, _INCIDENT_END, _SIGNED = 11, 17, 22
"""Bytes before the end of the message's id, of the incident's, and of the time in seconds since 1970."""
_LAST = datetime(9999, 12, 31, tzinfo=UTC)
LENGTH = 72
"""Characters. They stand for 54 bytes, three for four: no character has a bit that says nothing."""


@dataclass(frozen=True, slots=True)
class LinkToken:
    """What is signed."""

    message: str
    """Its id."""
    incident: str
    """Its id."""
    expires_at: datetime
    """In whole seconds."""


def signed(token: LinkToken, key: bytes) -> str:
    """As it stands in a link. Raises ValueError for ids of another form."""
    message, incident = _MESSAGE.fullmatch(token.message), _INCIDENT.fullmatch(token.incident)
    if message is None or incident is None:
        raise ValueError(f"{token.message[:40]} and {token.incident[:40]} are not the ids of a message and an incident")
    seconds = int(token.expires_at.timestamp()).to_bytes(_SIGNED - _INCIDENT_END, "big")
    content = _VERSION + bytes.fromhex(message[1]) + bytes.fromhex(incident[1]) + seconds
    return base64.urlsafe_b64encode(content + _signature(content, b"link", key)).decode("ascii")


def read(text: str, key: bytes) -> LinkToken | None:
    """None for everything that `signed` has not made with this key. Whether it has expired is for the caller to see."""
    if len(text) != LENGTH or not text.isascii():
        return None
    try:
        data = base64.b64decode(text, b"-_", validate=True)
    except binascii.Error:
        return None
    content = data[:_SIGNED]
    # Whatever is wrong with it, the time says nothing about the signature that would have been right.
    if not hmac.compare_digest(data[_SIGNED:], _signature(content, b"link", key)) or content[:1] != _VERSION:
        return None
    seconds = int.from_bytes(content[_INCIDENT_END:], "big")
    message, incident = content[1:_MESSAGE_END].hex(), content[_MESSAGE_END:_INCIDENT_END].hex()
    expires_at = datetime.fromtimestamp(min(seconds, _LAST.timestamp()), UTC)
    return LinkToken(f"msg-{message}", f"inc-{incident}", expires_at)


def form_proof(text: str, key: bytes) -> str:
    """What the form of the page sends along, 64 hexadecimal digits: who has the link alone cannot tell it."""
    return _signature(text.encode("ascii"), b"form", key).hex()


def is_form_proof(shown: str, text: str, key: bytes) -> bool:
    return hmac.compare_digest(shown.encode(), form_proof(text, key).encode())


def digest(text: str) -> str:
    """By which a used link is known: the link itself is kept nowhere."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _signature(content: bytes, purpose: bytes, key: bytes) -> bytes:
    """32 bytes. What is signed for one purpose is nothing for another."""
    return hmac.digest(key, purpose + b"\n" + content, "sha256")
