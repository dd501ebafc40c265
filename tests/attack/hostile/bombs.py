"""Bodies that are small as they are sent and huge, deep or endless when they are read."""

from __future__ import annotations

import datetime as dt
import gzip
import zlib
from collections.abc import Callable
from functools import cache

MB = 1 << 20


def bomb(start: bytes, filling: bytes, size: int, end: bytes = b"") -> bytes:
    """Gzip of `start`, `size` bytes of `filling`, and `end`; a thousandth of it."""
    packer = zlib.compressobj(1, wbits=31)
    block = filling * (MB // len(filling))
    parts = [packer.compress(start)]
    parts += [packer.compress(block) for _ in range(size // len(block))]
    return b"".join([*parts, packer.compress(end), packer.flush()])


ZIPPED = {"Content-Encoding": "gzip"}
HEADER = b'"EVENT_TYPE","TIMESTAMP","USER_ID","URI"\n'


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "text": (lambda: bomb(b'{"done":true,"records":[{"x":"', b"A", 100 * MB, b'"}]}'), "gzip"),
    "empty lists": (lambda: bomb(b'{"done":true,"records":[[]', b",[]", 12 * MB, b"]}"), "gzip"),
    "objects": (lambda: bomb(b'{"done":true,"records":[{}', b',{"a":{}}', 12 * MB, b"]}"), "gzip"),
    "numbers": (lambda: bomb(b'{"done":true,"records":[1', b",1", 12 * MB, b"]}"), "gzip"),
    "depth": (lambda: bomb(b'{"done":true,"records":', b"[", 12 * MB), "gzip"),
    "twice packed": (lambda: gzip.compress(bomb(b"", b"A", 100 * MB)), "gzip, gzip"),
    "deflate": (lambda: zlib.compress(b"A" * 20 * MB), "deflate"),
    "brotli": (lambda: b"\x8b", "br"),
    "zstd": (lambda: b"\x28\xb5\x2f\xfd", "zstd"),
    "plain": (lambda: b"[" + b" " * 20 * MB + b"]", ""),
    "many members": (lambda: gzip.compress(b"") * 20_000, "gzip"),
    "damaged": (lambda: gzip.compress(b"[]")[:-8] + b"12345678", "gzip"),
}


@cache
def bomb_of(name: str) -> tuple[bytes, dict[str, str]]:
    """Its bytes and headers."""
    make, coding = BOMBS[name]
    return make(), {"Content-Encoding": coding} if coding else {}


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
