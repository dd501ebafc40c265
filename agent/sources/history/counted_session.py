"""An org's session as a backfill uses it: its calls are counted, and it keeps to a share of the budget of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import httpx

from agent.errors import LimitExceeded
from agent.sources.salesforce.session import Session
from agent.sources.salesforce.token import Token

PURPOSE = "backfill"
PART = 0.8
"""Of what `api_budget.share` lets Leakline use: the rest stays for live collection, which goes before."""


class CountedSession(Session):
    """Signs in as the org's own session does, with its token. Safe for threads."""

    purpose = PURPOSE

    def __init__(
        self, live: Session, *, now: Callable[[], datetime], called: Callable[[], None] = lambda: None
    ) -> None:
        """`called`: told of each call."""
        super().__init__(live.settings, now=now)
        self.clock = live.clock
        self.calls = 0
        """Since the start of the process."""
        self._live = live
        self._called = called

    def token(self, stale: Token | None = None) -> Token:
        """See `Session.token`."""
        return self._live.token(stale)

    @property
    def signed_in(self) -> bool:
        """See `Session.signed_in`."""
        return self._live.signed_in

    @property
    def closed(self) -> bool:
        """See `Session.closed`."""
        return self._live.closed

    @property
    def allowed(self) -> int:
        """API calls of a day that a backfill may bring the org's use to; 0 while the org has not said what it allows."""
        return int(self._live.usage.limit * self.settings.api_budget.share * PART)

    def check_budget(self) -> None:
        """Raises LimitExceeded while live collection might want what is left."""
        if self._over():
            self.limits()
        if self._over():
            used, limit = self._live.usage
            raise LimitExceeded(
                f"{self.settings.name}: {used} of {limit} API calls of the day are used, and a backfill begins none above "
                f"{self.allowed}, so that live collection has the rest",
                hint="it is tried again when the calls of the last 24 hours are fewer; or raise api_budget.share",
            )

    @contextmanager
    def exchange(
        self, method: str, path: str, *, deadline: float | None = None, **options: Any
    ) -> Iterator[httpx.Response]:
        """See `Session.exchange`."""
        self.calls += 1
        self._called()
        with self._live.exchange(method, path, deadline=deadline or self._deadline, **options) as response:
            self.usage = self._live.usage
            yield response

    def _over(self) -> bool:
        return self.allowed > 0 and self._live.usage.used >= self.allowed
