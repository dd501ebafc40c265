"""Events about problems: which change of one is worth an event, and those that are still to be sent.

An event waits under the memory of the source `agent` until the batch that carries it commits, which forgets it in the same
transaction (`Batch.remember`). So it is sent exactly once, whatever is killed in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from agent.model import Batch
from agent.own_event import EventValue, own_event
from agent.problem import Problem
from agent.store import keys
from agent.store.state import State
from agent.store.transaction import Transaction

ANNOUNCE_AGAIN = timedelta(minutes=15)
"""A problem that grows or changes is announced anew after this time, or once it has doubled: a flood makes few events."""


class ProblemOutbox:
    """All of it inside a transaction of the caller's. `now` is the clock."""

    def __init__(self, state: State, now: Callable[[], datetime]) -> None:
        self._state = state
        self._now = now
        self.filled = True
        """False when nothing waits for sure."""

    def put(self, transaction: Transaction, problem: Problem, action: str, message: str, *, failure: bool) -> None:
        """An event about a problem. `failure`: whether it is open, and not over."""
        fields: dict[str, EventValue] = {
            "leakline.problem.id": problem.id,
            "leakline.problem.kind": problem.kind,
            "leakline.problem.subject": problem.subject,
            "leakline.problem.count": problem.count,
            **problem.fields,
        }
        self._put(transaction, problem.org, action, message, fields, failure=failure)

    def put_plain(
        self,
        transaction: Transaction,
        action: str,
        message: str,
        fields: Mapping[str, EventValue],
        org: str = "",
        category: str = "process",
    ) -> None:
        """An event about something that is no problem."""
        self._put(transaction, org, action, message, dict(fields), failure=False, category=category)

    def events(self) -> Iterator[Batch]:
        """What is to be sent, oldest first, a batch an event; each is forgotten by the commit of its batch."""
        self.filled = False  # before looking: what is committed from here on sets it again
        for key in self._state.keys(keys.OUTBOX.prefix):
            self.filled = True  # until a look finds nothing: the event may not be taken this time
            stored = orjson.loads(self._state.data(key) or b"{}")
            if stored:
                event = own_event(**_with_times(stored))
                yield replace(event, remember={key.removeprefix(keys.MEMORY.key("agent", "")): None})

    def _put(
        self,
        transaction: Transaction,
        org: str,
        action: str,
        message: str,
        fields: dict[str, EventValue],
        *,
        failure: bool,
        category: str = "process",
    ) -> None:
        times = {name: value.isoformat() for name, value in fields.items() if isinstance(value, datetime)}
        event: dict[str, Any] = {
            "org": org,
            "action": action,
            "message": message,
            "now": self._now().isoformat(),
            "failure": failure,
            "fields": {**fields, **times},
            "times": list(times),
            "category": category,
        }
        transaction.after_commit(self._note)
        number = self._state.number(keys.NEXT_EVENT.prefix)
        transaction.set(keys.NEXT_EVENT.prefix, number + 1)
        transaction.set(keys.OUTBOX.key(number), orjson.dumps(event))

    def _note(self) -> None:
        self.filled = True


def _with_times(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of `own_event`, of what was stored; an older version stored no `times`."""
    found = {**stored, "now": datetime.fromisoformat(stored["now"])}
    times = {name: datetime.fromisoformat(stored["fields"][name]) for name in found.pop("times", ())}
    return {**found, "fields": {**stored["fields"], **times}}


def is_news(before: Problem, after: Problem, now: datetime) -> bool:
    """Whether the change of an open problem is news: another class of error, doubled, or a while ago."""
    if before.fields.get("error.type") != after.fields.get("error.type"):
        return True
    if before.told_at is None or (after.count == before.told_count and after.message == before.message):
        return False
    return after.count >= 2 * max(1, before.told_count) or abs(now - before.told_at) >= ANNOUNCE_AGAIN
