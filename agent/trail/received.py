"""Checkpoints in what a destination received, whatever it wraps its events in."""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

_FIELD = "leakline.trail.note"
_CEF_FIELD = re.compile(r" leaklineTrail_note=((?:[^\\=]|\\.)*?)(?= [A-Za-z0-9_]+=|\s*$)")
"""In a line of CEF, where `=`, a line's end and the backslash are escaped."""


def note_in_line(line: bytes) -> str | None:
    """The note in a line of JSON or CEF, which may have a header of syslog before it. None where there is none; raises
    orjson.JSONDecodeError for a line that is neither.
    """
    if line.lstrip()[:1] not in b"{[" and b"CEF:" in line:
        found = _CEF_FIELD.search(line.decode("utf-8", "replace"))
        return re.sub(r"\\(.)", lambda escaped: escaped[1].replace("n", "\n"), found[1]) if found else None
    return note_in(orjson.loads(line))


def note_in(document: object) -> str | None:
    """The note in a parsed JSON value: a line of an export (`note`), or an event, nested or with dotted names, bare or within
    what a SIEM's export puts around it (`_source`, `result`, `event`). None where there is none.
    """
    if isinstance(document, Mapping) and isinstance(note := document.get("note"), str):
        return note
    waiting: list[tuple[str, object]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str) and f".{path}".endswith(f".{_FIELD}"):
            return value
        if isinstance(value, Mapping):
            waiting += [(f"{path}.{name}" if path else str(name), inner) for name, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(path, inner) for inner in value]
    return None
