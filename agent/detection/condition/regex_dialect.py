r"""Regular expressions in RE2's syntax as Polars' engine (the Rust crate `regex`) has to read them.

Rules are held to RE2; where the crate would read the same characters as something else, they are written differently
here. What stays different is stated in `rules/README.md`: `\d`, `\w`, `\s` and `\b` are Unicode.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
      (?P<quoted>\\Q(?P<text>.*?)(?:\\E|$))
    | (?P<octal>\\(?:0[0-7]{0,2}|[1-7][0-7]{1,2}))
    | (?P<angle>\\[<>])
    | (?P<escape>\\(?:[pPx]\{[^}]*\}|.))
    | (?P<bracket>\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])
    | (?P<repeat>\{\d+(?:,\d*)?\})
    | (?P<brace>\{)
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_BRACKET = re.compile(
    r"""
      (?P<octal>\\(?:0[0-7]{0,2}|[1-7][0-7]{1,2}))
    | (?P<angle>\\[<>])
    | \\.
    | \[:\^?\w+:\]
    | (?P<range>[^\\]--)
    | (?P<special>\[|&(?=&)|-(?=-)|~(?=~))
    """,
    re.VERBOSE | re.DOTALL,
)
_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")


def crate(pattern: str) -> str:
    """`pattern`, which RE2 has taken, with the same meaning for the crate."""
    return _TOKEN.sub(_outside, pattern)


def _outside(token: re.Match[str]) -> str:
    match token.lastgroup:
        case "quoted" | "text":
            return _SPECIAL.sub(r"\\\g<0>", token["text"])
        case "bracket":
            return token[0][0] + _IN_BRACKET.sub(_inside, token[0][1:-1]) + token[0][-1]
        case "brace":
            return r"\{"
        case _:
            return _inside(token)


def _inside(token: re.Match[str]) -> str:
    match token.lastgroup:
        case "octal":
            return f"\\x{{{int(token[0][1:], 8):x}}}"
        case "angle":
            return token[0][1]
        case "range":
            return f"{re.escape(token[0][0])}-\\-"
        case "special":
            return "\\" + token[0]
        case _:
            return token[0]
