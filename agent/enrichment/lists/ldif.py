"""LDIF (RFC 2849): the records of a directory's export, with the line that each begins on."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence

from agent.errors import FileError

Record = tuple[int, dict[str, list[str]]]
"""Line number, and attributes in lower case (options such as `;lang-de` left off) to their values."""


def records(lines: Sequence[str], path: str) -> Iterator[Record | FileError]:
    """Each record, or what is wrong with a line; the record of a wrong line goes on without it."""
    begun: Record | None = None
    for number, line in [*_unfolded(lines), (len(lines) + 1, "")]:
        if not line.strip():
            if begun is not None and "dn" in begun[1]:
                yield begun
            begun = None
            continue
        read = _attribute(line)
        if read is None:
            yield FileError(
                path, number, "this is not an LDIF attribute", hint="write `name: value` or `name:: base64`"
            )
            continue
        begun = begun or (number, {})
        begun[1].setdefault(read[0], []).append(read[1])


def _unfolded(lines: Sequence[str]) -> list[tuple[int, str]]:
    """Logical lines with their numbers: one that begins with a space continues the last; comments are left out."""
    whole: list[tuple[int, str]] = []
    for number, line in enumerate(lines, start=1):
        if line.startswith(" ") and whole:
            whole[-1] = (whole[-1][0], whole[-1][1] + line[1:])
        else:
            whole.append((number, line))
    return [(number, line) for number, line in whole if not line.startswith("#")]


def _attribute(line: str) -> tuple[str, str] | None:
    name, colon, value = line.partition(":")
    name = name.partition(";")[0].strip().lower()
    if not colon or not name:
        return None
    if not value.startswith(":"):
        return name, value.strip()
    try:
        return name, base64.b64decode(value[1:].strip(), validate=True).decode("utf-8", "replace")
    except binascii.Error:
        return None
