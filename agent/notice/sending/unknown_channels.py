"""Messages that wait for a channel that is not in the settings any more: no sender looks at them, so they end, and that is told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import structlog

from agent.notice.incidents.book import ESCALATE
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.messages import outbox
from agent.notice.sending.message_record import GIVEN_UP, tell

log = structlog.get_logger()

TOGETHER = 50
"""Messages that one transaction ends: batches wait for it."""


def give_up(desk: IncidentDesk, channels: Collection[str]) -> int:
    """How many of a shard were. Its incidents are to be looked at: others may have to be told instead. `channels`: names of those that
    there are. Raises StateError, DiskFull.
    """
    waiting = [key.removeprefix(outbox.DUE).split("/") for key in desk.recall.keys(outbox.DUE)]
    numbers = [parts[-1] for parts in waiting if parts[0] not in channels]
    for start in range(0, len(numbers), TOGETHER):
        with desk.changing() as change:
            for number in numbers[start : start + TOGETHER]:
                message = outbox.readable(desk.recall, number)
                if message is None or message.has_ended:
                    continue
                reason = f"there is no channel {message.target.channel} in the settings any more"
                ended = replace(message, state="given-up", answer=reason, next_at=None, ended_at=change.now)
                tell(change, GIVEN_UP, outbox.keep(change, message, ended), f"is given up: {reason}")
                if message.incident:
                    change.apply({ESCALATE + message.incident: b""})
    return len(numbers)
