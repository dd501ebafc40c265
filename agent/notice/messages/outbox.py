"""Messages of one shard that are to be sent: stored with what they are about, in one transaction, and sent after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import structlog

from agent.notice.incidents.desk import IncidentChange
from agent.notice.messages.message import MOST_ANSWER, Message, decode, encode
from agent.notice.timer_keys import TimerKeys, first_millisecond
from agent.store.state import StateRecall

log = structlog.get_logger()

MESSAGE, DUE = "message/", "message-due/"
"""Keys under `keys.RESPONSE`: a message by its id, and `channel/milliseconds/id` of each that waits."""


def put(change: IncidentChange, recall: StateRecall, messages: Sequence[Message]) -> list[Message]:
    """Those of them that are not there yet; they are stored with the change."""
    new = [message for message in messages if recall(MESSAGE + message.id) is None]
    for message in new:
        change.apply({MESSAGE + message.id: encode(message), **_waiting(message)})
    return new


def keep(change: IncidentChange, before: Message, after: Message) -> Message:
    """The message as it is from now on."""
    after = replace(after, answer=after.answer[:MOST_ANSWER])
    change.apply({**dict.fromkeys(_waiting(before)), MESSAGE + after.id: encode(after), **_waiting(after)})
    return after


def message(recall: StateRecall, number: str) -> Message | None:
    """Raises ValueError for one that is damaged."""
    data = recall(MESSAGE + number)
    return decode(data) if data is not None else None


def readable(recall: StateRecall, number: str) -> Message | None:
    """The same, None also for one that is damaged: of that nothing can be said or sent, and its incident's next step is another."""
    try:
        return message(recall, number)
    except ValueError as error:
        _say_damaged(number, str(error)[:300])
        return None


@lru_cache(maxsize=1000)
def _say_damaged(number: str, reason: str) -> None:
    """Once for each, however often it is read."""
    log.error("a message cannot be read", message=number, reason=reason)


def waiting(recall: StateRecall, channel: str) -> Iterator[tuple[int, str]]:
    """When each message of a channel is to be sent, in milliseconds, and its id; the first one first."""
    timers = _timers(channel)
    for key in recall.keys(timers.prefix):
        number, at = timers.read(key)
        yield at, number


def forgotten(message: Message) -> dict[str, bytes | None]:
    """What is to be stored so that it is there no more: for what is no evidence of anything."""
    return dict.fromkeys([MESSAGE + message.id, *_waiting(message)])


def _waiting(message: Message) -> dict[str, bytes]:
    if message.next_at is None:
        return {}
    return {_timers(message.target.channel).key(first_millisecond(message.next_at), message.id): b""}


def _timers(channel: str) -> TimerKeys:
    return TimerKeys(f"{DUE}{channel}/")
