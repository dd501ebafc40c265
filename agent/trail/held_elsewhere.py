"""Destinations that can be asked for the newest checkpoint they hold: what lies elsewhere shows a trail that was put back."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

ASK_WITHIN = 10.0
"""Seconds that one destination has to answer."""


@runtime_checkable
class HoldsCheckpoints(Protocol):
    """A destination that can be searched. Called beside `send`, from another thread, so it uses a connection of its own."""

    def newest_checkpoint(self, origin: str, within: float) -> str | None:
        """The signed note of the longest checkpoint of this trail that it holds; None where it holds none.

        `within`: seconds. Raises Misconfigured where it may not be asked, Unavailable where it does not answer.
        """
        ...
