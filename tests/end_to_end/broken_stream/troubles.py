"""What goes wrong with a stream, an hour at a time. After each of them everything has arrived."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from agent.sources.real_time.channel_feed import SILENT
from tests.end_to_end.broken_stream.broken_day import BrokenDay

UNSTORED = "LoginEvent"
"""Whose storage is switched off during the outage."""

Trouble = Callable[[BrokenDay, random.Random], None]


def killed_while_it_reads(day: BrokenDay, chance: random.Random) -> None:
    day.hours()
    time.sleep(chance.random() * 0.4)  # at any moment of reading, committing and sending
    day.kill()
    day.start()
    day.settle()


def killed_before_the_hour(day: BrokenDay, _: random.Random) -> None:
    day.kill()
    day.hours()
    day.start()
    day.settle()


def token_expires(day: BrokenDay, _: random.Random) -> None:
    """In the running streams."""
    day.hours()
    day.disturb(token_seconds=1800)
    day.settle()
    day.wait_for_words("service.auth.error")
    day.disturb(token_seconds=0)


def cut(day: BrokenDay, _: random.Random) -> None:
    """All streams after a few events, six times, and answers of the REST API in the middle."""
    day.disturb(stream_cut_after=3, stream_times=6, reset=True, times=2)
    day.hours()
    day.settle()
    day.disturb(stream_cut_after=0, stream_times=0, reset=False, times=0)


def replay_ids_refused(day: BrokenDay, _: random.Random) -> None:
    """Each once."""
    day.disturb(stream_corrupted="once")
    day.stop()
    day.hours()
    day.start()
    day.settle()
    day.wait_for_action("replay-id-refused")
    day.disturb(stream_corrupted="")


def duplicates_after_a_kill(day: BrokenDay, _: random.Random) -> None:
    day.disturb(stream_repeat=5)
    day.hours()
    day.kill()
    day.start()
    day.settle()
    day.disturb(stream_repeat=0)


def silent(day: BrokenDay, _: random.Random) -> None:
    """Streams stay open and bring nothing, until they are given up."""
    day.disturb(stream_silent=True)
    day.hours()
    day.wait_for_words(SILENT.details)
    day.disturb(stream_silent=False)
    day.settle()


def unreachable(day: BrokenDay, _: random.Random) -> None:
    """The whole Pub/Sub API, so that the agent begins again and again."""
    day.disturb(stream_error="service.unavailable")
    day.hours()
    day.wait_for_words("the Pub/Sub API does not stream any channel")
    day.disturb(stream_error="")
    day.settle()


TROUBLES: tuple[Trouble, ...] = (
    killed_while_it_reads,
    token_expires,
    killed_before_the_hour,
    cut,
    replay_ids_refused,
    duplicates_after_a_kill,
    silent,
    killed_while_it_reads,
)


def outage(day: BrokenDay) -> None:
    """80 hours without an agent, after which one event is not stored any more; then another hour."""
    day.kill()
    for _ in range(10):
        day.hours(8)
    day.disturb(no_storage=UNSTORED)
    day.start()
    day.wait_for_action("event-gap", "event-gap-filled")
    day.settle()
    day.hours()
    day.settle()
