"""The forms a secret takes when others write it down: as it is, percent-encoded, in base64, JSON, HTML, hexadecimal."""

from __future__ import annotations

import base64
import html
import json
import string
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

ANCHOR = 6
"""Characters by which a form is looked up. A shorter secret is redacted only where it stands as a word of its own: "a"
as a password would make every text unreadable."""
LONGEST = 4_096
"""Characters of a secret that are looked for: what an org calls a token may have any length."""

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_URL_SAFE = str.maketrans("+/", "-_")


def lower(text: str) -> str:
    """ASCII capitals as small letters; the length stays, unlike with `str.lower`."""
    return text.translate(_LOWER)


def forms(secret: str) -> set[str]:
    """All forms of a secret, in lower case unless shorter than `ANCHOR`.

    Of a secret with several lines (a key in PEM) each line by itself, without those that say what it is.
    """
    lines = [line.strip() for line in secret.splitlines()] if "\n" in secret else []
    parts = [line for line in lines if len(line) >= ANCHOR and not line.startswith("-----")]
    found = {form for part in parts or [secret] for form in _encoded(part[:LONGEST])}
    return {lower(form) if len(form) >= ANCHOR else form for form in found}


def _encoded(secret: str) -> Iterator[str]:
    yield secret
    secret = secret.encode(errors="replace").decode()  # what an environment variable holds need not be UTF-8
    yield from (quote(secret, safe=""), quote(secret), quote_plus(secret), quote(quote(secret, safe="")))
    yield from (html.escape(secret), html.escape(secret).replace("&#x27;", "&#39;"))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from (json.dumps(secret)[1:-1].replace("/", "\\/"), repr(secret)[1:-1], repr(secret.encode())[2:-1])
    yield secret.encode().hex()
    for skipped in range(3):
        inside = _base64(secret.encode(), skipped)
        if len(inside) >= ANCHOR:  # less of it would be found in anything
            yield from (inside, inside.translate(_URL_SAFE))


def _base64(secret: bytes, skipped: int) -> str:
    """The letters of base64 that tell of `secret` alone, where `skipped` bytes (modulo 3) stand before it."""
    whole = base64.b64encode(bytes(skipped) + secret).decode()
    first = (8 * skipped + 5) // 6
    return whole[first : 8 * (skipped + len(secret)) // 6]
