"""A message after an attempt to send it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from agent.notice.channels.channel import NotAccepted, Receipt
from agent.notice.messages.message import Message

FIRST, LONGEST = timedelta(seconds=5), timedelta(minutes=5)
"""Between two attempts: it doubles from the one to the other."""
LONGEST_ASKED = timedelta(minutes=15)
"""That the other side can ask for."""
MOST_DOUBLINGS = 10
"""That are reckoned with: by then the pause is the longest."""
GIVEN_UP_AFTER = timedelta(hours=24)
"""From when it was to be sent. By then incidents have been told again many times."""


def accepted(message: Message, receipt: Receipt, now: datetime) -> Message:
    """The other side has it."""
    return replace(
        message,
        state="accepted",
        attempts=message.attempts + 1,
        answer=receipt.answer,
        receipt=receipt.reference,
        next_at=None,
        ended_at=now,
    )


def failed(message: Message, error: NotAccepted, now: datetime) -> Message:
    """It is tried again, or given up."""
    attempts = message.attempts + 1
    tried = replace(message, attempts=attempts, answer=str(error))
    if error.for_good or now - message.due > GIVEN_UP_AFTER:
        return replace(tried, state="given-up", next_at=None, ended_at=now)
    return replace(tried, next_at=now + pause(attempts, error.retry_after))


def pause(attempts: int, asked: float | None) -> timedelta:
    """Until the next attempt. `asked`: seconds that the other side asks for."""
    own = min(FIRST * (1 << min(attempts - 1, MOST_DOUBLINGS)), LONGEST)
    if asked is None:
        return own
    return max(own, min(timedelta(seconds=min(asked, LONGEST_ASKED.total_seconds())), LONGEST_ASKED))


def is_news(attempts: int) -> bool:
    """Whether a failure is told: the first one, and whenever they have doubled."""
    return attempts & (attempts - 1) == 0
