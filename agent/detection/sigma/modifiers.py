r"""Modifiers of values where pySigma falls short of the specification; they take the place of its own.

`utf16le` has a name; the UTF-16 encodings take any text, not ASCII alone; `windash` knows all five dashes; `expand`
knows `\%`; `cidr` takes placeholders; none of them forgets that `cased` stood before it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

from sigma.exceptions import SigmaValueError
from sigma.modifiers import SigmaCIDRModifier, SigmaModifier, SigmaValueModifier, modifier_mapping
from sigma.modifiers import reverse_modifier_mapping as modifier_names
from sigma.types import (
    Placeholder,
    SigmaCIDRExpression,
    SigmaExpansion,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaType,
    SpecialChars,
    type_map,
)

DASHES = "-/\u2013\u2014\u2015"
MOST_DASHES = 3
"""Five to the power of this many texts stand for one value."""

_DASH = re.compile(rf"\B[{DASHES}]\b")
_PLACEHOLDER = re.compile(r"\\%|%([^%\\]+)%")

Piece = str | SpecialChars | Placeholder


@dataclass
class NetworkPlaceholder(SigmaType):
    """Networks that the settings name, before they are looked up."""

    text: SigmaString


def _like(value: SigmaString, pieces: list[Piece]) -> SigmaString:
    """A text of the same kind: with or without regard to case."""
    made = type(value)()
    made.s = pieces
    return made


def _encoded(value: SigmaString, encode: Callable[[str], bytes], mark: bytes = b"") -> SigmaString:
    """The bytes of each piece as text; those that are no UTF-8 stand there as lone surrogates, for base64 to read."""
    pieces: list[Piece] = [
        encode(piece).decode("utf-8", "surrogateescape") if isinstance(piece, str) else piece for piece in value.s
    ]
    return _like(value, [*([mark.decode("utf-8", "surrogateescape")] if mark else []), *pieces])


def _bytes(value: SigmaString) -> bytes:
    if value.contains_special():
        raise SigmaValueError("Base64 encoding of strings with wildcards is not allowed")
    return "".join(piece for piece in value.s if isinstance(piece, str)).encode("utf-8", "surrogateescape")


class Utf16LE(SigmaValueModifier[SigmaString, SigmaString]):
    def modify(self, val: SigmaString) -> SigmaString:
        return _encoded(val, lambda text: text.encode("utf-16-le"))


class Utf16BE(SigmaValueModifier[SigmaString, SigmaString]):
    def modify(self, val: SigmaString) -> SigmaString:
        return _encoded(val, lambda text: text.encode("utf-16-be"))


class Utf16(SigmaValueModifier[SigmaString, SigmaString]):
    """Little-endian behind a byte order mark."""

    def modify(self, val: SigmaString) -> SigmaString:
        return _encoded(val, lambda text: text.encode("utf-16-le"), b"\xff\xfe")


class Base64(SigmaValueModifier[SigmaString, SigmaString]):
    def modify(self, val: SigmaString) -> SigmaString:
        return _like(val, [b64encode(_bytes(val)).decode()])


class Base64Offset(SigmaValueModifier[SigmaString, SigmaExpansion]):
    """What is the same in every base64 text that holds the value, for each of the three places it can begin at."""

    def modify(self, val: SigmaString) -> SigmaExpansion:
        data = _bytes(val)
        return SigmaExpansion([_like(val, [text]) for text in (_middle(data, offset) for offset in range(3)) if text])


def _middle(data: bytes, offset: int) -> str:
    """Six bits a character: those that hold bits of neighbours are cut off at both ends."""
    whole = b64encode(bytes(offset) + data).decode().rstrip("=")
    first = -(-offset * 8 // 6)
    return whole[first : (offset + len(data)) * 8 // 6]


class WinDash(SigmaValueModifier[SigmaString, SigmaExpansion]):
    """A dash before a word is each of the five dashes."""

    def modify(self, val: SigmaString) -> SigmaExpansion:
        parts: list[tuple[Piece, ...]] = []
        for piece in val.s:
            parts += _dashed(piece) if isinstance(piece, str) else [(piece,)]
        if sum(len(choices) > 1 for choices in parts) > MOST_DASHES:
            raise SigmaValueError(f"windash takes at most {MOST_DASHES} dashes in one value")
        return SigmaExpansion([_like(val, _merged(list(chosen))) for chosen in product(*parts)])


def _dashed(text: str) -> list[tuple[Piece, ...]]:
    parts: list[tuple[Piece, ...]] = []
    at = 0
    for found in _DASH.finditer(text):
        parts += [(text[at : found.start()],), tuple(DASHES)]
        at = found.end()
    return [*parts, (text[at:],)]


def _merged(pieces: list[Piece]) -> list[Piece]:
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece != "":
            joined.append(piece)
    return joined


class Cidr(SigmaCIDRModifier):
    """A network, or the name of networks where `expand` follows."""

    def modify(self, val: SigmaString) -> Any:
        expanded = Expand in self.detection_item.modifiers
        return NetworkPlaceholder(val) if expanded and "%" in val.original else super().modify(val)


class Expand(SigmaValueModifier[Any, Any]):
    """Names between percent signs are placeholders; a percent sign behind a backslash is one by itself."""

    def modify(self, val: SigmaString | SigmaRegularExpression | SigmaCIDRExpression | NetworkPlaceholder) -> SigmaType:
        match val:
            case SigmaRegularExpression():
                val.regexp = _placed(val.regexp)
            case NetworkPlaceholder():
                val.text = _placed(val.text)
            case SigmaString():
                return _placed(val)
        return val


def _placed(value: SigmaString) -> SigmaString:
    pieces: list[Piece] = []
    for piece in value.s:
        pieces += _named(piece) if isinstance(piece, str) else [piece]
    return _like(value, _merged(pieces))


def _named(text: str) -> list[Piece]:
    pieces: list[Piece] = []
    at = 0
    for found in _PLACEHOLDER.finditer(text):
        pieces += [text[at : found.start()], Placeholder(found[1]) if found[1] else "%"]
        at = found.end()
    return [*pieces, text[at:]]


MODIFIERS: dict[str, type[SigmaModifier[Any, Any]]] = {
    "utf16le": Utf16LE,
    "wide": Utf16LE,
    "utf16be": Utf16BE,
    "utf16": Utf16,
    "base64": Base64,
    "base64offset": Base64Offset,
    "windash": WinDash,
    "cidr": Cidr,
    "expand": Expand,
}


class WholeNumber(SigmaNumber):
    """As many digits as the rule has: pySigma would make a float of those that a float does not hold."""

    def __post_init__(self, init_number: int) -> None:
        self.number = init_number


def register() -> None:
    """Into pySigma's tables, for every rule that is read from now on."""
    type_map[int] = WholeNumber
    modifier_mapping.update(MODIFIERS)
    modifier_names.update({kind.__name__: name for name, kind in MODIFIERS.items()})
