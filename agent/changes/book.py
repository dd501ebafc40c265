"""Where settings in force and changes are kept: keys of the process's own shard under `keys.RESPONSE`.

Settings are kept by content and never deleted: what was in force at any time can be shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import TypeAdapter

from agent.changes.change import SettingsChange, decode, encode
from agent.store.state import StateRecall

CONTENT, IN_FORCE, CHANGE, NEXT = "settings/content/", "settings/in-force", "settings/change/", "settings/next/"
"""By SHA-256: JSON, governed settings; JSON `InForce`; by number: JSON `SettingsChange`; by year: the number given last."""

GovernedDocument = Mapping[str, Any]
"""Governed settings as plain values, every default filled in."""


@dataclass(frozen=True, slots=True)
class InForce:
    """Which settings are in force."""

    sha256: str
    since: datetime
    change: str = ""
    """The number of the change that brought them; empty for the first start's."""
    before: str = ""
    """SHA-256 of those before them."""
    lasting: str = ""
    """SHA-256 of those that come back when all changes for a time have ended; empty where these last."""


class DamagedBook(ValueError):
    """What is stored is not what was approved."""


_IN_FORCE = TypeAdapter(InForce)


def canonical(document: GovernedDocument) -> bytes:
    """Equal for equal settings."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def digest(document: GovernedDocument) -> str:
    """SHA-256 in hexadecimal digits: what votes bind to."""
    return hashlib.sha256(canonical(document)).hexdigest()


def in_force(recall: StateRecall, key: str = IN_FORCE) -> InForce | None:
    """None before the first start has recorded its baseline. `key`: of what is asked for. Raises DamagedBook."""
    data = recall(key)
    try:
        return _IN_FORCE.validate_json(data) if data is not None else None
    except ValueError as error:
        raise DamagedBook("what is in force cannot be read") from error


def content(recall: StateRecall, sha256: str) -> dict[str, Any]:
    """Raises DamagedBook where it is missing or not what its digest says."""
    data = recall(CONTENT + sha256)
    if data is None or hashlib.sha256(data).hexdigest() != sha256:
        raise DamagedBook(f"the settings {sha256[:12]} are not as they were approved")
    found: dict[str, Any] = orjson.loads(data)
    return found


def change(recall: StateRecall, number: str) -> SettingsChange | None:
    """Raises DamagedBook."""
    data = recall(CHANGE + number)
    try:
        return decode(data) if data is not None else None
    except ValueError as error:
        raise DamagedBook(f"the change {number} cannot be read") from error


def changes(recall: StateRecall) -> Iterator[SettingsChange]:
    """All, the oldest first. Raises DamagedBook."""
    # By the year, then by the number, which can have more than four digits.
    for key in sorted(recall.keys(CHANGE), key=lambda key: (key.rpartition("-")[0], len(key), key)):
        if (found := change(recall, key.removeprefix(CHANGE))) is not None:
            yield found


def next_number(recall: StateRecall, now: datetime) -> tuple[str, dict[str, bytes]]:
    """The number of a new change, and what is to be stored with it."""
    key = f"{NEXT}{now.year}"
    number = int(recall(key) or b"0") + 1
    return f"CH-{now.year}-{number:04d}", {key: str(number).encode()}


def stored_content(document: GovernedDocument) -> dict[str, bytes]:
    return {CONTENT + digest(document): canonical(document)}


def stored_in_force(known: InForce, key: str = IN_FORCE) -> dict[str, bytes]:
    return {key: _IN_FORCE.dump_json(known)}


def stored_change(made: SettingsChange) -> dict[str, bytes]:
    return {CHANGE + made.number: encode(made)}
