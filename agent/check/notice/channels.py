"""Whether people can be told at all, and over enough channels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agent.assembly.notice.channels import build_channel
from agent.config.settings import Settings
from agent.daemon.clock import utc_now
from agent.errors import SettingsError
from agent.model import Finding
from agent.notice.arrangements.people import PersonSettings
from agent.notice.arrangements.policies import EVERYONE, GRAVE, ON_CALL, PolicySettings
from agent.notice.settings import NoticeSettings
from agent.own_event import EventValue
from agent.wording.number import counted

SUBJECT = "notice"

EXAMPLE = "people: [{name: ana, channels: [mail]}], channels: [{name: mail, type: smtp, host: …, from: …}]"


def examine_channels(settings: Settings) -> Iterator[Finding]:
    """A finding for each thing looked at; nothing is asked or sent."""
    notice = settings.notice
    if notice is None:
        return  # `examine_regimes` says so
    if not notice.people or not notice.channels:
        missing = " and no ".join(name for name in ("people", "channels") if not getattr(notice, name))
        yield _warning(
            f"`notice` has no {missing}, so an incident or a deadline alarms only the SIEM",
            f"write such as `{EXAMPLE}`",
        )
        return
    unusable = list(_unusable(notice))
    yield from unusable
    narrow = [finding for policy in notice.policies_in_force if (finding := _narrow(notice, policy)) is not None]
    yield from narrow
    if settings.inbound is None or settings.inbound.public_url is None:
        message = "messages have no link to acknowledge, because `inbound.public_url` is left out"
        yield Finding(
            SUBJECT, True, f"{message}; `leakline incidents acknowledge` does it, and PagerDuty with `api_token`"
        )
    if not unusable and not narrow:
        names = ", ".join(person.name for person in notice.people)
        yield Finding(SUBJECT, True, f"who can be told: {names}, over {counted(len(notice.channels), 'channel')}")


def not_stored(action: str, message: str, fields: Mapping[str, EventValue], is_drill: bool) -> None:
    """In place of the events of a daemon: a check stores nothing."""


def _unusable(notice: NoticeSettings) -> Iterator[Finding]:
    """Channels that could send nothing now."""
    for channel in notice.channels:
        try:
            build_channel(channel, utc_now, not_stored).prepare()
        except SettingsError as error:
            yield Finding(f"channel {channel.name}", False, str(error.args[0]), error.hint)


def _narrow(notice: NoticeSettings, policy: PolicySettings) -> Finding | None:
    """Over one channel alone, a fault of that one channel is silence."""
    if not set(policy.levels) & set(GRAVE):
        return None
    channels = {channel for person in recipients(notice, policy) for channel in person.channels}
    if len(channels) > 1:
        return None
    over = f"only over {next(iter(channels))}" if channels else "over no channel"
    message = f"those whom the policy {policy.name} names for {' and '.join(GRAVE)} are reached {over}: when it fails, they are not"
    return _warning(message, "give them a second channel, of another provider")


def recipients(notice: NoticeSettings, policy: PolicySettings) -> list[PersonSettings]:
    """Everyone whom its steps may mean, whenever that is."""
    words = {word for step in policy.steps for word in step.notify}
    turns = {
        name
        for rotation in notice.on_call.rotations
        if words & {ON_CALL, f"{ON_CALL}:{rotation.name}"}
        for name in rotation.people
    }
    # Whoever a calendar names is anybody.
    all_of_them = EVERYONE in words or (ON_CALL in words and notice.on_call.calendar is not None)
    return [person for person in notice.people if all_of_them or {person.name, *person.roles} & (words | turns)]


def _warning(message: str, fix: str) -> Finding:
    return Finding(SUBJECT, False, message, fix, warning=True)
