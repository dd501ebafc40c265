"""Where messages to people go: each person has channels, and several people may share a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.notice.arrangements.channels import ChannelSettings, SmtpSettings
from agent.notice.arrangements.people import PersonSettings
from agent.notice.messages.message import Target


def targets(people: Sequence[PersonSettings], channels: Mapping[str, ChannelSettings]) -> list[Target]:
    """Every place of every one of them, once, in the order of the people. `channels`: by name."""
    found: dict[tuple[str, str], list[str]] = {}
    for person in people:
        for name in person.channels:
            channel = channels[name]
            address = person.addresses.get(name, "")
            if not address and isinstance(channel, SmtpSettings):
                address = f"{person.name}@{channel.sender.rpartition('@')[2]}"
            names = found.setdefault((name, address), [])
            if person.name not in names:
                names.append(person.name)
    return [Target(channel, address, tuple(names)) for (channel, address), names in found.items()]
