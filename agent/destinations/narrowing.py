"""What to do when the other side refuses a request as a whole: smaller ones, down to the row that is to blame.

A destination does not cut (the loop does): it lowers its own limits and asks for all rows again.
"""

from __future__ import annotations

from dataclasses import replace

from agent.model import Chunk, Destination, Outcome


def narrow_bytes(destination: Destination, chunk: Chunk) -> Outcome:
    """Lower `max_bytes` to half of what was sent, for good; a single row is too long."""
    size = int(chunk.lines.str.len_bytes().sum())
    if len(chunk.lines) == 1:
        return Outcome(too_long=[(0, f"the server does not accept a request of {size} bytes (HTTP 413)")])
    destination.limits = replace(destination.limits, max_bytes=max(1, size // 2))
    return Outcome(retry=range(len(chunk.lines)))


def narrow_rows(destination: Destination, chunk: Chunk, reason: str) -> Outcome:
    """Lower `max_rows` to half of what was sent, until the row that `reason` is about stands alone and is refused.

    The caller puts `max_rows` back (`restore_rows`) once a request is accepted.
    """
    rows = len(chunk.lines)
    if rows == 1:
        return Outcome(rejected=[(0, reason)])
    destination.limits = replace(destination.limits, max_rows=rows // 2)
    return Outcome(retry=range(rows))


def restore_rows(destination: Destination, rows: int) -> None:
    """Put `max_rows` back to what the settings say; a lowered `max_bytes` stays."""
    destination.limits = replace(destination.limits, max_rows=rows)
