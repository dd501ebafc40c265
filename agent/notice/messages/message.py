"""A message to somebody, as it is stored: every change makes another one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

from agent.detection.sigma.rule import Level

Kind = Literal["escalation", "alarm", "trouble", "canary", "test"]
"""`escalation`: an incident waits for somebody; `alarm`: a deadline comes near; `trouble`: a channel fails, or nobody is on call;
`canary`: shows that messages arrive; `test`: somebody tries a channel."""

DRILL = "[DRILL] "
"""What every message of a drill begins with."""

MessageState = Literal["waiting", "accepted", "given-up", "withdrawn"]
"""`given-up`: it was refused for good, or for too long; `withdrawn`: nobody needs it any more. Only `waiting` is no end."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes."""

    channel: str
    """The name of a channel."""
    address: str = ""
    """As the channel understands it; empty: its own place."""
    people: tuple[str, ...] = ()
    """For whom, by their names in the settings. Several may share a place: they get one message."""


@dataclass(frozen=True, slots=True)
class Message:
    """Nothing in `summary` and `lines` is personal data: they are made of ids, names of rules, regimes and orgs, and times."""

    id: str
    """See `message_id`."""
    kind: Kind
    target: Target
    level: Level
    summary: str
    """One sentence."""
    due: datetime
    """When it was to be sent by plan."""
    created_at: datetime
    next_at: datetime | None
    """When it is to be sent, or sent again; None when it has ended."""
    lines: Sequence[str] = ()
    """What else is said, a sentence each."""
    incident: str = ""
    """Empty for what is about none."""
    tier: int = 0
    """Of the escalation, from 1 on; 0 for what has none."""
    links: bool = False
    """Whether it leads to a page where the incident can be acknowledged."""
    is_drill: bool = False
    """Its summary begins with `DRILL`."""
    state: MessageState = "waiting"
    attempts: int = 0
    answer: str = ""
    """What the other side said last, or why it could not be asked; at most `MOST_ANSWER` characters."""
    receipt: str = ""
    """By what the other side knows it: a queue id, a time stamp, a key."""
    ended_at: datetime | None = None
    bundle: str = ""
    """Under which message's id it was tried together with others; they are sent together again, and no other with them."""

    @property
    def has_ended(self) -> bool:
        return self.state != "waiting"


MOST_ANSWER = 500


def message_id(*parts: str | int) -> str:
    """`msg-` and 20 hexadecimal digits: the same for the same occasion and target, whoever makes it and how often."""
    return f"msg-{hashlib.blake2b(repr(parts).encode(), digest_size=10).hexdigest()}"


_ADAPTER = TypeAdapter(Message)


def encode(message: Message) -> bytes:
    return _ADAPTER.dump_json(message, exclude_defaults=True)


def decode(data: bytes) -> Message:
    """Raises ValueError for what is not a message."""
    return _ADAPTER.validate_json(data)
