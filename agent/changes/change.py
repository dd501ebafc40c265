"""A change of governed settings: what somebody proposes, who voted on it, and what became of it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import TypeAdapter

from agent.changes.classes.change_class import ChangeClass, Difference

State = Literal["open", "applied", "reverted", "rejected", "withdrawn", "expired", "void"]
"""`reverted`: it was applied for a time, and that is over. `void`: other settings came into force after it was proposed."""

Way = Literal["votes", "one-pair-of-eyes", "break-glass", "upgrade"]
"""How it comes into force."""

Kind = Literal["settings", "rules", "pack"]
"""What it is about: governed settings, rule files, or a pack of regimes; `base` and `outcome` are digests of those."""

OPEN_FOR = timedelta(hours=24)
"""A proposal that has not got its votes by then has expired, so that none is approved whose reason nobody remembers."""
LONGEST_WEAKER = timedelta(days=30)
"""How long a change for a time can last at most."""
LONGEST_BREAK_GLASS = timedelta(hours=24)
SHORTEST = timedelta(minutes=1)
LONGEST_TEXT = 2_000
"""Characters of a reason or a ticket."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's."""

    by: str
    at: datetime
    approves: bool
    outcome: str
    """SHA-256 of the settings that the vote is about."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """Kept for ever."""

    number: str
    """Such as CH-2026-0001."""
    by: str
    at: datetime
    reason: str
    ticket: str
    base: str
    """SHA-256 of the settings that were in force when it was proposed."""
    outcome: str
    """SHA-256 of those that it leads to."""
    change_class: ChangeClass
    differences: Sequence[Difference]
    way: Way
    expires_at: datetime
    """When it can no longer be approved."""
    lasts: timedelta | None = None
    """For how long it applies; None: until the next change."""
    votes: Sequence[Vote] = ()
    state: State = "open"
    applied_at: datetime | None = None
    reverts_at: datetime | None = None
    ended_at: datetime | None = None
    """When it was rejected, withdrawn, reverted, or found to be expired or void."""
    ended_by: str = ""
    ended_reason: str = ""
    kind: Kind = "settings"

    @property
    def is_settled(self) -> bool:
        """Whether no vote changes anything any more."""
        return self.state != "open"


_CHANGE = TypeAdapter(SettingsChange)


def encode(change: SettingsChange) -> bytes:
    """Deflated: thousands of rules can differ at once, and the state takes values up to 1 MiB."""
    return zlib.compress(_CHANGE.dump_json(change))


def decode(data: bytes) -> SettingsChange:
    """Raises ValueError for what is no change."""
    try:
        return _CHANGE.validate_json(zlib.decompress(data))
    except zlib.error as error:
        raise ValueError("it is cut or damaged") from error


def document(change: SettingsChange) -> dict[str, Any]:
    """As JSON has it."""
    return dict(_CHANGE.dump_python(change, mode="json"))
