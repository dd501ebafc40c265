"""What sources of objects tell of themselves.

Actions: `object-not-read` and its end `object-read`; `fields-hidden` (an object is read without some fields) and its end
`fields-visible`; `object-gap`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping

from agent.model import Batch
from agent.source import Recall
from agent.sources.object_query.object_news import ObjectNews
from agent.sources.object_query.queried_object import ReadObject
from agent.sources.object_query.reading_events import ReadingEvents, TellingWords
from agent.sources.objects.selected_fields import SelectedFields
from agent.wording.phrase import listed

WORDS = TellingWords(
    "object", ("salesforce.object.name", "salesforce.object.gap_start", "salesforce.object.gap_end"), "records"
)
HIDDEN = "hidden/"
"""Under which is remembered which fields of an object are hidden."""


class RowNews(ObjectNews):
    """Of one pass."""

    def __init__(self, recall: Recall, events: ReadingEvents, selected: SelectedFields) -> None:
        super().__init__(recall, events)
        self._selected = selected

    def described(self, read: ReadObject, fields: Mapping[str, str]) -> Generator[Batch]:
        """Whether fields are hidden that are wanted."""
        name, hidden = read.name, self._selected.hidden(read, fields)
        if hidden:
            message = f"{name} is read without {listed(hidden, 'and')}, hidden from the user or not in this org"
            yield from self._begun(
                HIDDEN + name, ",".join(hidden), lambda: self._events.tell("fields-hidden", name, message, failure=True)
            )
        else:
            message = f"{name} is read with all wanted fields"
            yield from self._over(HIDDEN + name, lambda: self._events.tell("fields-visible", name, message))
