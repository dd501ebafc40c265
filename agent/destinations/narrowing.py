"""What to do when the other side refuses a request as a whole: smaller ones, down to the row that is to blame.

A destination does not cut (the loop does): it lowers its own limits and asks for all rows again.
"""

from __future__ import annotations

from typing import Protocol

from agent.model import Chunk, Outcome


class Limited(Protocol):
    """The part of a destination that is lowered."""

    max_bytes: int
    max_rows: int


def too_large(destination: Limited, chunk: Chunk) -> Outcome:
    """Lower `max_bytes` to half of what was sent, for good; a single row is too long."""
    size = int(chunk.lines.str.len_bytes().sum())
    if len(chunk.lines) == 1:
        return Outcome(too_long=[(0, f"the server takes no request of {size} bytes (HTTP 413)")])
    destination.max_bytes = max(1, size // 2)
    return Outcome(retry=range(len(chunk.lines)))


def narrow(destination: Limited, chunk: Chunk, reason: str) -> Outcome:
    """Lower `max_rows` to half of what was sent, until the row that `reason` is about stands alone and is refused.

    The caller puts `max_rows` back once a request is accepted.
    """
    rows = len(chunk.lines)
    if rows == 1:
        return Outcome(rejected=[(0, reason)])
    destination.max_rows = rows // 2
    return Outcome(retry=range(rows))
