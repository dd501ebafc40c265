"""`--send-test-notice`: a message over each channel, to each place, as the service would send one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime

from agent.assembly.notice.channels import build_channel
from agent.check.notice.channels import not_stored
from agent.config.settings import Settings
from agent.errors import SettingsError
from agent.model import Finding
from agent.notice.arrangements.channels import ChannelSettings, DestinationChannelSettings, SmtpSettings
from agent.notice.channels.channel import Channel, NotAccepted
from agent.notice.messages.message import Message, Target, message_id
from agent.notice.messages.targets import targets
from agent.notice.settings import NoticeSettings

SAID = "this is a test of Leakline by `leakline check`; nothing happened, and there is nothing to do"


def try_channels(settings: Settings, names: Sequence[str], now: Callable[[], datetime]) -> Iterator[Finding]:
    """A finding for each place, with what the other side answered. `names`: of channels; empty for all."""
    notice = settings.notice or NoticeSettings()
    known = {channel.name: channel for channel in notice.channels}
    for name in names:
        if name not in known:
            fix = f"write one of {', '.join(known)}" if known else "write `notice.channels`"
            yield Finding(f"channel {name}", False, "`notice.channels` does not have it", fix)
    wanted = [channel for channel in notice.channels if not names or channel.name in names]
    if not wanted and not names:
        yield Finding("notice", False, "there is no channel over which to send a test", "write `notice.channels`")
    for channel in wanted:
        yield from _try(channel, notice, now)


def _try(settings: ChannelSettings, notice: NoticeSettings, now: Callable[[], datetime]) -> Iterator[Finding]:
    subject = f"channel {settings.name}, test message"
    if isinstance(settings, DestinationChannelSettings):
        message = f"its events go out with all others to {settings.destination}: `--send-test-event` tries that"
        yield Finding(subject, True, message)
        return
    with closing(build_channel(settings, now, not_stored)) as channel:
        try:
            channel.prepare()
        except SettingsError as error:
            yield Finding(subject, False, str(error.args[0]), error.hint)
            return
        for target in places(settings, notice):
            yield _send(channel, target, now(), subject)


def places(settings: ChannelSettings, notice: NoticeSettings) -> list[Target]:
    """Wherever the channel leads for the people of the settings; its own place where it leads nowhere else."""
    known = {channel.name: channel for channel in notice.channels}
    found = [target for target in targets(notice.people, known) if target.channel == settings.name]
    if found:
        return found
    has_none = isinstance(settings, SmtpSettings) and not settings.to
    return [Target(settings.name, settings.sender if isinstance(settings, SmtpSettings) and has_none else "")]


def _send(channel: Channel, target: Target, now: datetime, subject: str) -> Finding:
    number = message_id("test", target.channel, target.address, now.isoformat())
    message = Message(number, "test", target, "informational", SAID, now, now, now)
    whom = f" for {', '.join(target.people)}" if target.people else ""
    try:
        receipt = channel.send(message, "")
    except NotAccepted as error:
        return Finding(subject, False, f"{number}{whom} was not accepted: {error.args[0]}", error.hint)
    known_as = f" ({receipt.reference})" if receipt.reference else ""
    return Finding(subject, True, f"{number}{whom} was accepted: {receipt.answer}{known_as}")
