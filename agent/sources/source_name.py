"""What sources are called: the org, the type in the settings, and the object where an org may have several of a type."""

from __future__ import annotations

from typing import Protocol


class SourceType(Protocol):
    """Settings of a source. Those of which an org may have several say in `object` what each reads."""

    @property
    def type(self) -> str: ...


def source_name(org: str, kind: str, part: str = "") -> str:
    """`<org>/<type>`, or `<org>/<type>/<part>`. Cursor, memory, counts and problems of a source stand under it.

    `part`: what tells sources of one type apart; it has no `/`.
    """
    return "/".join((org, kind, part) if part else (org, kind))


def name_of(org: str, settings: SourceType) -> str:
    """Of the source with these settings."""
    return source_name(org, settings.type, getattr(settings, "object", ""))
