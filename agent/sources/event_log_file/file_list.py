"""Asking an org which log files there are: hourly or daily ones, of which types, created when."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agent.errors import TransportError
from agent.model import Batch
from agent.source import Recall
from agent.sources.event_log_file import source_events
from agent.sources.event_log_file.interval import (
    INTERVAL_KEY,
    IntervalSetting,
    ListingScope,
    listing_scope,
    no_interval_field,
)
from agent.sources.event_log_file.listed_file import ListedFile, OddRecord, listed_file, listing, listing_about
from agent.sources.salesforce.api_error import Refused
from agent.sources.salesforce.session import Session

MOST = 200_000
"""Records of one listing. Three days of all types, hour by hour, are some thousands."""


@dataclass(frozen=True, slots=True)
class FileListing:
    """What one listing brought."""

    files: Sequence[ListedFile]
    odd: Sequence[OddRecord]
    """Records that cannot be read."""


class FileList:
    """For one source. `event_types` None means all."""

    def __init__(
        self,
        session: Session,
        recall: Recall,
        *,
        event_types: Sequence[str] | None,
        interval: IntervalSetting,
        reconcile_daily: bool | None,
    ) -> None:
        self.scope: ListingScope | None = None
        """Which kinds are listed; None while that is not known."""
        self._session = session
        self._recall = recall
        self._event_types = event_types
        self._interval = interval
        self._reconcile_daily = reconcile_daily

    def find_scope(self, now: datetime) -> Generator[Batch]:
        """Find out whether there are hourly files; yields an event of our own when that has changed."""
        self.scope = listing_scope(self._interval, self._reconcile_daily, self._session.query)
        told = self._recall(INTERVAL_KEY) is not None
        if self.scope.reason and not told:
            event = source_events.hourly_files_missing(self._session.org_id, self.scope.reason, now)
            yield replace(event, remember={INTERVAL_KEY: b"daily"})
        elif told and not self.scope.reason:
            yield replace(source_events.hourly_files_found(self._session.org_id, now), remember={INTERVAL_KEY: None})

    def created(self, since: datetime, until: datetime) -> FileListing:
        """The files created from `since` to `until`, both included, to the second.

        A locator that went stale between two pages (INVALID_QUERY_LOCATOR) starts the query anew, once.
        """
        scope = self.scope or ListingScope(["Hourly"])
        return self._asked(listing(scope.kinds, self._event_types, since, until, interval=scope.interval), since, until)

    def about(self, start: datetime, end: datetime, now: datetime) -> FileListing:
        """The files about hours and days that began from `start` up to `end`, of all kinds that the org has."""
        for kinds in (ListingScope(["Hourly", "Daily"]), ListingScope(["Daily"], interval=False)):
            scope = self.scope or kinds
            query = listing_about(scope.kinds, self._event_types, start, end, interval=scope.interval)
            try:
                return self._asked(query, start, now)
            except TransportError as error:
                if not (isinstance(error.__cause__, Refused) and no_interval_field(error.__cause__)):
                    raise
                self.scope = ListingScope(["Daily"], interval=False)
        raise AssertionError("unreachable")

    def _asked(self, query: str, since: datetime, until: datetime) -> FileListing:
        for first_try in (True, False):
            try:
                return self._read(query, since, until)
            except Refused as error:
                if no_interval_field(error):
                    self.scope = None  # the next poll finds out anew
                    raise TransportError(
                        str(error), hint="the field Interval is no longer there; looking again"
                    ) from error
                if not first_try or error.code != "INVALID_QUERY_LOCATOR":
                    raise
        raise AssertionError("unreachable")

    def _read(self, query: str, since: datetime, until: datetime) -> FileListing:
        files: list[ListedFile] = []
        odd: list[OddRecord] = []
        # Records come in the order of their creation: an odd one is not older than the one before it. So a listing that
        # begins at `latest` is sure to hold it again, and need not begin at `since`.
        latest = since
        for record in self._session.query(query):
            try:
                files.append(listed_file(record, since, until))
                latest = max(latest, files[-1].created)
            except OddRecord as error:
                odd.append(error.without_frames(latest))
            if len(files) + len(odd) > MOST:
                raise TransportError(f"{self._session.settings.name}: lists more than {MOST} log files")
        return FileListing(files, odd)
