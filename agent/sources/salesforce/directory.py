"""Who stands behind the ids in a log: users and connected apps, asked for once and kept for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import orjson
import structlog

from agent import metrics
from agent.errors import Busy, DiskFull, SourceError
from agent.sources.salesforce.id_form import is_record_id
from agent.sources.salesforce.identity_queries import IdentityQueries, ObjectFields, QuerySession
from agent.sources.salesforce.look_up_queue import LookUp, LookUpQueue

log = structlog.get_logger()

Ask = Callable[[Sequence[str]], Iterable[ObjectFields]]
"""Ids of one kind to what the org says of them, with their `Id`."""

USER, APPLICATION = "user", "application"
"""The kinds of what is looked up; the cache has them in its keys."""

PAUSE = timedelta(minutes=5)
"""After a failed look-up, nothing is looked up for so long."""


class Directory:
    """Look-ups with a cache that the caller keeps. Safe for threads.

    `get` and `put` read one and write many entries of the cache by key (`user/<id>`, `application/<id>`). What is not in
    it is asked for in a thread of the directory's own, and waited for a few seconds; what is not known then is left out
    of the answer, is counted, and is there for later callers. `problem` says why something is left out.
    """

    def __init__(
        self,
        session: QuerySession,
        *,
        org: str,
        get: Callable[[str], bytes | None],
        put: Callable[[Mapping[str, bytes]], None],
        now: Callable[[], datetime],
        lifetime: timedelta = timedelta(hours=24),
        report: Callable[[str], None] = lambda _: None,
        queue: Callable[[LookUp], LookUpQueue] = LookUpQueue,
    ) -> None:
        """`org`: its name in the settings. `report` is told the reason when a look-up failed, and "" when the first one
        succeeds, and when one does after a failure. `get` is called by the callers' threads and the directory's
        own, `put` and `report` by this one alone.
        """
        self._session = session
        queries = IdentityQueries(session)
        self._ask: Mapping[str, Ask] = {USER: queries.users, APPLICATION: queries.applications}
        self._org = org
        self._get = get
        self._put = put
        self._now = now
        self._lifetime = lifetime
        self._report = report
        self._failure: str | None = None
        """None before the first look-up: an earlier run may have reported one that is over now."""
        self._resume_at: datetime | None = None
        self._queue = queue(self._look_up_missing)

    @property
    def problem(self) -> str:
        """Why events go without what an org knows of their users and apps; empty while nothing is amiss."""
        if self._failure:
            return self._failure
        if self._queue.overdue:
            seconds = f"{self._queue.patience:g} seconds"
            return f"{self._org} did not answer the look-up of users and apps within {seconds}: events are sent without names"
        return ""

    def close(self) -> None:
        """At the stop: nobody waits any longer, and nothing new is asked for."""
        self._queue.close()

    def users(self, ids: Sequence[str]) -> dict[str, ObjectFields]:
        """User ids (15 or 18 characters) to their fields as the org names them, relations as `Profile.Name`.

        A field that this user may not see is absent; an id without user, or one that is not known yet, has no entry.
        Raises what `put` or `report` raised.
        """
        return self._known(USER, ids)

    def applications(self, ids: Sequence[str]) -> dict[str, str]:
        """Ids of connected apps (`0H4…`) to their names."""
        return {
            id_: name
            for id_, record in self._known(APPLICATION, ids).items()
            if isinstance(name := record.get("Name"), str)
        }

    # In the callers' threads

    def _known(self, kind: str, ids: Sequence[str]) -> dict[str, ObjectFields]:
        wanted = {id_: id_[:15] for id_ in ids if is_record_id(id_)}
        cached = {short: self._cached(kind, short) for short in set(wanted.values())}
        missing = sorted(short for short, record in cached.items() if record is None)
        if missing:
            cached |= self._looked_up(kind, missing)
        return {id_: record for id_, short in wanted.items() if (record := cached[short])}

    def _looked_up(self, kind: str, missing: Sequence[str]) -> dict[str, ObjectFields | None]:
        """What became known of `missing` while a batch may wait; None for what did not, which is counted."""
        if self._rests():
            metrics.LOOKUPS_MISSED.labels(self._org, "resting").inc(len(missing))
            return {}
        was_overdue = self._queue.overdue
        crowded = self._queue.wait_for([(kind, id_) for id_ in missing])
        if self._queue.overdue and not was_overdue:
            log.warning(
                "look-ups take too long: events are sent without names", org=self._org, seconds=self._queue.patience
            )
        found = {id_: self._cached(kind, id_) for id_ in missing}
        unknown = sum(record is None for record in found.values())
        reason = "resting" if self._rests() else "late"
        for why, count in (("crowded", min(crowded, unknown)), (reason, max(unknown - crowded, 0))):
            if count:
                metrics.LOOKUPS_MISSED.labels(self._org, why).inc(count)
        return found

    def _rests(self) -> bool:
        resume_at = self._resume_at
        # A rest that is longer than it can be was begun by a clock that has been set back since.
        return resume_at is not None and timedelta() < resume_at - self._now() <= PAUSE

    # In the thread of the look-ups

    def _look_up_missing(self, kind: str, ids: Sequence[str]) -> None:
        """`LookUp`: what is known is in the cache when it returns, or a rest has begun."""
        # A caller may look for an id before its answer came, and want it after.
        missing = [id_ for id_ in ids if self._cached(kind, id_) is None]
        if not missing or self._rests():
            return
        try:
            records = {record["Id"][:15]: record for record in self._ask[kind](missing)}
            if self._session.closed:  # the state may be closed as well
                return
            at = self._now().timestamp()
            # An id that is not there is kept as an empty record.
            self._put({f"{kind}/{id_}": orjson.dumps({"at": at, "record": records.get(id_, {})}) for id_ in missing})
        except (SourceError, DiskFull, Busy) as error:  # a state without room ends no batch: others see to it
            if self._session.closed:
                return
            self._resume_at = self._now() + PAUSE
            metrics.LOOKUPS_FAILED.labels(self._org).inc()
            self._tell(str(error))
        else:
            self._resume_at = None
            if self._failure != "":
                self._tell("")

    def _tell(self, reason: str) -> None:
        self._failure = reason
        try:
            self._report(reason)
        except (DiskFull, Busy) as error:
            log.warning("the result of a look-up could not be stored", org=self._org, reason=reason, error=str(error))

    def _cached(self, kind: str, id_: str) -> ObjectFields | None:
        """None if it was never asked for, or too long ago."""
        stored = self._get(f"{kind}/{id_}")
        content = orjson.loads(stored) if stored else None
        if content is None or self._now().timestamp() - content["at"] >= self._lifetime.total_seconds():
            return None
        record: ObjectFields = content["record"]
        return record
