"""Why nothing comes of a feed (an event type, an object, a channel) or of a whole source: the kinds of silence, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import PlainSerializer


class SilenceKind(StrEnum):
    """Told apart in one place: `agent.store.silence.evidence`."""

    NO_FILES_YET = "no_files_yet"
    """It is read without a fault and nothing has ever come: it is young, or nothing happens there."""
    NO_LICENCE = "no_licence"
    """The org does not have it for this user, and never had."""
    FIELD_HIDDEN = "field_hidden"
    """A field is hidden: rows come without it, or not at all where none can be told without it."""
    PERMISSION_LOST = "permission_lost"
    """It was read before and is refused now; or the sign-in is."""
    LIMIT_REACHED = "limit_reached"
    """The org's allowance of API calls is used up, or our share of it."""
    SOURCE_STOPPED = "source_stopped"
    """Reading fails or was stopped for another reason."""
    ABSENT = "absent"
    """It is read without a fault, and is silent for much longer than it ever was."""


ADVICE: Mapping[SilenceKind, str] = {
    SilenceKind.NO_FILES_YET: "nothing, if little happens there; else `leakline check` says what the org can give",
    SilenceKind.NO_LICENCE: "buy or switch on what it needs, give the user the permission, or remove the source; "
    "`leakline check` names both and the rules that are blind meanwhile",
    SilenceKind.FIELD_HIDDEN: "let the user see the field (field-level security, or a permission set)",
    SilenceKind.PERMISSION_LOST: "give the user back the permission, or the app its access; `leakline check` names it",
    SilenceKind.LIMIT_REACHED: "wait, raise `every` of the source that `leakline check` names, or raise api_budget.share",
    SilenceKind.SOURCE_STOPPED: "do what its problem says",
    SilenceKind.ABSENT: "look in the org whether it still happens: a switched-off integration is silent, and so is one "
    "whose log was switched off",
}
"""What a person does about each."""


@dataclass(frozen=True, slots=True)
class FeedSilence:
    """A source, or a feed of it, of which nothing or not everything comes."""

    source: str
    feed: str
    """An event type, an object, a channel; empty for the whole source."""
    silence: SilenceKind
    since: Annotated[datetime, PlainSerializer(lambda time: time.isoformat(), return_type=str)] | None
    """When it was noticed; of one that is absent, or of which nothing ever came, when it last spoke or was first read."""
    reason: str
    fix: str
    org: str = ""
