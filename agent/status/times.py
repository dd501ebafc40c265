"""What of the status document is about time: rows with remarkable times, and clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import PlainSerializer

from agent.model import TimeFlag

UtcTime = Annotated[datetime, PlainSerializer(lambda time: time.isoformat(), return_type=str)]

KernelClockState = Literal["synchronised", "unsynchronised", "may_not_ask", "not_there"]
"""`synchronised`: a time service keeps the clock. `may_not_ask`: a filter of system calls forbids the question, as
`ProtectClock=` of the shipped unit does. `not_there`: this kernel or C library does not have it."""


@dataclass(frozen=True, slots=True)
class RowsFlagged:
    """Rows of one source that were taken although their time is remarkable."""

    source: str
    flag: TimeFlag
    rows: int
    """Since the beginning."""
    org: str = ""


@dataclass(frozen=True, slots=True)
class KernelClock:
    """What the kernel says of the machine's clock."""

    state: KernelClockState
    max_error_seconds: float | None = None
    """By how much the clock may be wrong, as the kernel reckons; None where it cannot be asked."""
