"""Where settings meet the law: what a file says may not be weaker, and what works is at its floors."""

from __future__ import annotations

from agent.assembly.notice.pack_choice import pack_choice
from agent.config.settings import Settings
from agent.errors import SettingsError
from agent.notice.floors.floors import at_floors, below_floor
from agent.notice.regimes.model import RegimePack
from agent.notice.settings import NoticeSettings


def pack_for(settings: Settings) -> RegimePack | None:
    """The pack that will be in force with these settings; None where nobody asks for one. Raises PackRefused."""
    if settings.notice is None:
        return None
    return pack_choice(settings).signed.pack


def refuse_weaker(settings: Settings) -> None:
    """Raises SettingsError with a line for each thing that is weaker than the law of the pack in force; PackRefused."""
    refuse_weaker_by(settings, pack_for(settings))


def refuse_weaker_by(settings: Settings, pack: RegimePack | None) -> None:
    """The same by a pack. Raises SettingsError."""
    if settings.notice is None or pack is None:
        return
    if lines := [f"{breach.key}: {breach.sentence}" for breach in below_floor(settings.notice, pack)]:
        raise SettingsError("\n".join(lines))


def notice_at_floors(settings: Settings, pack: RegimePack | None) -> NoticeSettings | None:
    """The settings `notice` as they work: what nobody wrote and is too long for the law is as long as it allows."""
    if settings.notice is None or pack is None:
        return settings.notice
    return at_floors(settings.notice, pack)


def working_notice(settings: Settings) -> NoticeSettings | None:
    """The same by the pack in force. Raises PackRefused."""
    return notice_at_floors(settings, pack_for(settings))
