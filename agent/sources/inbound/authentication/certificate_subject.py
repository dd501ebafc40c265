"""Subjects of certificates, compared."""

from __future__ import annotations

import re
from functools import lru_cache

_COMMA = re.compile(r"(?<!\\),")


def same_subject(shown: str, wanted: str) -> bool:
    """Whether two subjects have the same parts, `CN=sync,O=Example` and `O=Example, CN=sync`: tools print them in either
    order. Values are compared to the letter. Both are texts as RFC 4514 has them.
    """
    return _parts(shown) == _parts(wanted)


def is_subject(text: str) -> bool:
    """Whether each part is a name and a value."""
    return all(name.strip() and value.strip() for name, value in _split(text))


@lru_cache(maxsize=256)
def _parts(text: str) -> tuple[tuple[str, str], ...]:
    """Kept: each request asks for the same ones, and only what an authority has signed comes here."""
    return tuple(sorted((name.strip().upper(), value.strip()) for name, value in _split(text)))


def _split(text: str) -> list[tuple[str, str]]:
    parts = [part.partition("=") for part in _COMMA.split(text)]
    return [(name, value) for name, _, value in parts]
