"""What `leakline status` says of channels: one line, and one more for each that fails."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from agent.status.telling import ChannelStatus
from agent.status_document import StatusDocument
from agent.terminal import words
from agent.wording.moment import utc


def telling_lines(status: StatusDocument) -> Iterator[Text]:
    """Nothing where the settings have no channel, or no daemon runs."""
    telling = status.telling
    if telling is None or not telling.channels:
        return
    yield words(f"people are notified over {', '.join(map(_said, telling.channels))}{_heartbeat(status)}")
    for channel in telling.channels:
        if channel.failing_since is not None:
            yield words(f"{channel.name} fails since {utc(channel.failing_since)}: {channel.reason}", "bold red")


def _said(channel: ChannelStatus) -> str:
    waiting = f", {channel.waiting} waiting" if channel.waiting else ""
    if channel.failing_since is not None:
        return f"{channel.name} (FAILS{waiting})"
    last = f"last {utc(channel.accepted_at)}" if channel.accepted_at is not None else "not used yet"
    return f"{channel.name} ({last}{waiting})"


def _heartbeat(status: StatusDocument) -> str:
    telling = status.telling
    return f"; last heartbeat {utc(telling.heartbeat_at)}" if telling and telling.heartbeat_at else ""
