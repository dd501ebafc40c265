"""Pieces of the page: tables and spans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta


def span(length: timedelta) -> str:
    """In the largest unit that it fills."""
    seconds = int(length.total_seconds())
    if seconds >= 86_400:
        return f"{seconds / 86_400:.1f} d"
    if seconds >= 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"


def table(headings: Sequence[str], rows: Iterable[list[str]]) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield "| " + " | ".join(headings) + " |"
    yield "|" + "---|" * len(headings)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
