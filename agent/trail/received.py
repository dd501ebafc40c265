"""Checkpoints in what a destination received, whatever it wraps its events in."""

from __future__ import annotations

from collections.abc import Mapping

_FIELD = "leakline.trail.note"


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
