"""A message for tests, and channels from a document of settings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from agent.assembly.notice.channels import build_channel
from agent.notice.arrangements.channels import ChannelSettings
from agent.notice.channels.channel import Channel, NotAccepted
from agent.notice.messages.message import Message, Target

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
TOKEN = "AUV-h5r06PmS2OsdX-EO-icAawrSxEgCs5RCH9qeaaLa0BPriOvt5agszRU4WYkZvlEmp4cN"
LINK = f"https://leakline.example.com/v1/acknowledge/{TOKEN}"


def made(address: str = "", people: tuple[str, ...] = ("ana",), **changes: Any) -> Message:
    """An escalation over `test`."""
    given: dict[str, Any] = {
        "id": "msg-0123456789abcdef0123",
        "kind": "escalation",
        "target": Target("test", address, people),
        "level": "high",
        "summary": "high incident inc-0123456789ab in acme waits",
        "due": NOW,
        "created_at": NOW,
        "next_at": NOW,
        "lines": ("Rules: <b>R&D</b> *rows*", "Detected 2026-11-27 11:59 UTC"),
        "incident": "inc-0123456789ab",
        "tier": 2,
    }
    return Message(**(given | changes))


def channel(document: dict[str, Any], announced: list[Any] | None = None) -> Channel:
    """Events go into `announced`."""
    settings: ChannelSettings = TypeAdapter[ChannelSettings](ChannelSettings).validate_python(
        {"name": "test", **document}
    )
    known = announced if announced is not None else []
    return build_channel(settings, lambda: NOW, lambda *parts: known.append(parts))


def refusal(sender: Channel, message: Message | None = None) -> NotAccepted:
    """Why a message is not accepted. Fails where it is."""
    try:
        receipt = sender.send(message or made(), LINK)
    except NotAccepted as error:
        return error
    raise AssertionError(f"accepted: {receipt}")
