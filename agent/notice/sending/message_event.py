"""What is said of a message in the SIEM."""

from __future__ import annotations

from agent.notice.messages.message import Message
from agent.own_event import EventValue

MOST_SAID = 300
"""Characters of an answer."""


def fields(message: Message, late_by: float = 0.0) -> dict[str, EventValue]:
    """By dotted names; what is empty or not known is left out. `late_by`: seconds after its time at which it was accepted."""
    found: dict[str, EventValue | None] = {
        "leakline.message.id": message.id,
        "leakline.message.kind": message.kind,
        "leakline.message.channel": message.target.channel,
        "leakline.message.state": message.state,
        "leakline.message.attempts": message.attempts,
        "leakline.message.answer": message.answer[:MOST_SAID],
        "leakline.message.receipt": message.receipt,
        "leakline.message.due": message.due,
        "leakline.message.ended": message.ended_at,
        "leakline.message.late_by": round(late_by, 3) if late_by else None,
    }
    return {name: value for name, value in found.items() if value is not None and value != ""}
