"""The body of an HTTP answer, and JSON in it, within bounds: whoever answers has no say over our memory or time.

A few kilobytes of gzip can become gigabytes, in several codings around each other even more, and a short text of
`[],[],[]` takes thirty times its length once parsed. So bytes are bounded before and after decompression, and nesting
and the number of values before anything is built from them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
from isal import isal_zlib
from isal.igzip_lib import IsalError

ACCEPTED = "gzip"
"""The value of `Accept-Encoding` in all our requests; an answer in another coding is refused."""

STEP = 1 << 20
"""Bytes decompressed at a time."""

MOST_OF_AN_ERROR = 64 << 10
"""Bytes kept of an answer that is not a good one: enough for every reason Salesforce, Splunk or Elastic gives."""

MOST_VALUES = 1_000_000
"""Values in a JSON document. A page of 2,000 records has about 40,000, the description of a large object 100,000."""

DEEPEST = 64
"""Levels of arrays and objects in each other; a describe has 6. Parsers and `repr` recurse, so this is no memory bound."""


class Unacceptable(httpx.DecodingError):
    """The body is longer than it may be, in a coding nobody asked for, or damaged."""


def read_body(response: httpx.Response, most: int) -> bytes:
    """The whole body, decompressed: at most `most` bytes, before decompression and after.

    Raises Unacceptable for what is beyond, and httpx.HTTPError when the body does not arrive.
    """
    parts, size = [], 0
    for part in plain_parts(response, most):
        size += len(part)
        if size > most:
            raise Unacceptable(f"the answer is longer than {most} bytes")
        parts.append(part)
    return b"".join(parts)


def read_error(response: httpx.Response) -> bytes:
    """The beginning of a body that only gives a reason; what is beyond `MOST_OF_AN_ERROR` is left unread."""
    kept = b""
    try:
        for part in plain_parts(response, MOST_OF_AN_ERROR):
            kept += part[: MOST_OF_AN_ERROR - len(kept)]
            if len(kept) == MOST_OF_AN_ERROR:
                break
    except Unacceptable:
        pass  # a reason cut short is better than none: the status tells the rest
    return kept


def plain_parts(response: httpx.Response, most: int) -> Iterator[bytes]:
    """The body as it comes, decompressed, in parts of at most `STEP` bytes or as they were sent.

    `most`: bytes it may have before decompression; the caller counts those after. httpx would decompress by itself, but
    each part whole, whatever it becomes.
    """
    gunzip = None if (coding := coding_of(response)) == "identity" else Gunzip()
    received = 0
    if coding not in ("identity", "gzip"):
        raise Unacceptable(f"the answer is in the coding {coding[:40]!r}, which was not requested")
    for part in response.iter_raw():
        received += len(part)
        if received > most + STEP:  # gzip adds a little to what it cannot compress
            raise Unacceptable(f"the answer is longer than {most} bytes")
        try:
            yield from gunzip.parts(part) if gunzip else [part]
        except IsalError as error:  # type: ignore[misc]
            raise Unacceptable(f"the compressed answer is damaged ({error})") from error


def coding_of(response: httpx.Response) -> str:
    """`Content-Encoding`: `identity`, `gzip`, or the name of another (or several), which is refused."""
    coding = response.headers.get("Content-Encoding", "").strip().lower() or "identity"
    return "gzip" if coding == "x-gzip" else coding


class Gunzip:
    """One or more gzip members (RFC 1952 section 2.2); length and checksum of each are verified."""

    def __init__(self) -> None:
        self._member = isal_zlib.decompressobj(wbits=31)

    @property
    def ended(self) -> bool:
        return bool(self._member.eof)

    def parts(self, part: bytes) -> Iterator[bytes]:
        """What `part` adds, at most `STEP` bytes at a time. Raises IsalError."""
        has_more = False
        while part or has_more:
            if self._member.eof:
                self._member = isal_zlib.decompressobj(wbits=31)
            plain = self._member.decompress(part, STEP)
            if plain:
                yield plain
            has_more = len(plain) == STEP and not self._member.eof
            part = self._member.unused_data if self._member.eof else self._member.unconsumed_tail


def json_of(body: bytes, most_values: int = MOST_VALUES) -> Any:
    """The JSON document that is `body`. Raises ValueError for what is no JSON, too deep, or of too many values.

    A number beyond all floats (1e400, NaN) and half a surrogate pair come as text: the record that has one is bad, not
    the page around it.
    """
    if body.count(b",") + body.count(b"[") + body.count(b"{") > most_values:
        raise ValueError(f"JSON of more than {most_values} values")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = _lenient(body)
    _refuse_deep(document)
    return document


def _lenient(body: bytes) -> Any:
    """JSON as Python's own parser takes it, made into what orjson would have taken."""
    try:
        text = body.decode("utf-8", "replace")
        document = json.loads(text, parse_float=_number, parse_int=_number, parse_constant=str)
        return orjson.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError as error:
        raise ValueError("JSON that is nested too deeply") from error


def _number(text: str) -> float | int | str:
    """Beyond 64 bits a number is its text, cut: nothing we read has such numbers."""
    if len(text) <= 18 and text.lstrip("-").isdigit():
        return int(text)
    value = float(text)
    return value if abs(value) <= 1e308 else text[:40]


def _refuse_deep(document: Any) -> None:
    level = [document]
    for _ in range(DEEPEST + 1):
        level = [
            child
            for value in level
            if isinstance(value, dict | list)
            for child in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise ValueError(f"JSON of more than {DEEPEST} levels")
