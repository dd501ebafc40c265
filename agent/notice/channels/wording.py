"""What all channels say of a message, and what they keep of an answer."""

from __future__ import annotations

import re

from agent.notice.messages.message import DRILL, MOST_ANSWER, Message
from agent.redaction.redaction import excerpt

TEST = "[TEST] "

_BREAKS = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
"""Whatever could begin another line, or another header."""
_MAIL_ADDRESS = re.compile(r"[\w.+%-]+@[\w.-]*\w")


def headline(message: Message) -> str:
    """One line; tests and drills say so first."""
    mark = TEST if message.kind == "test" else DRILL if message.is_drill else ""
    summary = one_line(message.summary)
    return summary if summary.startswith(mark.strip()) else mark + summary


def lines(message: Message) -> list[str]:
    """What else is said, each on one line."""
    return [one_line(line) for line in message.lines]


def facts(message: Message) -> list[tuple[str, str]]:
    """What every message has, by names that people read."""
    found: list[tuple[str, str]] = [("Level", message.level)]
    if message.incident:
        found.append(("Incident", message.incident))
    if message.tier:
        found.append(("Tier", str(message.tier)))
    return [*found, ("Message", message.id)]


def one_line(text: str) -> str:
    return _BREAKS.sub(" ", text).strip()


def answer_text(text: str) -> str:
    """What another side said: one line, at most `MOST_ANSWER` characters, without secrets and mail addresses.

    It is kept with the message, in the trail and in an event: a mail server repeats addresses of people.
    """
    return _MAIL_ADDRESS.sub("[address]", one_line(excerpt(text, MOST_ANSWER)))[:MOST_ANSWER]
