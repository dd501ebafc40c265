"""Values of fields that are secret by their name, taken out of texts: JSON at any depth, forms, queries of URLs, XML, headers.

`redaction` knows secrets by what they are; here it is the name beside them that tells. Names compare without case and without
all that is not a letter or a digit, so that `Client-Secret`, `client_secret` and `clientSecret` are the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus

import orjson

from agent.redaction.redaction import MARK, redact

_EXACTLY = frozenset({"auth", "cookie", "jwt", "passcode", "passphrase", "pin", "pwd", "sessionid", "setcookie", "sid"})
_WITHIN = (
    "accesskey",
    "apikey",
    "assertion",
    "authorization",
    "credential",
    "passw",
    "privatekey",
    "secret",
    "signature",
)
_ENDING = ("token", "tokens", "jsessionid")
_ADDRESS_ONLY = frozenset({"code", "key", "sig"})
"""In the query of a URL these are what OAuth hands over, and signatures; in a body `code` is what went wrong."""

DEPTH = 32
"""Levels of JSON, of texts within it that are JSON themselves too, that are looked through; what is deeper is taken out whole."""

_NOT_NAME = re.compile(r"[^0-9a-z]+")
_WORD = r"[\w.$:-]{1,100}"
_PAIRS = (
    # "name": "value" of JSON that is broken or stands within other text; the value may be cut off.
    re.compile(
        rf"""(?P<before>\\?["'](?P<name>{_WORD})\\?["']\s*:\s*)(?P<value>\\?"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,;}}\]]+)"""
    ),
    # <name>value</name>, with a prefix or attributes
    re.compile(rf"(?P<before><(?P<name>{_WORD})(?:\s[^<>]{{0,500}})?>)(?P<value>[^<]+)"),
    # name=value, name="value", as in forms, logs and attributes
    re.compile(rf"""(?P<before>(?<![\w.$:-])(?P<name>{_WORD})\s?=\s?)(?P<value>"[^"]*"?|'[^']*'?|[^\s&;,"'<>]+)"""),
    # Name: value of headers, to the end of the line
    re.compile(rf"(?P<before>^[ \t]*(?P<name>{_WORD}):[ \t]*)(?P<value>[^\s\[{{\"'][^\r\n]*)", re.MULTILINE),
)
_ESCAPED = re.compile(r"\\u[0-9a-fA-F]{4}")
_USER = re.compile(r"^((?:[A-Za-z][A-Za-z0-9+.-]*:)?//)[^/?#]*@")
_HOOK = re.compile(
    r"(hooks\.slack\.com/[a-z]+/|webhook\.office\.com/webhookb2/|/v1/outbound-messages/)[^?#\s]+", re.IGNORECASE
)
"""Addresses whose path is the secret."""


class SecretFields:
    """The names that are secret, those of a sender's settings among them."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._named = frozenset(_plain(name) for name in names) - {""}
        self._known: dict[str, bool] = {}

    def is_secret(self, name: str) -> bool:
        """Whether the value of a field of this name is to be taken out."""
        found = self._known.get(name)
        if found is None:
            plain = _plain(name)
            found = (
                plain in self._named
                or plain in _EXACTLY
                or plain.endswith(_ENDING)
                or any(part in plain for part in _WITHIN)
            )
            if len(self._known) < 10_000:  # names come from outside
                self._known[name] = found
        return found

    def value(self, value: Any, depth: int = 0) -> Any:
        """Parsed JSON with the values of secret fields, and all that has a secret's form, as `[redacted]`."""
        if isinstance(value, str):
            return self.text(value, depth + 1)
        if not isinstance(value, dict | list):
            return value
        if depth >= DEPTH:
            return MARK
        if isinstance(value, list):
            return [self.value(element, depth + 1) for element in value]
        return {name: self._field(name, element, depth) for name, element in value.items()}

    def text(self, text: str, depth: int = 0) -> str:
        """As `value`, of a text: JSON, a form, a query, XML, headers, or prose in which such a pair stands."""
        start = text.lstrip("\ufeff \t\r\n")[:1]
        if start and start in '{["':
            if depth >= DEPTH:
                return MARK
            try:
                parsed = orjson.loads(text.lstrip("\ufeff"))
            except orjson.JSONDecodeError:
                if _ESCAPED.search(text):  # of JSON that is broken a name may be written so that nobody recognises it
                    return MARK
            else:
                clean = self.value(parsed, depth)
                return text if clean == parsed else orjson.dumps(clean).decode()
        if "=" in text and "%" in text:
            text = "&".join(self._pair(pair) for pair in text.split("&"))
        for pattern in _PAIRS:
            text = pattern.sub(self._without, text)
        return redact(text)

    def url(self, url: str) -> str:
        """An address without the user before its host, and without the secrets of its query, fragment and path."""
        url = _HOOK.sub(rf"\1{MARK}", _USER.sub(rf"\1{MARK}@", url))
        pieces = re.split(r"([?#&;])", url)
        # Whatever stands behind the first of these marks is pairs; before it is the path.
        return redact("".join(pieces[:1] + [self._pair(piece, address=True) for piece in pieces[1:]]))

    def _field(self, name: str, value: Any, depth: int) -> Any:
        if self.is_secret(name) and value not in (None, "") and not isinstance(value, bool):
            return MARK
        return self.value(value, depth + 1)

    def _pair(self, pair: str, *, address: bool = False) -> str:
        """`name=value` of a form or a query, whose name may be percent-encoded."""
        name, equals, value = pair.partition("=")
        plain = unquote_plus(name)
        secret = self.is_secret(plain) or (address and _plain(plain) in _ADDRESS_ONLY)
        return f"{name}={MARK}" if equals and value and secret else pair

    def _without(self, found: re.Match[str]) -> str:
        value = found["value"]
        if not self.is_secret(found["name"].rpartition(":")[2]) or value.startswith(MARK):
            return found[0]
        return f'{found["before"]}"{MARK}"' if value.lstrip("\\")[:1] == '"' else found["before"] + MARK


def _plain(name: str) -> str:
    return _NOT_NAME.sub("", name.lower())
