"""Objects whose records come and go without a trace: all of them are read now and then, and what is different from the last
time becomes rows (`agent.sources.objects.catalogue` says which columns).

All that is kept is in what batches remember, and moves with the rows that tell of it. A look of which anything failed has
no effect; the first one is a baseline.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from agent import metrics
from agent.errors import Forbidden, SourceError
from agent.model import Batch
from agent.own_event import rowless
from agent.source import Recall
from agent.sources.object_query.span import milliseconds
from agent.sources.objects.catalogue import WatchedObject
from agent.sources.objects.snapshots.difference import BucketDifference, compare
from agent.sources.objects.snapshots.difference_batches import DifferenceBatches, LookPlan
from agent.sources.objects.snapshots.doubt import LossJudge
from agent.sources.objects.snapshots.look import BUCKETS, Look, UnfitLook
from agent.sources.objects.snapshots.look_reader import LookReader
from agent.sources.objects.snapshots.permission import has_permission
from agent.sources.objects.snapshots.snapshot_events import SnapshotNews
from agent.sources.objects.snapshots.snapshot_state import SnapshotMemory
from agent.sources.objects.visible_fields import VisibleFields
from agent.sources.salesforce.api_error import Missing, QueryTimeout, Refused, UnreadableAnswer
from agent.sources.salesforce.session import Session

RETRY = timedelta(minutes=10)
"""After a look that failed, where the settings do not say a shorter time: a large object costs a hundred calls."""

OF_ONE_OBJECT = (Forbidden, Missing, Refused, QueryTimeout, UnreadableAnswer, UnfitLook)
"""What is wrong with one object, while others may be read."""

_NUMBERS = re.compile(r"\d+")


class Snapshots:
    """Of one source of an org. Not safe for threads, as sources are not."""

    def __init__(
        self,
        session: Session,
        watched: Sequence[WatchedObject],
        recall: Recall,
        *,
        source: str,
        every: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        """`watched`: those that the table reads as snapshots; `source`: the source's name; `every`: the time between two
        looks.
        """
        self._session = session
        self._watched = [entry for entry in watched if entry.reads == "snapshot"]
        self._recall = recall
        self._source = source
        self._every = every
        self._reader = LookReader(session, VisibleFields(session, now))

    def batches(self, now: datetime) -> Generator[Batch]:
        """The differences of the objects whose time has come; nothing, and no call, for the others.

        What is wrong with one object is reported, and the others are looked at. Raises what `Session.query` raises for
        anything else.
        """
        for watched in self._watched:
            memory = SnapshotMemory(self._recall, watched.name)
            if self._is_due(memory, milliseconds(now)):
                yield from self._guarded(watched, memory, now)

    def _is_due(self, memory: SnapshotMemory, now: int) -> bool:
        state = memory.state
        pause = min(self._every, RETRY) if state.failed else self._every
        return not state.asked <= now < state.asked + pause // timedelta(milliseconds=1)

    def _guarded(self, watched: WatchedObject, memory: SnapshotMemory, now: datetime) -> Generator[Batch]:
        news = SnapshotNews(self._session.org_id, self._source, watched.name, now)
        try:
            yield from self._looked(watched, memory, now, news)
        except OF_ONE_OBJECT as error:
            yield self._failed(error, memory, now, news)

    def _failed(self, error: SourceError, memory: SnapshotMemory, now: datetime, news: SnapshotNews) -> Batch:
        """Told once for each reason; other numbers are no other reason."""
        reason = _NUMBERS.sub("0", str(error))
        state = memory.state
        told = news.failed(str(error)) if state.failed != reason else self._nothing()
        remember = memory.state_changes(replace(state, asked=milliseconds(now), failed=reason))
        return replace(told, remember=remember)

    def _looked(
        self, watched: WatchedObject, memory: SnapshotMemory, now: datetime, news: SnapshotNews
    ) -> Generator[Batch]:
        look = self._reader.read(watched, now)
        state = memory.state
        permitted = partial(has_permission, self._session, watched.need)
        judge = LossJudge(watched, state, look, partial(self._reader.count, watched), permitted)
        if not state.taken:
            judge.counted()
            yield from self._baseline(watched, memory, look, permitted(), news)
            return
        found = self._differences(watched, memory, look)
        judgement = judge.judge(found)
        settled = DifferenceBatches(self._session.org_id, watched, memory, look, judgement.plan)
        yield from settled.batches([difference for difference in found if difference.is_any])
        told = self._told(found, judgement.plan, news)
        if state.failed:
            told.append(news.taken())
        if judgement.doubt and judgement.doubt != state.doubt:
            told.append(news.doubtful(self._held(found, judgement.plan), judgement.doubt))
        elif state.doubt and not judgement.doubt:
            told.append(news.settled())
        if left_out := settled.state.left_out:
            metrics.DIFFERENCES_LEFT_OUT.labels(self._source, watched.name).inc(left_out)
            told.append(news.left_out(left_out))
        time = milliseconds(now)
        after = replace(settled.state, asked=time, taken=time, left_out=0, failed="", doubt=judgement.doubt)
        last = news.joined(told) if told else self._nothing()
        yield replace(last, remember=memory.state_changes(after))

    def _baseline(
        self, watched: WatchedObject, memory: SnapshotMemory, look: Look, permitted: bool | None, news: SnapshotNews
    ) -> Generator[Batch]:
        """Nothing is compared before the last batch of it is committed."""
        yield from DifferenceBatches(self._session.org_id, watched, memory, look, LookPlan()).baseline()
        told = [news.baseline(look.count, watched.need if permitted is False else "")]
        if memory.state.failed:
            told.append(news.taken())
        time = milliseconds(look.taken)
        after = replace(memory.state, asked=time, taken=time, failed="", permitted=permitted)
        yield replace(news.joined(told), remember=memory.state_changes(after))

    def _differences(self, watched: WatchedObject, memory: SnapshotMemory, look: Look) -> list[BucketDifference]:
        """Of all buckets: what is to be held back is known only then."""
        taken, now = memory.state.taken, milliseconds(look.taken)
        return [
            compare(number, memory.bucket(number), look.records(number), watched, taken, now)
            for number in range(BUCKETS)
        ]

    def _told(self, found: Sequence[BucketDifference], plan: LookPlan, news: SnapshotNews) -> list[Batch]:
        appeared = sum(len(difference.appeared) for difference in found)
        return [news.widened(appeared)] if plan.widens else []

    def _held(self, found: Sequence[BucketDifference], plan: LookPlan) -> int:
        gone = sum(len(difference.gone) for difference in found) if plan.holds else 0
        return gone + (0 if plan.accepts else sum(len(difference.missing) for difference in found))

    def _nothing(self) -> Batch:
        """Without rows: what is remembered commits as well."""
        return rowless(self._session.org_id)
