"""How often a new token is asked for: each costs a log-in, of which Salesforce allows an hour 3,600 to a user."""

from __future__ import annotations

from agent.sources.real_time.channel_feed import ChannelFeed

AT_ONCE = 3
"""New tokens in succession without a pause. A session may end again moments after it was renewed, and that is no refusal;
one that ends three times before its stream has brought anything is.
"""


class Renewals:
    """Of one run. Times are seconds by the clock that does not jump; `pause`: between two tokens where `AT_ONCE` did not help."""

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self._granted: list[float] = []

    def note(self, at: float) -> None:
        """There is a new token."""
        self._granted = [*self._recent(at), at]

    def allows(self, feed: ChannelFeed, at: float) -> bool:
        """Whether there may be one for a channel whose stream has ended for want of it."""
        recent = self._recent(at)
        return not recent or (len(recent) < AT_ONCE and feed.attempts <= AT_ONCE)

    def _recent(self, at: float) -> list[float]:
        return [granted for granted in self._granted if at - granted < self._pause]
