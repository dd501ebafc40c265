"""Changes of incidents that no batch brings: people make them, and clocks. One of them is one transaction, with its record in
the trail and its event in the outbox.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from agent.batch_steps import ResponseRecord
from agent.notice.incidents.book import IncidentBook
from agent.notice.incidents.grouping import Grouping
from agent.notice.incidents.incident import Incident
from agent.notice.incidents.incident_event import CATEGORY, DATASET, fields
from agent.notice.settings import NoticeSettings
from agent.own_event import EventValue
from agent.store import keys
from agent.store.problems import Problems
from agent.store.state import State, StateRecall
from agent.store.transaction import Transaction

Recorder = Callable[[Transaction, Sequence[ResponseRecord], Mapping[str, str], datetime], None]
"""Writes records into the shard's trail, in a transaction; the mapping says who acted, as `TrailEntry.actor` has it."""


CLOCKS_DEPEND_ON = (
    *("state", "detected_at", "first_event", "has_clocks", "anchors", "facts", "settlements", "snoozed_until"),
    *("merged_into", "merged_from"),
)
"""Of an incident."""


class IncidentChange:
    """One transaction at the desk."""

    def __init__(
        self,
        grouping: Grouping,
        transaction: Transaction,
        problems: Problems,
        record: Recorder,
        now: datetime,
        recall: StateRecall,
    ) -> None:
        self._grouping = grouping
        self._transaction = transaction
        self._record = record
        self.recall = recall
        """What is stored under `keys.RESPONSE`, with what this change has written so far."""
        self.problems = problems
        """The shard's register: what is reported here counts with the change."""
        self.now = now

    def incident(self, number: str) -> Incident | None:
        """As this change has left it so far. Raises ValueError for one that is damaged."""
        return self._grouping.incident(number)

    def put(
        self,
        before: Incident | None,
        after: Incident,
        action: str,
        message: str,
        *,
        by: str,
        data: Mapping[str, Any],
        personal: Mapping[str, Any] | None = None,
        further: Mapping[str, EventValue] | None = None,
        reckon: bool | None = None,
    ) -> Incident:
        """The incident as it is from now on; returns it with the number of its change.

        `action`: a kebab-case verb phrase, of the event and of the record; `by`: a user's name, or `leakline`; `data`: what
        the record says, `personal`: what of it must be possible to erase; `further`: fields of the event besides those of
        every incident; `reckon`: whether its clocks are to be reckoned anew, by itself where something they depend on differs.
        """
        after = self.keep(before, after, reckon=_moves_clocks(before, after) if reckon is None else reckon)
        self.tell(after, action, message, by=by, data=data, personal=personal, further=further)
        return after

    def keep(self, before: Incident | None, after: Incident, *, reckon: bool = False) -> Incident:
        """As `put`, and nothing is said of it."""
        after = replace(after, revision=(before.revision if before else after.revision) + 1)
        self._grouping.put(before, after, reckon=reckon)
        return after

    def forget_links(self, incident: Incident) -> None:
        """No alert joins it any more."""
        self._grouping.forget_links(incident)

    def tell(
        self,
        incident: Incident,
        action: str,
        message: str,
        *,
        by: str,
        data: Mapping[str, Any],
        personal: Mapping[str, Any] | None = None,
        further: Mapping[str, EventValue] | None = None,
    ) -> None:
        """A record and an event about an incident that stays as it is. Parameters: see `put`."""
        record = ResponseRecord(action, incident.id, data, personal or {})
        self._record(self._transaction, [record], _actor(by), self.now)
        said = {**fields(incident), **({"user.name": by} if by != "leakline" else {}), **(further or {})}
        self.problems.announce(action, message, fields=said, org=incident.org, category=CATEGORY)

    def announce(
        self,
        action: str,
        message: str,
        *,
        about: str,
        by: str = "leakline",
        data: Mapping[str, Any],
        personal: Mapping[str, Any] | None = None,
        fields: Mapping[str, EventValue] | None = None,
    ) -> None:
        """A record and an event about what is no incident; `about`: the object of the record. Parameters: see `put`."""
        record = ResponseRecord(action, about, data, personal or {})
        self._record(self._transaction, [record], _actor(by), self.now)
        said = {"event.dataset": DATASET, **({"user.name": by} if by != "leakline" else {}), **(fields or {})}
        self.problems.announce(action, message, fields=said, category=CATEGORY)

    def apply(self, changes: Mapping[str, bytes | None]) -> None:
        """Other keys under `keys.RESPONSE`."""
        self._transaction.apply(keys.RESPONSE.prefix, changes)


class IncidentDesk:
    """Of one shard. Safe for threads."""

    def __init__(
        self,
        state: State,
        problems: Problems,
        book: IncidentBook,
        alone: Callable[[], AbstractContextManager[None]],
        record: Recorder,
        settings: NoticeSettings | None,
        now: Callable[[], datetime],
    ) -> None:
        """`alone`: holds the shard's commit lock (`Ingest.alone`)."""
        self.shard = state.shard
        self.recall = StateRecall(state, keys.RESPONSE.prefix)
        """What is stored under `keys.RESPONSE`; reading needs no lock."""
        self.settings = settings
        self._state = state
        self._problems = problems
        self._book = book
        self._alone = alone
        self._record = record
        self._within = (settings or NoticeSettings()).group_within
        self._now = now

    @contextmanager
    def changing(self) -> Iterator[IncidentChange]:
        """Everything inside is stored together, or nothing is: an exception undoes it, and passes on.

        Raises StateError, DiskFull.
        """
        with self._alone():
            try:
                with self._state.transact() as transaction:
                    grouping = Grouping(self._book, self._within)
                    yield IncidentChange(grouping, transaction, self._problems, self._record, self._now(), self.recall)
                    transaction.apply(keys.RESPONSE.prefix, grouping.change.remember())
                    self._book.advance(grouping.change)
            except BaseException:
                self._book.forget()
                raise
            self._book.settle()


def _actor(by: str) -> Mapping[str, str]:
    return {"kind": "service"} if by == "leakline" else {"kind": "person", "name": by}


def _moves_clocks(before: Incident | None, after: Incident) -> bool:
    return before is None or any(getattr(before, name) != getattr(after, name) for name in CLOCKS_DEPEND_ON)
