"""What a second person has to say as well, where permissions are set: that a notice need not be sent. That what was confirmed is no
breach after all comes to the same.

The first one's word is noted and changes nothing; it counts once another person with the same role says the same. A name that
the first one gives as the approver is nobody's word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from agent.daemon.incidents.incident_edit import Edit, Editing
from agent.name import DRILLS
from agent.notice.incidents.changes.anchoring import UNJUDGED
from agent.notice.incidents.changes.deciding import Judgement
from agent.notice.incidents.changes.refusal import NotAllowed
from agent.notice.incidents.incident import Incident

WAIVER = "waiver/"
"""Keys under `keys.RESPONSE`: by incident and what is said: JSON {by, at, reason}."""

HOLDS_FOR = timedelta(hours=24)
"""As long as a change of settings waits for its votes."""

PROPOSED = "incident-waiver-proposed"


@dataclass(frozen=True, slots=True)
class FirstWord:
    by: str
    at: datetime
    reason: str


def first_word(editing: Editing, incident: Incident, what: str) -> FirstWord | None:
    """What another person has said of it, and that still holds: not for ever, and not after its role has gone. Raises NotAllowed for
    who has no such role by settings that people have approved.
    """
    if not editing.judges(editing.by):
        hint = "ask a person who had it before the glass was broken"
        raise NotAllowed(
            f"{editing.by} has no say in this: the role comes from settings that no person approved", hint=hint
        )
    data = editing.change.recall(_key(incident, what))
    if data is None:
        return None
    known: Mapping[str, Any] = orjson.loads(data)
    word = FirstWord(known["by"], datetime.fromisoformat(known["at"]), known["reason"])
    holds = word.by != editing.by and editing.now - word.at < HOLDS_FOR and editing.judges(word.by)
    return word if holds else None


def is_waiver(editing: Editing, incident: Incident, judgement: Judgement) -> bool:
    """Whether the judgement ends what has to be sent of a breach. A drill has nobody to send anything to."""
    if not editing.needs_second or editing.desk.shard == DRILLS:
        return False
    return judgement == "not-notifiable" or (judgement == "not-a-breach" and incident.state not in UNJUDGED)


def noted(editing: Editing, incident: Incident, what: str, reason: str) -> Edit:
    """The edit that notes the first word: the incident stays as it is. Raises NotAllowed without a reason."""
    if not reason.strip():
        raise NotAllowed("a reason is needed", hint="write it with --reason")
    word = {"by": editing.by, "at": editing.now.isoformat(), "reason": reason}
    editing.change.apply({_key(incident, what): orjson.dumps(word)})
    said = f"is not yet {what}: {editing.by} says so, and a second person has to say the same within a day"
    return Edit(incident, PROPOSED, said, {"what": what}, {"reason": reason})


def used(editing: Editing, incident: Incident, what: str) -> None:
    """It counts now, and not once more."""
    editing.change.apply({_key(incident, what): None})


def _key(incident: Incident, what: str) -> str:
    return f"{WAIVER}{incident.id}/{what}"
