"""All floors of the settings `notice` by one pack: what is below them, and what the settings come to with them."""

from __future__ import annotations

from collections.abc import Iterator

from agent.notice.floors.breach import FloorBreach
from agent.notice.floors.premises import premises_left_out
from agent.notice.floors.spans import SpanFloors, lowered, spans_below
from agent.notice.floors.telling import told, untold
from agent.notice.regimes.model import RegimePack
from agent.notice.settings import NoticeSettings


def below_floor(settings: NoticeSettings, pack: RegimePack) -> Iterator[FloorBreach]:
    """What of the settings is weaker than the law of this pack; nothing where all is well."""
    floors = SpanFloors.of(settings, pack)
    yield from premises_left_out(settings, pack)
    yield from spans_below(settings, floors)
    yield from untold(settings, floors.any_term)


def at_floors(settings: NoticeSettings, pack: RegimePack) -> NoticeSettings:
    """The settings as they work: defaults that are too long for the laws that bind are as long as these allow, and grave levels without
    a policy have one.
    """
    floors = SpanFloors.of(settings, pack)
    return lowered(told(settings, floors.any_term), floors)
