"""Reads all records of an object, within a number of calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from agent.sources.object_query.object_reader import SMALLEST_PAGE
from agent.sources.objects.catalogue import WatchedObject
from agent.sources.objects.snapshots.look import Look, UnfitLook
from agent.sources.objects.visible_fields import VisibleFields
from agent.sources.salesforce import soql_literal
from agent.sources.salesforce.api_error import QueryTimeout, Refused, UnreadableAnswer
from agent.sources.salesforce.session import Session

PAGE = 2_000
"""Records of a call: what an org gives at most."""
CALLS = 110
"""Of a look: room for 200,000 records and for some pages that have to be smaller."""
REFUSALS = 4
"""Of a look, after each of which other fields are selected: an org names one hidden field at a time."""
AGAIN = "the next look tries again"


class LookReader:
    """Of one org."""

    def __init__(self, session: Session, fields: VisibleFields) -> None:
        self._session = session
        self._fields = fields

    def read(self, watched: WatchedObject, now: datetime) -> Look:
        """All of them. Raises UnfitLook, or what `Session.query` raises, where any page is not there as it should be."""
        for _ in range(REFUSALS):
            try:
                return self._read(watched, self._fields.of(watched), now)
            except Refused as error:  # a field was hidden since the describe, or one of a related object is
                if not self._fields.refused(watched, error):
                    raise
        return self._read(watched, self._fields.of(watched), now)

    def count(self, watched: WatchedObject) -> int | None:
        """How many records the org counts; None where it does not say."""
        self._session.check_budget()
        try:
            total, _ = self._session.counted(f"SELECT COUNT() FROM {watched.name}")  # noqa: S608 - a name of the table
        except Refused:
            return None
        return total if total >= 0 else None

    def _read(self, watched: WatchedObject, fields: Mapping[str, str], now: datetime) -> Look:
        look, after, page = Look(fields, now), "", PAGE
        for _ in range(CALLS):
            try:
                records = self._page(watched, fields, after, page)
            except (QueryTimeout, UnreadableAnswer):
                if page <= SMALLEST_PAGE:
                    raise
                page = max(SMALLEST_PAGE, page // 4)
                continue
            look.add(records)
            if len(records) < page:
                return look
            after = str(records[-1]["Id"])
        raise UnfitLook(
            f"{self._session.settings.name}: {watched.name} has more records than {CALLS} calls give",
            hint="its differences are not watched; ask for a larger limit",
        )

    def _page(
        self, watched: WatchedObject, fields: Mapping[str, str], after: str, limit: int
    ) -> Sequence[Mapping[str, Any]]:
        where = f" WHERE Id > {soql_literal.text(after)}" if after else ""
        self._session.check_budget()
        total, records = self._session.counted(
            f"SELECT {', '.join(fields)} FROM {watched.name}{where} ORDER BY Id LIMIT {limit}"  # noqa: S608 - names of the table
        )
        if total != len(records) or total > limit:
            raise UnfitLook(
                f"{self._session.settings.name}: {watched.name}: of {total} records that the org announced came {len(records)}",
                hint=AGAIN,
            )
        return records
