"""When an escalation policy reaches whom, to see whether another one reaches anybody later.

The times are those of `agent.notice.escalation`: each round has all tiers, a round begins `repeat_after` after the last tier of
the one before it, and after all rounds the last tier is repeated once in each `acknowledgement`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.changes.classes.magnitude import number, span

REPEATS_COMPARED = 8
"""Of the last tier, after all rounds."""
MOST_MESSAGES = 5_000
"""A plan is followed no further: a policy has at most 20 tiers in 21 rounds."""


@dataclass(frozen=True, slots=True)
class _Message:
    seconds: float
    recipients: frozenset[str]

    def reaches(self, recipient: str) -> bool:
        """Everyone is everyone, and `on_call` means all rotations."""
        wider = {recipient, "everyone", *(["on_call"] if recipient.startswith("on_call:") else [])}
        return not wider.isdisjoint(self.recipients)


def later_recipient(before: Mapping[str, Any], after: Mapping[str, Any]) -> str | None:
    """Who gets any message later by the policy `after`, or not at all; None where that is no recipient of `before`.

    Raises ValueError for a policy that cannot be read.
    """
    planned = _plan(before)
    rounds = int(number(before.get("repeat")) or 0) + 1
    old = list(itertools.islice(planned, len(before["steps"]) * rounds + REPEATS_COMPARED))
    end = old[-1].seconds
    follow = itertools.islice(_plan(after), MOST_MESSAGES)
    new = list(itertools.takewhile(lambda message: message.seconds <= end, follow))
    recipients = sorted({name for message in old for name in message.recipients})
    return next((name for name in recipients if _is_later(name, old, new)), None)


def _is_later(recipient: str, old: Sequence[_Message], new: Sequence[_Message]) -> bool:
    before = [message.seconds for message in old if message.reaches(recipient)]
    after = [message.seconds for message in new if message.reaches(recipient)]
    return len(after) < len(before) or any(later > sooner for sooner, later in zip(before, after, strict=False))


def _plan(policy: Mapping[str, Any]) -> Iterator[_Message]:
    """Without an end."""
    tiers = _tiers(policy.get("steps"))
    pause, lease = span(policy.get("repeat_after")), span(policy.get("acknowledgement"))
    repeat = number(policy.get("repeat"))
    if pause is None or lease is None or repeat is None or lease <= 0:
        raise ValueError("the policy cannot be read")
    began = 0.0
    for _ in range(int(repeat) + 1):
        for tier in tiers:
            yield _Message(began + tier.seconds, tier.recipients)
        last = began + tiers[-1].seconds
        began = last + pause
    for count in itertools.count(1):
        yield _Message(last + count * lease, tiers[-1].recipients)


def _tiers(steps: Any) -> list[_Message]:
    found: list[_Message] = []
    for step in steps if isinstance(steps, list) else []:
        after = span(step.get("after")) if isinstance(step, Mapping) else None
        notify = step.get("notify") if isinstance(step, Mapping) else None
        if after is None or not isinstance(notify, list) or not all(isinstance(name, str) for name in notify):
            raise ValueError("the policy has a step that cannot be read")
        found.append(_Message(after, frozenset(notify)))
    if not found:
        raise ValueError("the policy has no steps")
    return found
