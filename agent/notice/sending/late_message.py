"""Why a message is accepted late: it was made late, nothing ran, or the other side did not take it before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from agent.notice.clocks.lateness import NOTICEABLE, Lateness, rough_span
from agent.notice.messages.message import Message
from agent.wording.number import counted


def late_words(message: Message, lateness: Lateness, now: datetime) -> str:
    """To be added to a sentence; empty where it is in time. `message`: as it was before it was accepted, `now`."""
    late = now - message.due
    if late < NOTICEABLE:
        return ""
    causes = list(_causes(message, lateness, now)) or ["the machine was busy or its disk was full"]
    return f"; this is late by {rough_span(late)}: {', and '.join(causes)}"


def _causes(message: Message, lateness: Lateness, now: datetime) -> Iterator[str]:
    made_late = message.created_at - message.due
    if made_late >= NOTICEABLE:  # the record of the step or the alarm says why
        yield f"it was made {rough_span(made_late)} after its time"
    if now - message.created_at >= NOTICEABLE:
        if message.created_at < lateness.began:
            yield "Leakline was not running"
        elif lateness.cause:
            yield lateness.cause
    if message.attempts:
        yield f"{counted(message.attempts, 'attempt')} failed before, the last one: {message.answer}"
