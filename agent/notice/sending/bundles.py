"""Many messages to one place at a time are sent as one: whoever is called forty times within a minute reads none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent.detection.sigma.rule import Level
from agent.notice.incidents.incident import LEVELS
from agent.notice.messages.message import DRILL, Message

MOST_APART = 10
"""Messages of a kind to a place that are sent one by one."""
MOST_TOGETHER = 100
"""That one message says, and one transaction stores."""
MOST_LINES = 20

BUNDLED = frozenset({"escalation", "alarm"})


def ordered(messages: Sequence[Message]) -> list[Message]:
    """The gravest first, of those the ones that were due first; canaries and tests come last."""
    return sorted(
        messages, key=lambda message: (message.kind not in BUNDLED, -LEVELS.index(message.level), message.due)
    )


def bundles(messages: Sequence[Message]) -> list[list[Message]]:
    """Those that are sent together, in the order of `messages`."""
    groups: dict[tuple[str, str, bool, str], list[Message]] = {}
    for message in messages:
        groups.setdefault(_group(message), []).append(message)
    found: list[list[Message]] = []
    seen: set[str] = set()
    for message in messages:
        group = groups[_group(message)]
        if message.bundle or (message.kind in BUNDLED and len(group) > MOST_APART):
            if message.id not in seen:
                seen |= {member.id for member in group}
                found += [group[start : start + MOST_TOGETHER] for start in range(0, len(group), MOST_TOGETHER)]
        else:
            found.append([message])
    return found


def together(messages: Sequence[Message]) -> Message:
    """One message that says all, under the id of the first, or under the one that they were tried with before: they may have arrived."""
    bundle = bundle_of(messages)
    if not bundle:
        return messages[0]
    first = replace(messages[0], id=bundle, links=False)
    if len(messages) == 1:
        return first
    level: Level = max((message.level for message in messages), key=LEVELS.index)
    what = "incidents wait for an acknowledgement" if first.kind == "escalation" else "deadlines come near"
    drill = DRILL if first.is_drill else ""
    lines = [message.summary for message in messages[:MOST_LINES]]
    if len(messages) > MOST_LINES:
        lines.append(f"and {len(messages) - MOST_LINES} further; `leakline incidents list` has all")
    return replace(first, level=level, summary=f"{drill}{len(messages)} {what}", lines=lines)


def bundle_of(messages: Sequence[Message]) -> str:
    """The id that they are sent under together; empty for one by itself."""
    return messages[0].bundle or (messages[0].id if len(messages) > 1 else "")


def _group(message: Message) -> tuple[str, str, bool, str]:
    """What may be sent together. A receiver that knows an id takes nothing new under it: so nothing joins what was tried."""
    return message.kind, message.target.address, message.is_drill, message.bundle
