"""Sends the messages that wait for one channel, of all shards, on a thread of its own: a channel that hangs keeps no other waiting.

A message is stored before it is sent, and what the other side answered after: a kill in between sends it again, under the same
id. Nothing is held while a message is on its way.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from agent import metrics
from agent.daemon.sending.channel_health import ChannelHealth
from agent.daemon.turns.incident_loop import LoopParts, ShardIncidents
from agent.daemon.turns.stepped_time import SteppedTime
from agent.errors import Busy, DiskFull, LeaklineError
from agent.notice.channels.channel import Channel, NotAccepted, Receipt
from agent.notice.channels.pagerduty import PagerDuty
from agent.notice.incidents.book import ESCALATE
from agent.notice.incidents.desk import IncidentChange, IncidentDesk
from agent.notice.messages import outbox
from agent.notice.messages.message import Message
from agent.notice.sending import results
from agent.notice.sending.bundles import bundle_of, bundles, ordered, together
from agent.notice.sending.exchanged import became_known
from agent.notice.sending.late_message import late_words
from agent.notice.sending.message_record import GIVEN_UP, tell
from agent.notice.timer_keys import instant
from agent.pipeline.progress import FULL_DISK_PAUSE
from agent.redaction.redaction import redact

log = structlog.get_logger()

LOOK_EVERY = 0.5
"""Seconds."""

NOTICEABLE = 60.0
"""Seconds after its time from which on a message is late."""

ACCEPTED, FAILED = "message-accepted", "message-failed"

TURN_FOR = 5.0
"""Seconds after which a turn that goes well is left: what is graver may have come meanwhile, or wait in another shard."""

FURTHEST = 2 * results.LONGEST_ASKED
"""No message is put off for so long: what is to be sent later than that was stored while the machine's clock was ahead."""

DOWN_AFTER = 2
"""Failures one after the other after which the rest of what is due counts as failed too, and is tried later."""

_UNTRIED = NotAccepted("the channel failed a moment ago, so it was not tried")


@dataclass(slots=True)
class _Known:
    """What is known of a shard's outbox."""

    desk: IncidentDesk
    seen: int = -1
    """How often something had been stored when it was read last."""
    next: int | None = None
    """When the first of what waits is due, in milliseconds."""


