"""How deep JSON is nested, told before anybody parses it."""

from __future__ import annotations

import re

DEEPEST = 32
"""Arrays and objects within each other; a report has two or three."""

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""To the end of the text where nothing closes it: else it would be sought again from each quote within it."""
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ROUND = bytes.maketrans(b"{}", b"[]")


def is_too_deep(text: bytes) -> bool:
    """Whether JSON in UTF-8 is nested deeper than `DEEPEST`. Brackets that do not fit are for a parser to refuse what is no JSON at all.

    The innermost pairs are taken out, once for each level: C does the work, whatever the text is made of.
    """
    if text.count(b"[") + text.count(b"{") <= DEEPEST:
        return False
    brackets = _STRING.sub(b"", text).translate(_ROUND, _NOT_BRACKETS)
    for _ in range(DEEPEST):
        brackets = brackets.replace(b"[]", b"")
    return b"[]" in brackets
