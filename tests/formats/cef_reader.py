"""A strict reader of CEF lines, written from the specification alone: the other half of a round trip."""

from __future__ import annotations

import re

HEADER = ("vendor", "product", "version", "signature", "name", "severity")

_KEY = re.compile(r"(?:^| )([A-Za-z0-9_.]+)=")


def read(line: str) -> tuple[dict[str, str], dict[str, str]]:
    """Header fields and extension of one line. Raises AssertionError where the line breaks a rule."""
    assert not re.search(r"[\x00-\x1f\x7f]", line), "control character"
    assert line.startswith("CEF:0|")
    fields = re.findall(r"((?:[^|\\]|\\[|\\])*)\|", line[6:])[:6]
    assert len(fields) == 6, "header"
    extension = line[6 + sum(len(field) + 1 for field in fields) :]
    return dict(zip(HEADER, (re.sub(r"\\(.)", r"\1", f) for f in fields), strict=True)), dict(_pairs(extension))


def _pairs(extension: str) -> list[tuple[str, str]]:
    """A key begins at the start or behind a space, and ends at an equals sign that is not escaped."""
    keys = list(_KEY.finditer(extension))
    assert not keys or keys[0].start() == 0, "the extension begins with a key"
    assert extension == "" or keys, "text without a key"
    ends = [*(key.start() for key in keys[1:]), len(extension)]
    pairs = [(key[1], _unescaped(extension[key.end() : end])) for key, end in zip(keys, ends, strict=True)]
    assert len(dict(pairs)) == len(pairs), "a key twice"
    return pairs


def _unescaped(value: str) -> str:
    assert re.fullmatch(r"(?:[^\\=]|\\[\\=nr])*", value), f"bad escape in {value!r}"
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), value)
