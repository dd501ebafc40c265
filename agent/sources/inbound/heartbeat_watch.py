"""Tells of senders that promise a heartbeat and stay away longer than they may.

Only time counts in which somebody could have been heard: while Leakline is stopped, or cannot take anything in, nobody's
heartbeat is missing. So it is added up, a tick at a time, and kept, for a daemon that is restarted more often than a sender
beats would otherwise never miss it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import orjson

from agent.problem import Field
from agent.sources.inbound.settings import SenderSettings
from agent.store import keys
from agent.store.problems import Problems
from agent.store.state import State
from agent.wording.span import span_text

MISSING = "heartbeat-missing"

LONGEST_TICK = timedelta(minutes=3)
"""What counts between two ticks at most: they come about once a minute, and a clock that jumps is nobody's silence."""

HEARTBEAT = "heartbeat/"
"""What the source remembers of each sender with the batch that brings its heartbeat: when it was received, in ISO 8601."""


@dataclass(frozen=True, slots=True)
class HeardSender:
    """What is known of a sender."""

    last: str = ""
    """When its last heartbeat was received; empty: none ever was."""
    waited: float = 0.0
    """Seconds since then, or since it was looked for first, in which it could have been heard."""
    since: str = ""
    """When it was looked for first after that."""

    @classmethod
    def decode(cls, data: bytes | None) -> HeardSender | None:
        """What cannot be read begins anew."""
        try:
            return cls(**orjson.loads(data)) if data else None
        except (ValueError, TypeError):
            return None


class HeartbeatWatch:
    """Of one shard. For one thread at a time: whoever calls its tick."""

    def __init__(
        self,
        senders: Iterable[SenderSettings],
        source: str,
        recall: Callable[[str], bytes | None],
        state: State,
        problems: Problems,
    ) -> None:
        """`source`: the name of the shard's inbound source; `recall`: what it remembers."""
        self._senders = {sender.name: sender.heartbeat for sender in senders if sender.heartbeat is not None}
        self._source = source
        self._recall = recall
        self._state = state
        self._problems = problems
        self._looked: datetime | None = None

    def tick(self, now: datetime, org: str, *, listening: bool) -> None:
        """To be called about once a minute. `org`: the org's id; `listening`: whether reports are taken in."""
        passed = min(max(now - self._looked, timedelta()), LONGEST_TICK) if self._looked else timedelta()
        self._looked = now
        for name, span in self._senders.items():
            self._look(name, span, now, passed if listening else timedelta(), org)
        self._forget()

    def _look(self, name: str, span: timedelta, now: datetime, passed: timedelta, org: str) -> None:
        key = keys.HEARD_SENDER.key(name)
        before = HeardSender.decode(self._state.data(key))
        last = (self._recall(HEARTBEAT + name) or b"").decode()
        if before is None or last != before.last:
            heard = HeardSender(last, since=now.isoformat())
            self._problems.over(MISSING, self._subject(name), f"{name} sends heartbeats again")
        else:
            heard = replace(before, waited=before.waited + passed.total_seconds())
        if heard != before:
            with self._state.transact() as transaction:
                transaction.set(key, orjson.dumps(asdict(heard)))
        if heard.waited >= span.total_seconds():
            self._report(name, span, heard, now, org)

    def _report(self, name: str, span: timedelta, heard: HeardSender, now: datetime, org: str) -> None:
        if self._problems.is_open(MISSING, self._subject(name)):
            return
        waited = timedelta(seconds=round(heard.waited))
        begin = f"since {_shown(heard.last)}" if heard.last else f"ever, and is waited for since {_shown(heard.since)}"
        away = now - datetime.fromisoformat(heard.last or heard.since) - waited
        message = (
            f"{name} has sent no heartbeat {begin}, while it is to send one every {span_text(span)} at the latest; "
            f"Leakline listened for {span_text(waited)} of that time"
        )
        fields: dict[str, Field] = {
            "event.provider": self._source,
            "leakline.inbound.sender": name,
            "leakline.inbound.heartbeat_seconds": int(span.total_seconds()),
            "leakline.inbound.waited_seconds": int(waited.total_seconds()),
            "leakline.inbound.not_listened_seconds": max(0, int(away.total_seconds())),
        }
        self._problems.report(MISSING, self._subject(name), message, org=org, fields=fields)

    def _forget(self) -> None:
        """Senders that the settings no longer name, or of which they expect no heartbeat any more."""
        for key in list(self._state.keys(keys.HEARD_SENDER.prefix)):
            name = keys.HEARD_SENDER.rest(key)
            if name not in self._senders:
                with self._state.transact() as transaction:
                    transaction.delete(key)
                self._problems.over(MISSING, self._subject(name), f"no heartbeat of {name} is expected any more")

    def _subject(self, name: str) -> str:
        return f"{self._source} {name}"


def _shown(time: str) -> str:
    return f"{datetime.fromisoformat(time):%Y-%m-%d %H:%M} UTC"
