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
from agent.own_event import own_event
from agent.problem import Field, Problem
from agent.store.state import State, Transaction

MEMORY = "memory/agent/"
WAITING, NEXT = f"{MEMORY}outbox/", "problem/next"
"""Keys of the events, numbered from 0 on, and of the next number."""

ANNOUNCE_AGAIN = timedelta(minutes=15)
"""A problem that grows or changes is announced anew after this time, or once it has doubled: a flood makes few events."""


class ProblemOutbox:
    """All of it inside a transaction of the caller's. `now` is the clock."""

    def __init__(self, state: State, now: Callable[[], datetime]) -> None:
        self._state = state
        self._now = now

    def put(self, transaction: Transaction, problem: Problem, action: str, message: str, *, failure: bool) -> None:
        """An event about a problem. `failure`: whether it is open, and not over."""
        fields: dict[str, Field] = {
            "leakline.problem.id": problem.id,
            "leakline.problem.kind": problem.kind,
            "leakline.problem.subject": problem.subject,
            "leakline.problem.count": problem.count,
            **problem.fields,
        }
        self._put(transaction, problem.org, action, message, fields, failure=failure)

    def put_plain(self, transaction: Transaction, action: str, message: str, fields: Mapping[str, Field]) -> None:
        """An event about something that is no problem."""
        self._put(transaction, "", action, message, dict(fields), failure=False)

    def events(self) -> Iterator[Batch]:
        """What is to be sent, oldest first, a batch an event; each is forgotten by the commit of its batch."""
        for key in self._state.keys(WAITING):
            stored = orjson.loads(self._state.data(key) or b"{}")
            if stored:
                stored["now"] = datetime.fromisoformat(stored["now"])
                yield replace(own_event(**stored), remember={key.removeprefix(MEMORY): None})

    def _put(
        self, transaction: Transaction, org: str, action: str, message: str, fields: dict[str, Field], *, failure: bool
    ) -> None:
        event: dict[str, Any] = {
            "org": org,
            "action": action,
            "message": message,
            "now": self._now().isoformat(),
            "failure": failure,
            "fields": fields,
        }
        number = self._state.number(NEXT)
        transaction.set(NEXT, number + 1)
        # Sixteen digits: keys are read back in the order of their text, which must be that of the numbers.
        transaction.set(f"{WAITING}{number:016d}", orjson.dumps(event))


def is_news(before: Problem, after: Problem, now: datetime) -> bool:
    """Whether the change of an open problem is news: another class of error, doubled, or a while ago."""
    if before.fields.get("error.type") != after.fields.get("error.type"):
        return True
    if before.told_at is None or (after.count == before.told_count and after.message == before.message):
        return False
    return after.count >= 2 * max(1, before.told_count) or abs(now - before.told_at) >= ANNOUNCE_AGAIN
