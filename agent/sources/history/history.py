"""The past of an org as a source: what a backfill was told to read, day after day, of each source that has a past.

It is read as any polled source is, and its cursor commits with its batches: after a kill the next pass goes on where the last
commit was. What it keeps apart from live collection says `agent.model.History`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import orjson
import polars as pl

from agent import metrics
from agent.errors import Gone
from agent.model import OWN_EVENT_TYPE, Batch, Cursor, History
from agent.own_event import own_event, rowless
from agent.source import FetchesAgain, Recall
from agent.sources.history.counted_session import CountedSession
from agent.sources.history.job import JOB, BackfillJob, HistoryPosition
from agent.sources.history.past import Past
from agent.sources.object_query.span import Span, moment
from agent.sources.source_name import source_name
from agent.status.backfill import FeedCost
from agent.wording.number import counted

SOURCE = "backfill"
"""What it is called behind the org's name."""


class PastSource:
    """Of one org (`agent.source.PolledSource`, `agent.source.FetchesAgain`)."""

    def __init__(
        self,
        session: CountedSession,
        pasts: Sequence[Past],
        *,
        now: Callable[[], datetime],
        recall: Recall,
        without: Mapping[str, str] | None = None,
        goes_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """`pasts`: of the org's sources, in the order in which a day of them is read; `without`: those that have no past, each
        with why; `goes_on`: asked before each batch,
        whether there is room for it. If not, the pass ends.
        """
        self.org = session.settings.name
        self.name = source_name(self.org, SOURCE)
        self.pasts = pasts
        self.session = session
        self.goes_on = goes_on
        self._without = without or {}
        self._now = now
        self._recall = recall

    def job(self) -> BackfillJob | None:
        """What it was told last. Raises SourceError for one of another version."""
        return BackfillJob.decode(self._recall(JOB))

    def is_running(self) -> bool:
        """Whether there is anything to read."""
        job = self.job()
        return job is not None and job.state == "running"

    def cost(self, span: Span) -> list[FeedCost]:
        """What reading the past of a span takes, without what is read already; asks the org. Raises SourceError."""
        found = [feed for past in self.pasts for feed in past.cost(span)]
        return [*found, *(FeedCost(name, name, note=reason) for name, reason in self._without.items())]

    def read(self, after: Cursor | None) -> Generator[Batch]:
        """See `agent.source.PolledSource`. Ends also where there is no room, and where the job was stopped."""
        job = self.job()
        if job is None or job.state != "running":
            return
        position, counted_before = HistoryPosition.of(after, job.id), self.session.calls
        for number in range(position.slice, len(job.slices)):
            for past in self.pasts:
                if past.name in position.done:
                    continue
                for batch in self._day_of(past, job.slices[number], position, job.begins):
                    if not (self.goes_on() and self._goes_on(job)):
                        return
                    calls, counted_before = self.session.calls - counted_before, self.session.calls
                    rows = batch.frame.height + batch.duplicates + len(batch.rejections)
                    rows = 0 if batch.event_type == OWN_EVENT_TYPE else rows
                    position = position.at(past.name, batch.cursor or position.inner, rows, calls)
                    metrics.BACKFILL_ROWS.labels(self.org).inc(rows)
                    yield self._marked(batch, past.name, job, position)
                position = position.behind(past.name)
                calls, counted_before = self.session.calls - counted_before, self.session.calls
                position = replace(position, calls=position.calls + calls)
            position = position.next_day()
            yield rowless(self.session.org_id, position.cursor, history=History(job.id))
        yield from self._end(job, position)

    def fetch_again(self, again: str, wanted: Sequence[pl.Series], stop: threading.Event) -> list[Batch]:
        """See `agent.source.FetchesAgain`."""
        document = orjson.loads(again)
        past: object = next((past for past in self.pasts if past.name == document["past"]), None)
        if not isinstance(past, FetchesAgain):
            raise Gone("the source that its rows were read from is not in the settings any more")
        found = past.fetch_again(document["again"], wanted, stop)
        return [replace(batch, history=History(document["job"]), time_flags=("history",)) for batch in found]

    # Within

    def _goes_on(self, job: BackfillJob) -> bool:
        current = self.job()
        return current is not None and current.id == job.id and current.state == "running"

    def _day_of(self, past: Past, day: Span, position: HistoryPosition, begins: Mapping[str, int]) -> Generator[Batch]:
        """What of a day is not read yet."""
        after = Cursor(position.inner) if position.reading == past.name and position.inner else None
        yield from past.read(day, after, begins)

    def _marked(self, batch: Batch, past: str, job: BackfillJob, position: HistoryPosition) -> Batch:
        again = orjson.dumps({"past": past, "job": job.id, "again": batch.again}).decode() if batch.again else ""
        return replace(
            batch,
            cursor=position.cursor,
            remember={f"{past}/{key}": value for key, value in batch.remember.items()},
            again=again,
            count=None,
            history=History(job.id),
        )

    def _end(self, job: BackfillJob, position: HistoryPosition) -> Generator[Batch]:
        """What waits for more is judged, and the end told."""
        org, now = self.session.org_id, self._now()
        yield rowless(org, position.cursor, history=History(job.id, ends=moment(job.until)))
        message = (
            f"the backfill of {self.org} from {_day(job.since)} to {_day(job.until)} has ended: "
            f"{counted(position.rows, 'row')} in {counted(position.calls, 'API call')} "
            f"(announced: {job.rows:,} in {job.calls:,})"
        )
        told = own_event(org, "backfill-ended", message, now, fields=_fields(self.name, job, position))
        finished = replace(job, state="finished")
        yield replace(told, cursor=position.cursor, remember={JOB: finished.encode()}, input=self.name)


def started(org: str, source: str, job: BackfillJob, now: datetime) -> Batch:
    """The batch with which a job begins."""
    message = (
        f"a backfill of {source.partition('/')[0]} from {_day(job.since)} to {_day(job.until)} has begun: "
        f"about {counted(job.rows, 'row')} in {counted(job.calls, 'API call')}"
    )
    told = own_event(org, "backfill-started", message, now, fields=_fields(source, job, None))
    return replace(told, remember={JOB: job.encode()}, input=source)


def stopped(org: str, source: str, job: BackfillJob, position: HistoryPosition, now: datetime) -> Batch:
    """The batch with which a job ends before everything is read."""
    message = (
        f"the backfill of {source.partition('/')[0]} from {_day(job.since)} to {_day(job.until)} was stopped after "
        f"{counted(position.rows, 'row')}"
    )
    told = own_event(org, "backfill-ended", message, now, fields=_fields(source, job, position))
    return replace(told, remember={JOB: replace(job, state="stopped").encode()}, input=source)


def _fields(source: str, job: BackfillJob, position: HistoryPosition | None) -> dict[str, str | int | float | bool]:
    fields: dict[str, str | int | float | bool] = {
        "event.provider": source,
        "leakline.backfill.since": moment(job.since).isoformat(),
        "leakline.backfill.until": moment(job.until).isoformat(),
        "leakline.backfill.rows_expected": job.rows,
        "leakline.backfill.calls_expected": job.calls,
    }
    if position is not None:
        fields |= {"leakline.backfill.rows": position.rows, "leakline.backfill.calls": position.calls}
    return fields


def _day(time: int) -> str:
    return f"{moment(time):%Y-%m-%d %H:%M} UTC"
