"""What somebody proposes, and what of it is refused before anything is compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from agent.changes.change import LONGEST_BREAK_GLASS, LONGEST_TEXT, LONGEST_WEAKER, SHORTEST, SettingsChange, Way
from agent.daemon.changes.change_record import values
from agent.daemon.changes.change_writer import ChangeRefused
from agent.duration import written

LARGEST_RECORD = 500_000
"""Bytes of what was and what is to be, in the trail."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants."""

    document: Mapping[str, Any]
    """Governed settings, whole."""
    reason: str
    ticket: str = ""
    lasts: timedelta | None = None
    way: Way = "votes"


def require_text(proposal: Proposal) -> None:
    """Raises ChangeRefused without a reason."""
    if not proposal.reason.strip():
        raise ChangeRefused("a change needs a reason", hint="write --reason")
    if max(len(proposal.reason), len(proposal.ticket)) > LONGEST_TEXT:
        raise ChangeRefused(f"a reason and a ticket have at most {LONGEST_TEXT:,} characters each")


def require_recordable(change: SettingsChange) -> None:
    """What cannot be recorded whole is not proposed at all. Raises ChangeRefused."""
    if (size := len(orjson.dumps(values(change)))) > LARGEST_RECORD:
        hint = "propose it in parts, or put long lists into files"
        raise ChangeRefused(f"its record would have {size:,} bytes, and has at most {LARGEST_RECORD:,}", hint=hint)


def require_time(proposal: Proposal) -> None:
    """Raises ChangeRefused for a time that is too long or too short."""
    if proposal.way == "break-glass" and proposal.lasts is None:
        raise ChangeRefused("settings without approval need an end", hint="write such as --for 4h")
    longest = LONGEST_BREAK_GLASS if proposal.way == "break-glass" else LONGEST_WEAKER
    if proposal.lasts is not None and not SHORTEST <= proposal.lasts <= longest:
        raise ChangeRefused(
            f"a change lasts from {written(SHORTEST)} to {written(longest)}", hint="write such as --for 4h"
        )
