"""An org's session as a backfill uses it: its calls are counted, and live collection goes before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx

from agent.sources.salesforce.budget.caller import backfill_caller
from agent.sources.salesforce.session import Session
from agent.sources.salesforce.token import Token


class CountedSession(Session):
    """Asks in the name of a backfill by way of the org's own session, with its token and its budget. Safe for threads."""

    def __init__(
        self,
        live: Session,
        source: str,
        *,
        now: Callable[[], datetime],
        called: Callable[[], None] = lambda: None,
    ) -> None:
        """`source`: what the calls are counted under; `called`: told of each."""
        super().__init__(live.settings, now=now)
        self.clock, self.budget = live.clock, live.budget
        self.calls = 0
        """Since the start of the process."""
        self._acting = live.acting_for(backfill_caller(source))
        self._called = called

    def token(self, stale: Token | None = None) -> Token:
        """See `Session.token`."""
        return self._acting.token(stale)

    @property
    def signed_in(self) -> bool:
        """See `Session.signed_in`."""
        return self._acting.signed_in

    @property
    def closed(self) -> bool:
        """See `Session.closed`."""
        return self._acting.closed

    @property
    def allowed(self) -> int:
        """API calls of a day that a backfill may bring the org's use to; 0 while the org has not said what it allows."""
        return self.usage.used + self.budget.backfill_room() if self.usage.limit else 0

    def check_budget(self) -> None:
        """Raises LimitExceeded while live collection is going to want what is left: HeldBack, with a time."""
        self._acting.check_budget()

    @contextmanager
    def exchange(
        self, method: str, path: str, *, deadline: float | None = None, **options: Any
    ) -> Iterator[httpx.Response]:
        """See `Session.exchange`."""
        self.calls += 1
        self._called()
        with self._acting.exchange(method, path, deadline=deadline or self._deadline, **options) as response:
            yield response
