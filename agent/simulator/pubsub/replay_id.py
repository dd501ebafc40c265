"""Replay ids: opaque to clients, ten bytes, increasing within a channel and not contiguous.

Eight bytes are a position, whose upper bits are the time of the event, so that an old one is seen to be old though its
event is long forgotten; two are a check, so that an id of another channel, or of nowhere, is seen as well.
"""

from __future__ import annotations

import struct
import zlib

_SHIFT = 20
LENGTH = 10


def position_at(time: int) -> int:
    """The first position of a millisecond since 1970."""
    return time << _SHIFT


def time_of(position: int) -> int:
    """Milliseconds since 1970."""
    return position >> _SHIFT


def following(last: int, time: int) -> int:
    """The position of what comes after `last`; the same for the same two, so that an org made again has the same ids."""
    return max(last, position_at(time)) + 1 + zlib.crc32(struct.pack(">Q", last)) % 37


def replay_id(channel: str, position: int) -> bytes:
    packed = struct.pack(">Q", position)
    return packed + _check(channel, packed)


def position_of(channel: str, replay: bytes) -> int | None:
    """None for what is not a replay id of this channel."""
    if len(replay) != LENGTH or replay[8:] != _check(channel, replay[:8]):
        return None
    return int(struct.unpack(">Q", replay[:8])[0])


def _check(channel: str, packed: bytes) -> bytes:
    return struct.pack(">H", zlib.crc32(channel.encode() + packed) & 0xFFFF)
