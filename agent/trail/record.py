"""One record of the trail: a line of JSON whose very bytes are hashed, linked to the line before it.

What is personal stands beside the chain, with a salt, so that it can be erased: the line has the hash of the two alone.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from agent.trail.tree import HASH_BYTES, leaf_hash

VERSION = 1

FIRST = bytes(HASH_BYTES)
"""What the first record of a chain is linked to."""

MOST_BYTES = 256 << 10
"""A longer record is not written: what it is about is to be named, not copied."""

SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class TrailEntry:
    """What is to be recorded."""

    type: str
    """A kebab-case verb phrase: `daemon-started`, `anchor-declared`."""
    object: str = ""
    """What it is about: an incident's id, a setting's path, a destination."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What can be told to anybody who may see the trail."""
    actor: Mapping[str, Any] = field(default_factory=lambda: {"kind": "service"})
    """Who: `kind` is `service` or `person`."""
    personal: Mapping[str, Any] | None = None
    """What must be possible to erase."""


@dataclass(frozen=True, slots=True)
class TrailRecord:
    """A record as it was written."""

    chain: str
    seq: int
    """From 0 on, without a gap."""
    time: datetime
    type: str
    object: str
    actor: Mapping[str, Any]
    data: Mapping[str, Any]
    personal: str
    """The hash of what stands beside the chain, in hexadecimal digits; empty where nothing does."""
    previous: bytes


class NotARecord(ValueError):
    """A line that is no record of this form."""


def written(entry: TrailEntry, chain: str, seq: int, previous: bytes, now: datetime) -> tuple[bytes, bytes | None]:
    """The line (without a line's end), and what stands beside it: salt and JSON. Raises NotARecord for one too long."""
    beside = None
    if entry.personal is not None:
        beside = secrets.token_bytes(SALT_BYTES) + orjson.dumps(dict(entry.personal), option=orjson.OPT_SORT_KEYS)
    line = orjson.dumps(
        {
            "v": VERSION,
            "chain": chain,
            "seq": seq,
            "time": now.astimezone(UTC).isoformat(),
            "type": entry.type,
            "object": entry.object,
            "actor": dict(entry.actor),
            "data": dict(entry.data),
            "personal": hashlib.sha256(beside).hexdigest() if beside is not None else "",
            "previous": previous.hex(),
        }
    )
    if len(line) > MOST_BYTES:
        raise NotARecord(
            f"a record of {len(line):,} bytes is longer than {MOST_BYTES:,}: name what it is about instead"
        )
    return line, beside


def read(line: bytes) -> TrailRecord:
    """Raises NotARecord."""
    try:
        found = orjson.loads(line)
        if found["v"] != VERSION:
            raise NotARecord(f"version {found['v']!r} is not known here")
        return TrailRecord(
            str(found["chain"]),
            int(found["seq"]),
            datetime.fromisoformat(found["time"]),
            str(found["type"]),
            str(found["object"]),
            dict(found["actor"]),
            dict(found["data"]),
            str(found["personal"]),
            bytes.fromhex(found["previous"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, NotARecord):
            raise
        raise NotARecord(f"it is not a record ({type(error).__name__})") from error


def link(line: bytes) -> bytes:
    """What the record after this line is linked to: the line's leaf in the tree."""
    return leaf_hash(line)