class ChannelSender:
    """`run` is what the thread does, until the stop event."""

    def __init__(
        self,
        channel: Channel,
        parts: LoopParts,
        health: ChannelHealth,
        links: Callable[[Message], str] = lambda _: "",
    ) -> None:
        """`links`: where a message leads, empty for nowhere."""
        self._channel = channel
        self._parts = parts
        self._health = health
        self._links = links
        self._time = SteppedTime(parts.now, parts.steady)
        self._known: dict[str, _Known] = {}
        self._rests: dict[str, float] = {}

    def run(self) -> None:
        """Raises StateError other than a full disk."""
        try:
            while not self._parts.stop.is_set():
                self.turn()
                self._parts.stop.wait(LOOK_EVERY)
        finally:
            self._channel.close()

    def turn(self) -> int:
        """Send what is due in all shards; how many messages that were."""
        now, count = self._time.look(), 0
        for name, shard in self._parts.shards().items():
            if self._parts.stop.is_set():
                break
            if self._parts.steady() >= self._rests.get(name, 0.0):
                count += self._turn_of(name, shard, now)
        return count

    def _turn_of(self, name: str, shard: ShardIncidents, now: datetime) -> int:
        known = self._known.get(name)
        if known is None or known.desk is not shard.desk:
            known = self._known[name] = _Known(shard.desk)
        changes = shard.incidents.changes
        if changes == known.seen and (known.next is None or not _is_due(known.next, now)):
            return 0
        waiting = list(outbox.waiting(shard.desk.recall, self._channel.name))
        due = [number for at, number in waiting if _is_due(at, now)]
        known.seen, known.next = changes, min((at for at, _ in waiting if not _is_due(at, now)), default=None)
        found = [message for number in due if (message := _waiting(shard.desk, number)) is not None]
        count, failures, began = 0, 0, self._parts.steady()
        for bundle in bundles(ordered(found)):
            if self._parts.stop.is_set():
                break
            if failures == 0 and self._parts.steady() - began > TURN_FOR:
                known.seen = -1
                break
            count += len(bundle)
            messages = [message for sent in bundle if (message := _waiting(shard.desk, sent.id)) is not None]
            if not messages:
                continue
            # A channel that hangs would be asked for minutes: what is behind would be told over no other channel meanwhile.
            is_down = failures >= DOWN_AFTER
            result = _UNTRIED if is_down else self._attempt(together(messages))
            failures = failures + 1 if isinstance(result, NotAccepted) and not result.for_good else 0
            if not self._store(name, messages, result, "" if is_down else bundle_of(messages)):
                known.seen = -1
                break
        return count

    def _store(self, name: str, messages: Sequence[Message], result: Receipt | NotAccepted, bundle: str) -> bool:
        """Whether what came of them is stored; else the same is sent again. `bundle`: see `_record`."""
        now = self._parts.now()
        failure = result if isinstance(result, NotAccepted) else None
        try:
            with self._parts.entered(name) as may_work:
                # The shard may have been built anew meanwhile: what the old desk knows is nobody's any more.
                shard = self._parts.shards().get(name) if may_work else None
                if shard is None:
                    return False
                with shard.desk.changing() as change:
                    for message in messages:
                        self._record(change, message, bundle, result, now)
            if result is not _UNTRIED:
                self._health.note(failure)
        except Busy as error:
            log.warning("what a channel answered waits for the state", channel=self._channel.name, reason=str(error))
            return False
        except DiskFull as error:
            log.warning("there is no room on the disk for what a channel answered", reason=str(error))
            self._rests[name] = self._parts.steady() + FULL_DISK_PAUSE
            return False
        return True

    def _attempt(self, message: Message) -> Receipt | NotAccepted:
        """What the other side made of it; whatever goes wrong is the channel's own trouble."""
        try:
            return self._channel.send(message, self._links(message) if message.links else "")
        except NotAccepted as error:
            return error
        except LeaklineError as error:
            return NotAccepted(str(error))
        except Exception as error:  # noqa: BLE001 - a fault of ours ends neither the thread nor other channels
            log.error("unexpected", channel=self._channel.name, traceback=redact(traceback.format_exc()))
            return NotAccepted(f"Leakline failed: {type(error).__name__}")

    def _record(
        self, change: IncidentChange, known: Message, bundle: str, result: Receipt | NotAccepted, now: datetime
    ) -> None:
        """What came of one message. Somebody may have acknowledged while it was on its way: then it is only noted. `bundle`: the id
        that it was sent under together with others.
        """
        before = outbox.message(change.recall, known.id) or known
        if isinstance(result, NotAccepted):
            if before.has_ended:
                return
            failed = results.failed(before, result, now)
            after = outbox.keep(change, before, replace(failed, bundle=bundle or failed.bundle))
            action = GIVEN_UP if after.has_ended else FAILED
            metrics.MESSAGES.labels(self._channel.name, "given-up" if after.has_ended else "failed").inc()
            if after.has_ended or results.is_news(after.attempts):
                tell(change, action, after, f"was not accepted: {result}", 0.0)
        else:
            after = outbox.keep(change, before, results.accepted(before, result, now))
            late_by = (now - before.due).total_seconds()
            metrics.MESSAGES.labels(self._channel.name, "accepted").inc()
            metrics.MESSAGE_SECONDS.labels(self._channel.name).observe(max(late_by, 0.0))
            bundled = f", together with others as {bundle}" if bundle not in ("", known.id) else ""
            said = f"is accepted{bundled}{late_words(before, self._time.lateness, now)}"
            tell(change, ACCEPTED, after, said, late_by if late_by > NOTICEABLE else 0.0)
            if after.incident and isinstance(self._channel, PagerDuty) and self._channel.reads_back:
                became_known(change, self._channel.name, after.incident)
        if after.incident:
            change.apply({ESCALATE + after.incident: b""})


def _is_due(at: int, now: datetime) -> bool:
    """`at`: in milliseconds."""
    return not now < instant(at) <= now + FURTHEST


def _waiting(desk: IncidentDesk, number: str) -> Message | None:
    """One that waits still."""
    found = outbox.readable(desk.recall, number)
    return found if found is not None and not found.has_ended else None
