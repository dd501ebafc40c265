"""What the control socket may ask about backfills: what one costs, to begin one, to stop it, and how far it is."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from agent.assembly.history.detection import forget
from agent.daemon.backfill.loop import BackfillLoop, OrgBackfill
from agent.daemon.control.command import ControlCommand
from agent.errors import LeaklineError
from agent.model import Batch
from agent.sources.history.history import started, stopped
from agent.sources.history.job import BackfillJob, HistoryPosition
from agent.sources.history.past import NEVER
from agent.sources.object_query.span import Span, milliseconds, moment
from agent.sources.source_name import source_name
from agent.status.backfill import BackfillCost, BackfillStatus, FeedCost

LIVE_WITHIN = 60.0
"""Seconds that a new daemon has to begin reading: until then nobody knows where the past ends."""
ROWS_A_SECOND = 15_000
"""What reading, rules and commit take of a row, beside the calls (docs/measured.md: a core)."""
COSTS, STATUSES = TypeAdapter(BackfillCost), TypeAdapter(list[BackfillStatus])


class BackfillRequests:
    """Each may be called from any thread."""

    def __init__(self, loop: BackfillLoop, now: Callable[[], datetime], *, reads_live: bool) -> None:
        """`reads_live`: whether live collection runs in this process."""
        self._loop = loop
        self._now = now
        self.reads_live = reads_live
        self._asking = threading.Lock()

    def table(self) -> list[ControlCommand]:
        """All that may be asked."""
        return [
            ControlCommand("backfill_cost", self.cost, changes=False),
            ControlCommand("backfill_start", self.start, changes=True),
            ControlCommand("backfill_stop", self.stop, changes=True),
            ControlCommand("backfill_status", self.status, changes=False),
        ]

    def cost(self, org: str, since: str, until: str = "") -> dict[str, Any]:
        """What a backfill of an org takes (`BackfillCost`); asks the org. Times: ISO 8601."""
        backfill, span = self._known(org), self._span(since, until)
        self._require_idle(backfill)
        with self._alone(backfill):
            self._begin_live(backfill)
            session, began = backfill.past.session, time.monotonic()
            before = session.calls
            feeds = backfill.past.cost(span)
            asked, took = session.calls - before, time.monotonic() - began
        _require_anything(org, span, feeds)
        calls, rows = sum(feed.calls for feed in feeds), sum(feed.rows for feed in feeds)
        used, _ = session.usage
        backfill.cost = BackfillCost(
            org=org,
            since=moment(span.start),
            until=moment(span.end),
            feeds=feeds,
            calls=calls,
            rows=rows,
            asked=asked,
            allowed=session.allowed,
            used=used,
            seconds=round(calls * took / max(1, asked) + rows / ROWS_A_SECOND, 1),
            days=_days(calls, session.allowed, used),
        )
        return dict(COSTS.dump_python(backfill.cost, mode="json"))

    def start(self, org: str, since: str, until: str) -> str:
        """Begin a backfill whose cost was asked for last, or go on with the one of these times that was stopped; its id."""
        backfill, span = self._known(org), self._span(since, until)
        self._require_idle(backfill)
        with self._alone(backfill):
            job = self._require_idle(backfill)  # somebody else may have begun one meanwhile
            source, now = backfill.past.name, self._now()
            if job is not None and job.state == "stopped" and (job.since, job.until) == (span.start, span.end):
                job = replace(job, state="running")
            else:
                cost = backfill.cost
                if cost is None or (milliseconds(cost.since), milliseconds(cost.until)) != (span.start, span.end):
                    raise LeaklineError(f"the cost of this backfill of {org} is not known", hint="ask for it first")
                job = BackfillJob(f"{now:%Y%m%dT%H%M%S%f}Z", span.start, span.end, cost.calls, cost.rows, _begins(cost))
                forget(backfill.shard.stores.state)
            self._take(backfill, source, started(backfill.past.session.org_id, source, job, now))
        self._loop.wake()
        return job.id

    def stop(self, org: str) -> bool:
        """End the backfill of an org at the next batch; whether one ran."""
        backfill = self._known(org)
        with self._entered(backfill):
            job = backfill.past.job()
            if job is None or job.state != "running":
                return False
            source = backfill.past.name
            position = HistoryPosition.of(backfill.shard.ingest.cursor(source), job.id)
            told = stopped(
                backfill.shard.org_id, source, job, position, self._now()
            )  # asks nobody: the org may be away
            self._take(backfill, source, told)
            return True

    def status(self) -> list[dict[str, Any]]:
        """The last backfill of each org (`BackfillStatus`)."""
        return list(STATUSES.dump_python(self._loop.statuses(), mode="json"))

    def statuses(self) -> list[BackfillStatus]:
        """As `status`, as types."""
        return self._loop.statuses()

    # Within

    def _known(self, org: str) -> OrgBackfill:
        orgs = self._loop.orgs
        if org not in orgs:
            names = ", ".join(sorted(orgs))
            raise LeaklineError(f"{org} is not an org of the settings", hint=f"write one of {names}")
        return orgs[org]

    def _span(self, since: str, until: str) -> Span:
        """Raises LeaklineError for times that no backfill can be about."""
        now = self._now()
        begin, end = _moment("since", since), _moment("until", until) if until else now
        if begin >= now:
            raise LeaklineError(f"--since {begin.isoformat()} is in the future", hint="write a time that has passed")
        if end <= begin:
            raise LeaklineError(f"--until {end.isoformat()} is not after --since", hint="write a later time, or none")
        return Span(milliseconds(begin), milliseconds(min(end, now)))

    @contextmanager
    def _alone(self, backfill: OrgBackfill) -> Iterator[None]:
        if not self._asking.acquire(blocking=False):
            raise LeaklineError("the cost of another backfill is being found out", hint="try again in a minute")
        try:
            with self._entered(backfill), backfill.lock:
                if backfill.shard.stop.is_set():  # while the lock was waited for
                    raise _reloaded(backfill)
                yield
        finally:
            self._asking.release()

    @contextmanager
    def _entered(self, backfill: OrgBackfill) -> Iterator[None]:
        """Raises LeaklineError where a reload ends the org, which waits for whoever is inside."""
        with self._loop.entered(backfill) as may_work:
            if not may_work:
                raise _reloaded(backfill)
            yield

    def _require_idle(self, backfill: OrgBackfill) -> BackfillJob | None:
        """Its last job, which does not run."""
        job = backfill.past.job()
        if job is not None and job.state == "running":
            org = backfill.shard.name
            raise LeaklineError(
                f"a backfill of {org} from {moment(job.since).isoformat()} to {moment(job.until).isoformat()} is running",
                hint=f"`leakline status` shows how far it is, and `leakline backfill --stop --org {org}` ends it",
            )
        return job

    def _begin_live(self, backfill: OrgBackfill) -> None:
        """Until it is known where the past of each source ends: log files that are read live are waited for."""
        until = time.monotonic() + LIVE_WITHIN
        for past in backfill.past.pasts:
            while (batch := past.begin_live()) is not None:
                if batch.cursor is None or not self.reads_live:
                    self._take(backfill, source_name(backfill.shard.name, past.name), batch)
                    break
                if time.monotonic() > until or backfill.shard.stop.wait(0.2):
                    break  # that it has not begun is named

    def _take(self, backfill: OrgBackfill, source: str, batch: Batch) -> None:
        backfill.shard.ingest.take(source, batch)


def _reloaded(backfill: OrgBackfill) -> LeaklineError:
    return LeaklineError(f"{backfill.shard.name} is being reloaded, or was removed", hint="try again in a minute")


def _begins(cost: BackfillCost) -> dict[str, int]:
    """By the name of an object, when its first row is, where that is known."""
    known = {feed.name: milliseconds(feed.oldest) for feed in cost.feeds if feed.oldest is not None}
    return known | {feed.name: NEVER for feed in cost.feeds if feed.is_empty}


def _require_anything(org: str, span: Span, feeds: Sequence[FeedCost]) -> None:
    """Raises LeaklineError where all that the org has is younger than the span."""
    oldest = [feed for feed in feeds if feed.oldest is not None]
    end = moment(span.end)
    if oldest and not any(feed.rows for feed in feeds) and all(feed.oldest and feed.oldest >= end for feed in oldest):
        kept = ", ".join(f"{feed.name} since {feed.oldest:%Y-%m-%d}" for feed in oldest if feed.oldest)
        raise LeaklineError(f"{org} has nothing older than {end:%Y-%m-%d %H:%M} UTC; what it has: {kept}")


def _days(calls: int, allowed: int, used: int) -> int:
    """In how many days so many calls fit."""
    today = max(0, allowed - used)
    return 1 if not allowed or calls <= today else 1 + math.ceil((calls - today) / allowed)


def _moment(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise LeaklineError(f"--{name} {text!r} is not a time", hint="write it as 2026-03-01T00:00:00Z") from error
    if found.tzinfo is None:
        raise LeaklineError(f"--{name} {text!r} has no time zone", hint="write it as 2026-03-01T00:00:00Z")
    return found
