"""Where reading of each channel continues: the text of the source's cursor."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from agent.errors import TransportError
from agent.model import Cursor

VERSION = 1


@dataclass(frozen=True, slots=True)
class ReplayPosition:
    """Everything up to here was handed over."""

    time: int
    """Up to when, in milliseconds since 1970: of the newest event, or when the org said that nothing came."""
    replay_id: bytes = b""
    """Reading continues behind it; empty where there is none to continue from: then at the earliest event that is kept."""
    since: int | None = None
    """Older events are not taken where a stream begins with the earliest: the channel was begun with what happens from then on."""


def encode(positions: Mapping[str, ReplayPosition]) -> Cursor:
    """`positions`: by channel."""
    channels = {
        channel: {
            "replay_id": base64.b64encode(position.replay_id).decode(),
            "time": position.time,
            **({} if position.since is None else {"since": position.since}),
        }
        for channel, position in sorted(positions.items())
    }
    return Cursor(orjson.dumps({"version": VERSION, "channels": channels}).decode())


def decode(cursor: Cursor | None) -> dict[str, ReplayPosition]:
    """By channel. Raises TransportError for a text that is not one of ours."""
    if cursor is None:
        return {}
    try:
        document = orjson.loads(cursor)
        if document["version"] != VERSION:
            raise ValueError("another version")
        return {str(channel): _position(values) for channel, values in document["channels"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise TransportError(
            f"the stored position of the streams cannot be read ({error})",
            hint="another version of Leakline wrote it: run that one",
        ) from error


def _position(values: Mapping[str, Any]) -> ReplayPosition:
    since = values.get("since")
    replay_id = base64.b64decode(values["replay_id"], validate=True)
    return ReplayPosition(int(values["time"]), replay_id, None if since is None else int(since))
