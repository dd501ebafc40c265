"""The longest text that every match of a regular expression contains."""

from __future__ import annotations

import functools
import re

_FLAGS = re.compile(r"\(\?([a-zA-Z]+)\)")
_TOKEN = re.compile(
    r"""
      (?P<bracket>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])
    | (?P<escape>\\(?:[pP]\{[^}]*\}|[pP].|x\{[^}]*\}|x[0-9a-fA-F]{2}|.))
    | (?P<open>\()
    | (?P<close>\))
    | (?P<special>[.^$])
    | (?P<either>\|)
    | (?P<plain>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_REPEAT = re.compile(r"(?P<none>[*?]|\{0*(?:,\d*)?\})\??|(?P<some>\+|\{\d+(?:,\d*)?\})\??")


@functools.lru_cache(maxsize=100_000)
def longest_literal(pattern: str) -> str | None:
    """`pattern`: RE2 syntax. The text is ASCII and in lower case; None where none is certain.

    What stands in groups and classes is passed over, and a pattern with alternatives outside groups has no such text.
    """
    flags = _FLAGS.match(pattern)
    letters = flags[1] if flags else ""
    body = pattern[flags.end() :] if flags else pattern
    if "x" in letters or "\\Q" in body or _FLAGS.search(body):
        return None
    runs = _runs(body, folded="i" in letters)
    return max(reversed(runs), key=len, default="") or None  # of equals the last: paths begin alike and end apart


def _runs(body: str, *, folded: bool) -> list[str]:
    """The uninterrupted texts outside groups."""
    runs = [""]
    depth = at = 0
    while token := _TOKEN.match(body, at):
        repeat = _REPEAT.match(body, token.end())
        at = repeat.end() if repeat else token.end()
        depth += (token.lastgroup == "open") - (token.lastgroup == "close")
        if token.lastgroup == "either" and depth == 0:
            return []
        character = _character(token, folded=folded) if depth == 0 else None
        if character is None or (repeat and repeat.lastgroup == "none"):
            runs.append("")
        else:
            runs[-1] += character
            if repeat:
                runs.append("")
    return runs


def _character(token: re.Match[str], *, folded: bool) -> str | None:
    """The one ASCII character that the token stands for, in lower case.

    Without regard to case, s and k stand for more than two characters each (ſ, the Kelvin sign): they are left out.
    """
    text = token.group()
    if token.lastgroup == "escape" and len(text) == 2 and not text[1].isalnum():
        text = text[1]
    elif token.lastgroup != "plain":
        return None
    if not text.isascii() or (folded and text in "sSkK"):
        return None
    return text.lower()
