"""Whether what the arrangements name is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.notice.arrangements.channels import MAIL_ADDRESS, ChannelSettings, SmtpSettings
from agent.notice.arrangements.people import OnCallSettings, PersonSettings
from agent.notice.arrangements.policies import EVERYONE, ON_CALL, PolicySettings
from agent.notice.arrangements.self_watch import CanarySettings

_NO_ADDRESS = "which is not a mail address; write name@example.com"


def wrong_names(
    policies: Sequence[PolicySettings],
    on_call: OnCallSettings,
    people: Sequence[PersonSettings],
    channels: Sequence[ChannelSettings],
    canary: CanarySettings | None,
) -> Iterator[str]:
    """A sentence for each name that is there twice, or not at all."""
    yield from _twice("policies", [policy.name for policy in policies])
    yield from _twice("people", [person.name for person in people])
    yield from _twice("channels", [channel.name for channel in channels])
    known_channels = {channel.name for channel in channels}
    for person in people:
        for channel in sorted({*person.channels, *person.addresses} - known_channels):
            yield f"people: {person.name} has the channel {channel}, which `channels` does not have"
    for channel in sorted(set(canary.channels if canary else ()) - known_channels):
        yield f"canary: `channels` does not have {channel}"
    yield from _mail(people, channels, canary)
    everybody = {person.name for person in people}
    for rotation in on_call.rotations:
        for name in sorted(set(rotation.people) - everybody):
            yield f"on_call: the rotation {rotation.name} has {name}, whom `people` does not have"
    turns = {f"{ON_CALL}:{rotation.name}" for rotation in on_call.rotations}
    roles = {role for person in people for role in person.roles}
    reserved = {ON_CALL, EVERYONE}
    for name in sorted((everybody | roles) & reserved):
        yield f"people: a person or role cannot be called {name}; it is a word of steps"
    for policy in policies:
        wanted = {name for step in policy.steps for name in step.notify}
        for name in sorted(wanted - everybody - roles - turns - reserved):
            yield f"policies: {policy.name} names {name}, which is not a person, a role or on_call:ROTATION"
    yield from _nobody(policies, on_call, people)


def _nobody(
    policies: Sequence[PolicySettings], on_call: OnCallSettings, people: Sequence[PersonSettings]
) -> Iterator[str]:
    """A sentence for each step that is empty, whenever it is: nobody could be notified by it."""
    if policies and not people:
        yield f"policies: {policies[0].name} notifies no person, because `people` is empty; write those who are to be notified"
    if on_call.rotations or on_call.calendar is not None:
        return
    for policy in policies:
        for number, step in enumerate(policy.steps):
            if set(step.notify) == {ON_CALL}:
                yield (
                    f"policies: steps[{number}] of {policy.name} notifies no person, because `on_call` has neither `rotations` nor a "
                    f"`calendar`; write one of them, or {EVERYONE} or the name of a person in that step"
                )


def _mail(
    people: Sequence[PersonSettings], channels: Sequence[ChannelSettings], canary: CanarySettings | None
) -> Iterator[str]:
    """A sentence for each place to which no mail could go: it would be known when a message was to be sent."""
    for channel in channels:
        if not isinstance(channel, SmtpSettings):
            continue
        for address in channel.to:
            if not MAIL_ADDRESS.fullmatch(address):
                yield f"channels: {channel.name} has {address!r} under `to`, {_NO_ADDRESS}"
        for person in people:
            address = person.addresses.get(channel.name, "")
            if address and not MAIL_ADDRESS.fullmatch(address):
                yield f"people: {person.name} has the address {address!r} for {channel.name}, {_NO_ADDRESS}"
        # A canary is for no person: without `to` each one would be refused, and the channel be said to fail.
        if canary is not None and channel.name in canary.channels and not channel.to:
            yield f"canary: {channel.name} has no place of its own; write `to` for that channel"


def _twice(what: str, names: Sequence[str]) -> Iterator[str]:
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"two of {what} are called {name}; give each a name of its own"
