"""A source of the setup audit trail that also tells of actions nobody described: each once for an org.

The row itself is forwarded whole; what is told says that no risk and no meaning are known of it. Own event:
`setup-action-unknown`, with the names in `leakline.setup.actions`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from datetime import datetime

from agent.model import OWN_EVENT_TYPE, Batch, Cursor
from agent.own_event import own_event
from agent.source import PolledSource, Recall

ACTION = "Action"
REMEMBERED = "unknown-action/"
"""Under which an action is remembered that was told; what follows is its name in lower case."""

MOST_REMEMBERED = 2_000
"""Actions that are told of an org: about a thousand are known to exist. Beyond it nothing is told or remembered."""
MOST_NAMED = 50
"""Actions that one event names; the others are told with the next rows."""
LONGEST_NAME = 120
"""Characters of an action by which it is remembered and told."""


class UnknownActions:
    """A source (`agent.source.PolledSource`): the one it is given, and what is told of its rows ahead of them."""

    def __init__(
        self, trail: PolledSource, is_known: Callable[[str], bool], *, now: Callable[[], datetime], recall: Recall
    ) -> None:
        """`is_known`: whether an action is described, in any spelling. `recall`: of the source itself, whose batches remember
        what was told.
        """
        self.name = trail.name
        self._trail, self._is_known, self._now, self._recall = trail, is_known, now, recall

    def read(self, after: Cursor | None) -> Generator[Batch]:
        """See `agent.source.PolledSource`."""
        reading = self._trail.read(after)
        try:
            for batch in reading:
                yield from self._told(batch)
                yield batch
        finally:
            reading.close()

    def _told(self, batch: Batch) -> Iterator[Batch]:
        if batch.event_type == OWN_EVENT_TYPE or ACTION not in batch.frame.columns:
            return
        actions = batch.frame[ACTION].drop_nulls().unique(maintain_order=True).to_list()
        unknown = {action.strip()[:LONGEST_NAME] for action in actions if not self._is_known(action)}
        new = sorted({name.lower(): name for name in sorted(unknown) if self._is_new(name)}.values())[:MOST_NAMED]
        if not new or sum(1 for _ in self._recall.keys(REMEMBERED)) + len(new) > MOST_REMEMBERED:
            return
        message = (
            f"Nothing is known of {'an action' if len(new) == 1 else f'{len(new)} actions'} of the setup audit trail: "
            f"{', '.join(new)}. The rows are forwarded whole, without a risk"
        )
        fields = {"event.provider": self.name, "leakline.setup.actions": ", ".join(new)}
        event = own_event(batch.org, "setup-action-unknown", message, self._now(), fields=fields)
        yield replace(event, remember={REMEMBERED + name.lower(): b"1" for name in new})

    def _is_new(self, name: str) -> bool:
        return bool(name) and self._recall(REMEMBERED + name.lower()) is None
